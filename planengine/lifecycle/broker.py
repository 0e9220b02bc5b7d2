"""Whether the broker can be reached. It delays planning while it is away, and loses nothing."""

from __future__ import annotations

import time

from celery import current_app

REMEMBERED_SECONDS = 5.0
_known: tuple[float, bool] | None = None


def is_reachable() -> bool:
    """Asked just now, which takes a second or two when it hangs."""
    try:
        with current_app.connection_for_write(connect_timeout=1) as broker:
            broker.ensure_connection(max_retries=0, timeout=1)
    except Exception:  # whatever the transport raises: the answer is the same
        return False
    return True


def was_reachable() -> bool:
    """As known for at most five seconds: pages that refresh themselves must not wait for a broker that hangs, one
    after the other."""
    global _known
    if _known is None or time.monotonic() - _known[0] >= REMEMBERED_SECONDS:
        _known = (time.monotonic(), is_reachable())
    return _known[1]
