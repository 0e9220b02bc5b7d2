"""Statements that took long, in the log with the plan that Postgres makes of them.

Asked for afterwards, by a thread with a connection of its own: whoever the statement was for waits no longer, and
its transaction is left alone. A statement is told once a minute at most. Values are left out: the statement has
places for them, and from the plan every literal is taken.
"""

from __future__ import annotations

import queue
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf
from typing import Any

import structlog
from django.db import Error, connection
from django.db.backends.signals import connection_created

from orra.base.database.time_limits import TooSlow, limited
from orra.base.remembering import Remembered

log = structlog.get_logger(__name__)

EXPLAINED = re.compile(r"\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH)\b", re.IGNORECASE)
LITERAL = re.compile(r"'(?:[^']|'')*'")
MOST_CHARACTERS = 4_000
# For statements that came while others are explained; more of them are not told.
MOST_WAITING = 16
MOST_KNOWN = 500
TELL_AGAIN_SECONDS = 60.0
EXPLAIN_SECONDS = 2


class SlowStatements:
    """Told in the log if they took at least ``limit`` milliseconds. A process has one, :data:`slow_statements`."""

    def __init__(self) -> None:
        self.limit = inf
        self._waiting: queue.Queue[tuple[str, Any, float]] = queue.Queue(MOST_WAITING)
        self._told: Remembered[str, float] = Remembered(MOST_KNOWN)
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    @contextmanager
    def timed(self, statement: str, values: Any) -> Iterator[None]:
        """Around a statement's execution, whichever way it ends."""
        started = time.monotonic()
        try:
            yield
        finally:
            taken = (time.monotonic() - started) * 1000
            if taken >= self.limit:
                self._note(statement, values, taken)

    def around(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        """Django's ``execute_wrapper`` of a connection."""
        with self.timed(sql, None if many else params):
            return execute(sql, params, many, context)

    def watch(self, limit: float) -> None:
        """Every connection of Django's that is opened from now on."""
        self.limit = limit
        connection_created.connect(self._wrap, dispatch_uid="slow statements")

    def _wrap(self, *, connection: Any, **_: Any) -> None:
        """Opened again, it still has what was put around it."""
        if threading.current_thread() is not self._thread and self.around not in connection.execute_wrappers:
            connection.execute_wrappers.append(self.around)

    def _note(self, statement: str, values: Any, taken: float) -> None:
        now = time.monotonic()
        with self._lock:
            told = self._told.get(statement)
            if told is not None and now - told < TELL_AGAIN_SECONDS:
                return
            self._told.put(statement, now)
            if self._thread is None:
                self._thread = threading.Thread(target=self._tell, daemon=True, name="slow statements")
                self._thread.start()
        try:
            self._waiting.put_nowait((statement, values, taken))
        except queue.Full:
            self._told.forget(statement)

    def _tell(self) -> None:
        while True:
            statement, values, taken = self._waiting.get()
            log.warning(
                "slow statement",
                milliseconds=round(taken, 1),
                statement=statement[:MOST_CHARACTERS],
                plan=_plan_of(statement, values),
            )
            self._waiting.task_done()


def without_literals(plan: str) -> str:
    """Numbers stay: costs, counts, limits."""
    return LITERAL.sub("'…'", plan)


def _plan_of(statement: str, values: Any) -> list[str]:
    """Line by line; none for what has no plan, or cannot be explained in time."""
    if values is None or not EXPLAINED.match(statement):
        return []
    try:
        with limited(seconds=EXPLAIN_SECONDS), connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {statement}", values)
            return without_literals("\n".join(line for (line,) in cursor.fetchall()))[
                :MOST_CHARACTERS
            ].splitlines()
    except (Error, TooSlow) as error:
        log.info("a slow statement was not explained", error=type(error).__name__)
        return []
    finally:
        connection.close()


slow_statements = SlowStatements()
