"""When a request arrived, and how long its answer took: what the client waits for, less the network."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from orra.serving.messages import Header, Message

KEY = "orra.arrived_at"


def arrived(scope: Message) -> Message:
    """The request, marked with the present moment: its head and body are here, nothing has been done yet."""
    return {**scope, KEY: datetime.now(UTC)}


def arrived_at(scope: Mapping[str, Any]) -> datetime:
    """When it was; now, for a request that was not marked."""
    found = scope.get(KEY)
    return found if isinstance(found, datetime) else datetime.now(UTC)


def server_timing(scope: Message) -> Header:
    """The header that tells how long it took until now, in milliseconds (W3C, Server Timing)."""
    taken = (datetime.now(UTC) - arrived_at(scope)).total_seconds() * 1000
    return (b"server-timing", b"total;dur=%.2f" % max(0.0, taken))
