"""Whether the broker can be reached. It delays planning while it is away, and loses nothing."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

from celery import current_app

# Who asks whether a process is ready waits for a second, mostly: a broker that says nothing must not cost more.
WAITED_SECONDS = 0.5
REMEMBERED_SECONDS = 5.0
_known: tuple[float, bool] | None = None
_asking = ThreadPoolExecutor(max_workers=1, thread_name_prefix="broker")
_question: Future[bool] | None = None
_lock = threading.Lock()


def is_reachable() -> bool:
    """Asked just now, or a moment ago by somebody who still waits for the answer."""
    global _question
    with _lock:
        if _question is None or _question.done():
            _question = _asking.submit(_answers)
        question = _question
    try:
        return question.result(timeout=WAITED_SECONDS)
    except TimeoutError:
        return False


def _answers() -> bool:
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
