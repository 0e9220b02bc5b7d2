"""Who stores the hits that the event loop answers: those that come at the same time share a commit.

A hit that comes alone is one statement. While that is on its way others gather, and go together: sent at once,
committed at once, and answered only then. So many clients cost Postgres fewer commits, and the event loop fewer
turns, than as many one after the other.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any, cast

import psycopg
import structlog
from django.db import connection
from psycopg_pool import AsyncConnectionPool, PoolTimeout
from structlog.contextvars import bound_contextvars, clear_contextvars

from orra.base.database import sessions
from orra.base.database.slow_statements import slow_statements
from orra.serving.request_ids import answered
from planengine.lifecycle import hits

# One sends while another waits for its commit; more would only make what they store together less.
MOST_CONNECTIONS = 2
MOST_TOGETHER = 32
# Who gets no connection soon is answered by the view, which says why if that has none either.
CONNECTION_SECONDS = 1.0
MOST_WAITING = 200
RECONNECT_SECONDS = 5.0

Rows = Sequence[Sequence[bool] | None]

log = structlog.get_logger(__name__)


class Storage:
    """Of the process's event loop. Statements are prepared, but for a pooler in between, one that is known by
    itself or turns out to drop them."""

    def __init__(self) -> None:
        self._pool: AsyncConnectionPool | None = None
        self._waiting: deque[tuple[hits.Hit, asyncio.Future[bool], str]] = deque()
        self._writers: set[asyncio.Task[None]] = set()

    async def open(self, *, prepared: bool = True) -> None:
        known = connection.get_connection_params()
        params = {name: value for name, value in known.items() if name not in ("cursor_factory", "context")}
        params |= {"autocommit": True, "prepare_threshold": 1 if prepared else None}
        pool = AsyncConnectionPool(
            kwargs=params,
            min_size=1,
            max_size=MOST_CONNECTIONS,
            timeout=CONNECTION_SECONDS,
            reconnect_timeout=RECONNECT_SECONDS,
            configure=sessions.begin,
            open=False,
        )
        await pool.open()
        self._pool = pool

    async def close(self) -> None:
        await asyncio.gather(*self._writers)
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()

    @property
    def is_open(self) -> bool:
        return self._pool is not None

    async def store(self, hit: hits.Hit) -> bool:
        """Whether the Plan is stored, committed; ``False`` too where the database cannot be asked now."""
        if len(self._waiting) >= MOST_WAITING:
            return hits.settle(hit, None)
        stored = asyncio.get_running_loop().create_future()
        self._waiting.append((hit, stored, answered.get()))
        if len(self._writers) < MOST_CONNECTIONS:
            self._writers.add(asyncio.create_task(self._write()))
        return bool(await stored)

    async def _write(self) -> None:
        """Until nobody waits. It is no single request's, whoever's began it."""
        clear_contextvars()
        try:
            while self._waiting:
                together = [self._waiting.popleft() for _ in range(min(MOST_TOGETHER, len(self._waiting)))]
                # In one order everywhere: else two processes could wait for each other's keys.
                together.sort(key=lambda each: each[0].plan.idempotency_key or "")
                answers = await self._answers([hit for hit, _, _ in together])
                for (hit, stored, request_id), answer in zip(together, answers, strict=True):
                    with bound_contextvars(request=request_id):
                        done = hits.settle(hit, answer)
                    if not stored.done():  # else the client has gone
                        stored.set_result(done)
        finally:  # before anybody else has a turn: who comes now starts another
            self._writers.discard(cast(asyncio.Task[None], asyncio.current_task()))

    async def _answers(self, together: Sequence[hits.Hit]) -> Rows:
        """The row for each, after their commit; ``None`` for all where that failed."""
        pool = self._pool
        try:
            if pool is not None:
                async with pool.connection() as found:
                    with slow_statements.timed(together[0].statement, together[0].values):
                        return await _execute(found, together)
        except (psycopg.errors.InvalidSqlStatementName, psycopg.errors.DuplicatePreparedStatement):
            log.warning("prepared statements are not kept by what is between here and Postgres; none from now on")
            if self._pool is pool:  # else another has seen to it
                self._pool = None
                await self.open(prepared=False)
                if pool is not None:
                    await pool.close()
        except (psycopg.Error, PoolTimeout) as error:
            log.warning("hits were not stored in the quick way", error=type(error).__name__, hits=len(together))
        except Exception:  # whatever it is, nobody may wait for ever
            log.exception("hits were not stored in the quick way", hits=len(together))
        return [None] * len(together)


async def _execute(found: psycopg.AsyncConnection[Any], together: Sequence[hits.Hit]) -> Rows:
    if len(together) == 1:
        cursors = [await found.execute(together[0].statement, together[0].values)]
    else:
        async with found.pipeline():  # one transaction, which is committed at its end
            cursors = [await found.execute(hit.statement, hit.values) for hit in together]
    return [await cursor.fetchone() for cursor in cursors]
