"""Who plans and who embeds, where that is, and whether texts leave this machine."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Protocol
from urllib.parse import urlsplit

WIDTH = 10


class Chosen(Protocol):
    """What of the settings decides it."""

    LLM_MODEL: str
    LLM_API_BASE_URL: str
    LLM_FALLBACK_MODEL: str
    LLM_FALLBACK_API_BASE_URL: str
    FALLBACK_IS_COMPOSER: bool
    EMBEDDINGS_MODEL: str
    EMBEDDINGS_API_BASE_URL: str
    CHECK_MODEL: str
    CHECK_API_BASE_URL: str
    DATABASES: dict[str, dict[str, object]]


def who_does_what(chosen: Chosen, *, embedded_database: bool) -> list[str]:
    """A line for each."""
    database = "" if embedded_database else str(chosen.DATABASES["default"]["HOST"])
    replica = str(chosen.DATABASES["replica"]["HOST"]) if "replica" in chosen.DATABASES else ""
    told = {
        "Plans": _planners(chosen),
        "Embeddings": _model(chosen.EMBEDDINGS_MODEL, chosen.EMBEDDINGS_API_BASE_URL)
        or "all-MiniLM-L6-v2, in process",
        "Checks": _model(chosen.CHECK_MODEL, chosen.CHECK_API_BASE_URL),
        "Database": "embedded" if embedded_database else f"at {database or 'a socket of this machine'}",
        "Replica": f"at {replica}" if replica else "",
        "Texts": _texts(sorted({host for host in (*_hosts(chosen), database, replica) if not _is_here(host)})),
    }
    return [f"{what:<{WIDTH}} {who}" for what, who in told.items() if who]


def _planners(chosen: Chosen) -> str:
    first = _model(chosen.LLM_MODEL, chosen.LLM_API_BASE_URL)
    if not first:
        return "the composer, in process (LLM_MODEL names a model)"
    if not chosen.LLM_FALLBACK_MODEL:
        return first
    other = _model(chosen.LLM_FALLBACK_MODEL, chosen.LLM_FALLBACK_API_BASE_URL)
    return f"{first}; while it is down, {'the composer' if chosen.FALLBACK_IS_COMPOSER else other}"


def _texts(elsewhere: list[str]) -> str:
    """Of requests and services: where models and the database are, they go."""
    return f"leave this machine for {', '.join(elsewhere)}" if elsewhere else "stay on this machine"


def _model(name: str, address: str) -> str:
    if not name:
        return ""
    url = urlsplit(address)  # what a query holds may be a secret
    return f"{name} at {url.scheme}://{url.netloc}{url.path}"


def _hosts(chosen: Chosen) -> Iterator[str]:
    for address in (
        chosen.LLM_API_BASE_URL,
        chosen.LLM_FALLBACK_API_BASE_URL,
        chosen.EMBEDDINGS_API_BASE_URL,
        chosen.CHECK_API_BASE_URL,
    ):
        yield urlsplit(address).hostname or ""


def _is_here(host: str) -> bool:
    """By its own names, by none, or by a socket's folder. Another name may be this machine's too: nobody asks."""
    if not host or host.startswith("/") or host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
