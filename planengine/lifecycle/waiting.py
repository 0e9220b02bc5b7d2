"""Waiting for what happens to plans, for any number of clients at the price of one query at a time.

Every client of this process that waits is an entry in one dictionary; one thread asks the database about all of
them at once, and only while there are any.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

import structlog
from django.db import Error, close_old_connections

from planengine.lifecycle.events import Story
from planengine.lifecycle.listening import Listener, stories_of
from planengine.models import Plan

log = structlog.get_logger(__name__)

# How long a client is ready to wait: from the view that accepts its request to the coroutine that waits for it.
WAIT_HEADER = "X-Orra-Wait"
# Tells a client that its idempotency key was used before, and that this is the plan of then.
REPLAYED_HEADER = "Idempotency-Replayed"
# The place of the last event that was told, from the view that tells them to the coroutine that goes on.
EVENTS_HEADER = "X-Orra-Events"
WAITING_SECONDS = 0.03
LISTENING_SECONDS = 0.2
POLL_AFTER_FAILURE_SECONDS = 1.0

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

# One connection for all who ask, for as long as the process lives.
_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="waiters")


class Poller(Generic[Asked, Answer]):
    """The clients of one event loop that wait to hear of plans. All methods belong to that loop. ``ask`` gives an
    answer for each of what is asked for that there is something to tell of; it runs in the thread that all
    share."""

    def __init__(self, ask: Callable[[Sequence[Asked]], Mapping[Asked, Answer]], *, seconds: float) -> None:
        self._ask = ask
        self._seconds = seconds
        self._waiting: dict[Asked, list[asyncio.Future[Answer]]] = {}
        self._poll: asyncio.Task[None] | None = None

    async def next(self, asked: Asked, *, timeout: float) -> Answer:
        """The next answer to this. Raises ``TimeoutError`` after so many seconds without one."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._waiting.setdefault(asked, []).append(future)
        if self._poll is None or self._poll.done():
            self._poll = loop.create_task(self._ask_while_anybody_waits())
        try:
            async with asyncio.timeout(timeout):
                return await future
        finally:
            self._leave(asked, future)

    def _leave(self, asked: Asked, future: asyncio.Future[Answer]) -> None:
        waiters = self._waiting.get(asked, [])
        if future in waiters:
            waiters.remove(future)
        if not waiters:
            self._waiting.pop(asked, None)

    async def _ask_while_anybody_waits(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            try:
                answers = await loop.run_in_executor(_thread, self._ask, list(self._waiting))
            except Error as error:
                log.warning("cannot see what happens to plans", error=str(error))
                await asyncio.sleep(POLL_AFTER_FAILURE_SECONDS)
                continue
            for asked, answer in answers.items():
                for future in self._waiting.pop(asked, []):
                    if not future.done():
                        future.set_result(answer)
            await asyncio.sleep(self._seconds)


def finished_among(plan_ids: Sequence[str]) -> dict[str, bool]:
    """Those that are finished."""
    close_old_connections()
    return dict.fromkeys(Plan.objects.finished().filter(pk__in=plan_ids).values_list("id", flat=True), True)


def told_of(listeners: Sequence[Listener]) -> Mapping[Listener, Story | None]:
    close_old_connections()
    return stories_of(listeners)
