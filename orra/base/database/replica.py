"""Lists that are read from a replica of the database (``DATABASE_REPLICA_URL``), as long as it is not too far
behind.

How far that is, a thread of the process finds out: each second it notes how much the primary has written, and
looks up to which of its notes the replica has come. What was committed before that note is there (with
``synchronous_commit`` off: some tenths of a second before). No clock but the process's own has a part in it, and a
replica that hangs or is away grows too old by itself. Whatever cannot be read from the replica is read from the
primary.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from orra.base import metrics
from orra.base.database.outages import brief

ALIAS = "replica"
# Apps whose tables grow. Who may do what is asked of the primary.
APPS = ("planengine", "cache")
LOOK_SECONDS = 1.0
MOST_NOTES = 600

# A cluster and a database in it are the same on a replica, and nowhere else.
SAME = """
    SELECT system_identifier || '/' || oid, {written} - '0/0'::pg_lsn FROM pg_control_system(), pg_database
    WHERE datname = current_database()
"""
WRITTEN = SAME.format(written="pg_current_wal_lsn()")
REPLAYED = SAME.format(written="CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() END")

T = TypeVar("T")
log = structlog.get_logger(__name__)
_reads_replica: ContextVar[bool] = ContextVar("reads_replica", default=False)


@dataclass(frozen=True)
class Standing:
    """How a replica was found at a moment (``time.monotonic()``): ``behind`` is the most that it lags, in seconds;
    ``None`` where it cannot be used, and ``fault`` says why."""

    at: float
    behind: float | None = None
    fault: str = ""

    @property
    def behind_now(self) -> float | None:
        """It may have stood still since."""
        return None if self.behind is None else self.behind + time.monotonic() - self.at

    def __str__(self) -> str:
        behind = self.behind_now
        return self.fault if behind is None else f"{behind:.0f} s behind"


class Replica:
    """The one of this process."""

    def __init__(self) -> None:
        self.standing = Standing(0.0, fault="not looked at yet")
        self._notes: deque[tuple[float, int]] = deque(maxlen=MOST_NOTES)
        self._told: bool | None = None
        self._thread: threading.Thread | None = None

    @property
    def is_there(self) -> bool:
        return ALIAS in settings.DATABASES

    @property
    def is_fresh(self) -> bool:
        """Whether what was committed ``DATABASE_REPLICA_LAG_SECONDS`` ago is there for sure."""
        behind = self.standing.behind_now
        return behind is not None and behind <= settings.REPLICA_LAG_SECONDS

    def watch(self) -> None:
        """From now on, in a thread. A second call changes nothing."""
        if self.is_there and self._thread is None:
            self._thread = threading.Thread(target=self._watch, name="replica", daemon=True)
            self._thread.start()

    def read(self, ask: Callable[[], T], *, will_do: Callable[[T], bool] = lambda answer: True) -> T:
        """What ``ask`` answers, which only reads and may be called twice: from the replica, or else, and where the
        replica's answer will not do, from the primary."""
        if not self.is_there:
            return ask()
        if self.is_fresh:
            token = _reads_replica.set(True)
            try:
                answer = ask()
            except DatabaseError as error:
                log.info("not read from the replica", error=brief(error))
            else:
                if will_do(answer):
                    metrics.LIST_READS.labels("replica").inc()
                    return answer
            finally:
                _reads_replica.reset(token)
        self._tell()  # one that hangs is not looked at
        metrics.LIST_READS.labels("primary").inc()
        return ask()

    def look(self) -> None:
        """Finds out how far behind it is."""
        began, asked, error = time.monotonic(), "primary", ""
        try:
            identity, written = _asked(DEFAULT_DB_ALIAS, WRITTEN)
            self._notes.append((began, written or 0))
            asked = "replica"
            own_identity, replayed = _asked(ALIAS, REPLAYED)
        except DatabaseError as failed:
            for alias in (DEFAULT_DB_ALIAS, ALIAS):
                connections[alias].close_if_unusable_or_obsolete()
            error = brief(failed)
            self.standing = Standing(began, fault=f"{asked} unreachable")
        else:
            if own_identity != identity or replayed is None:
                self.standing = Standing(began, fault="no replica of DATABASE_URL")
            else:
                self.standing = self._behind(replayed, began)
        self._tell(error)

    def _behind(self, replayed: int, began: float) -> Standing:
        """By the newest note that it has come to."""
        reached = next((moment for moment, written in reversed(self._notes) if written <= replayed), None)
        if reached is None:
            return Standing(began, fault=f"more than {began - self._notes[0][0]:.0f} s behind")
        return Standing(began, behind=began - reached)

    def _tell(self, error: str = "") -> None:
        """Once, when it changes."""
        if self._told == self.is_fresh:
            return
        self._told = self.is_fresh
        if self._told:
            log.info("lists are read from the replica", replica=str(self.standing))
        else:
            log.warning("lists are read from the primary", replica=str(self.standing), error=error)

    def _watch(self) -> None:
        while True:
            try:
                self.look()
            except Exception as error:  # whatever it is, the next look may find another state
                log.warning("the replica was not looked at", error=type(error).__name__)
                connections.close_all()
            time.sleep(LOOK_SECONDS)


class Router:
    """Django's: what is read within :meth:`Replica.read` comes from the replica, all else from the primary."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return ALIAS if _reads_replica.get() and model._meta.app_label in APPS else DEFAULT_DB_ALIAS

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return DEFAULT_DB_ALIAS

    def allow_relation(self, first: Any, second: Any, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db != ALIAS


class Gauges(Collector):
    """How the replica stands for this process; nothing where there is none."""

    def collect(self) -> Iterator[Metric]:
        if not replica.is_there:
            return
        behind = replica.standing.behind_now
        yield GaugeMetricFamily(
            "orra_replica_in_use", "Whether lists are read from the replica.", value=float(replica.is_fresh)
        )
        if behind is not None:
            yield GaugeMetricFamily("orra_replica_behind_seconds", "How far it is behind at most.", value=behind)


def read_connection() -> BaseDatabaseWrapper:
    """For statements that only read."""
    return connections[ALIAS if _reads_replica.get() else DEFAULT_DB_ALIAS]


def _asked(alias: str, statement: str) -> tuple[str, int | None]:
    with connections[alias].cursor() as cursor:
        cursor.execute(statement)
        identity, lsn = cursor.fetchone() or (None, None)
    return str(identity), None if lsn is None else int(lsn)


replica = Replica()
