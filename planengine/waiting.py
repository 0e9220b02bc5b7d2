"""Waiting for plans to finish, for any number of clients at the price of one query at a time.

Every client of this process that waits is an entry in one dictionary; one thread asks the database about all of
them at once, and only while there are any.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import structlog
from django.db import Error, close_old_connections

from planengine.models import Plan

log = structlog.get_logger(__name__)

# How long a client is ready to wait: from the view that accepts its request to the coroutine that waits for it.
WAIT_HEADER = "X-Orra-Wait"
POLL_SECONDS = 0.03
POLL_AFTER_FAILURE_SECONDS = 1.0


class Waiters:
    """The clients of one event loop that wait. All methods belong to that loop."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="waiters")
        self._poll: asyncio.Task[None] | None = None

    async def finished(self, plan_id: str, *, timeout: float) -> bool:
        """Whether the plan finished within ``timeout`` seconds."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._waiting.setdefault(plan_id, []).append(future)
        if self._poll is None or self._poll.done():
            self._poll = loop.create_task(self._ask_while_anybody_waits())
        try:
            async with asyncio.timeout(timeout):
                await future
        except TimeoutError:
            return False
        finally:
            self._leave(plan_id, future)
        return True

    def _leave(self, plan_id: str, future: asyncio.Future[None]) -> None:
        waiters = self._waiting.get(plan_id, [])
        if future in waiters:
            waiters.remove(future)
        if not waiters:
            self._waiting.pop(plan_id, None)

    async def _ask_while_anybody_waits(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            try:
                done = await loop.run_in_executor(self._thread, finished_among, list(self._waiting))
            except Error as error:
                log.warning("cannot see whether plans are finished", error=str(error))
                await asyncio.sleep(POLL_AFTER_FAILURE_SECONDS)
                continue
            for plan_id in done:
                for future in self._waiting.pop(plan_id, []):
                    if not future.done():
                        future.set_result(None)
            await asyncio.sleep(POLL_SECONDS)


def finished_among(plan_ids: list[str]) -> list[str]:
    """The ids of those that are finished. Runs in the one thread, which keeps its connection."""
    close_old_connections()
    return list(Plan.objects.finished().filter(pk__in=plan_ids).values_list("id", flat=True))
