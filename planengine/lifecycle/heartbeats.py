"""Which processes are at work: each leaves a sign of life in the database, from a thread of its own, which also
writes when keys were used last.

No request and no plan waits for it. A process that ends in order takes its sign away; one that was lost is told
from the age of its last one, until that is deleted after a day. The sign that all is well together is of the
ticks: it is there when the beat's messages went through the broker to a worker.
"""

from __future__ import annotations

import atexit
import os
import socket
import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.db import connection

from orra.base.database.outages import brief
from planengine.accounting import key_uses
from planengine.models import Heartbeat

log = structlog.get_logger(__name__)

EVERY_SECONDS = 10.0
# Two signs of life may be missing.
STALE = timedelta(seconds=35)
KEPT = timedelta(days=1)

# Parameters: name, kind.
ALIVE = """
    INSERT INTO planengine_heartbeat AS heartbeat (name, kind, began_at, seen_at)
    VALUES (%s, %s, statement_timestamp(), statement_timestamp())
    ON CONFLICT (name) DO UPDATE SET
        seen_at = excluded.seen_at,
        began_at = CASE WHEN %s THEN excluded.seen_at ELSE heartbeat.began_at END
"""


class _Keeper(threading.Thread):
    def __init__(self, process: str, kind: str) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self._process = process
        self._kind = kind
        self._stopped = threading.Event()

    def stop(self) -> None:
        """A sign that is under way shall not come after the process has taken its signs away."""
        self._stopped.set()
        self.join(timeout=1.0)

    def run(self) -> None:
        first = True
        while True:
            try:
                note(self._process, self._kind, first=first)
                first = False
                key_uses.write()
            except Exception as error:  # the database is away: the next one tells that we are still here
                log.info("heartbeat not noted", process=self._process, error=brief(error))
                connection.close()
            if self._stopped.wait(EVERY_SECONDS):
                break
        connection.close()


_ticked = float("-inf")
_keeping: dict[str, _Keeper] = {}


def keep(kind: str) -> None:
    """Has this process tell that it is alive until it ends. A second call changes nothing."""
    name = name_of(kind)
    if name in _keeping:
        return
    _keeping[name] = _Keeper(name, kind)
    _keeping[name].start()
    atexit.register(leave, kind)


def leave(kind: str) -> None:
    """Takes the sign of life away: the process ends in order."""
    name = name_of(kind)
    keeper = _keeping.pop(name, None)
    if keeper is None:
        return
    keeper.stop()
    try:
        key_uses.write()
        Heartbeat.objects.filter(pk=name).delete()
    except Exception as error:  # it grows old by itself
        log.info("heartbeat not taken away", process=name, error=brief(error))
    finally:
        connection.close()


def note_tick() -> None:
    """The ticks have come through; written at most every ten seconds."""
    global _ticked
    if time.monotonic() - _ticked < EVERY_SECONDS:
        return
    note(Heartbeat.Kind.TICKS, Heartbeat.Kind.TICKS)
    _ticked = time.monotonic()


def note(name: str, kind: str, *, first: bool = False) -> None:
    """One sign of life; the ``first`` one of a process may find the row of another with the same id."""
    with connection.cursor() as cursor:
        cursor.execute(ALIVE, [name, str(kind), first])


def name_of(kind: str) -> str:
    return f"{kind}@{socket.gethostname()[:150]}:{os.getpid()}"


def delete_old(now: datetime) -> int:
    """Deletes those of processes that have been gone for a day; how many there were."""
    deleted, _ = Heartbeat.objects.filter(seen_at__lt=now - KEPT).delete()
    return deleted


def known(now: datetime) -> Sequence[Heartbeat]:
    """All of the last day, the latest of each kind first."""
    return list(Heartbeat.objects.filter(seen_at__gte=now - KEPT))


def is_alive(heartbeat: Heartbeat, now: datetime) -> bool:
    return now - heartbeat.seen_at <= STALE
