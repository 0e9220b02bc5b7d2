"""What can be broken. Each fault is a function that breaks something of a :class:`chaos.site.Site`, holds it for
a bounded, seeded time where it does not end by itself, and returns when nothing is broken any more, whatever
happened in between. What the stack restarts by itself may still be starting then.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
import redis

from chaos.clocks import clock_library, clock_steps
from chaos.model import SLOW_SECONDS
from chaos.more import one_more
from chaos.site import Site
from orra.base.leases import LEASE
from orra.embedded.postgres import postmaster_pid
from orra.embedded.runs import StartedStack
from orra.embedded.valkey import Valkey

FULL_BYTES = 4096


@dataclass(frozen=True)
class Fault:
    """``loses_work``: a planner's call may be begun and never ended. ``missing`` says why the fault cannot be
    injected here, or is empty."""

    name: str
    about: str
    inject: Callable[[Site], None]
    loses_work: bool = False
    missing: Callable[[Site], str] = lambda site: ""


def _kill_worker(site: Site) -> None:
    site.in_generation()
    site.end("worker")


def _stop_worker(site: Site) -> None:
    site.in_generation()
    site.end("worker", signal.SIGTERM)


def _pause_worker(site: Site) -> None:
    """While another takes over what it held."""
    with one_more(site, "worker", "--threads", "4"):
        site.in_generation()
        with _paused(site.pid_of("worker")):
            site.pause(LEASE.total_seconds() + 2, LEASE.total_seconds() + 4)


def _kill_beat(site: Site) -> None:
    site.end("beat")


def _kill_web(site: Site) -> None:
    site.end(f"web-{site.draw.choice('12')}")


def _stop_web(site: Site) -> None:
    site.end(f"web-{site.draw.choice('12')}", signal.SIGTERM)


def _kill_broker(site: Site) -> None:
    """And its data are gone."""
    site.end("broker")
    shutil.rmtree(Valkey(site.data_dir).folder / "appendonlydir", ignore_errors=True)


def _pause_broker(site: Site) -> None:
    with _paused(site.pid_of("broker")):
        site.pause(1, 4)


def _fill_broker(site: Site) -> None:
    with redis.Redis(unix_socket_path=str(Valkey(site.data_dir).socket)) as broker:
        broker.config_set("maxmemory", 1)
        try:
            site.pause(1, 4)
        finally:
            broker.config_set("maxmemory", 0)


def _kill_database(site: Site) -> None:
    database = postmaster_pid(site.data_dir)
    assert database is not None
    os.kill(database, signal.SIGKILL)


def _crash_database(site: Site) -> None:
    """One of its processes dies: it ends all others and recovers."""
    with psycopg.connect(site.database) as connection:
        found = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        ).fetchall()
    for (pid,) in site.draw.sample(found, 1):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _end_connections(site: Site) -> None:
    for _ in range(3):
        with suppress(psycopg.Error), psycopg.connect(site.database) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        site.pause(0.1, 0.5)


def _exhaust_connections(site: Site) -> None:
    """All that the server allows are taken: what has one goes on, and nobody gets a new one."""
    with ExitStack() as taken:
        with suppress(psycopg.OperationalError):
            while True:
                taken.enter_context(psycopg.connect(site.database, autocommit=True))
        site.end(f"web-{site.draw.choice('12')}")  # so that somebody needs new ones
        site.pause(1, 3)


def _pause_database(site: Site) -> None:
    database = postmaster_pid(site.data_dir)
    assert database is not None
    everything = [database, *(child.pid for child in psutil.Process(database).children(recursive=True))]
    with ExitStack() as paused:
        for pid in everything:
            paused.enter_context(_paused(pid))
        site.pause(1, 4)


def _moody(*moods: str, seconds: tuple[float, float] = (1.5, 3.0)) -> Callable[[Site], None]:
    def inject(site: Site) -> None:
        site.model.mood = site.draw.choice(moods)
        try:
            site.pause(*seconds)
        finally:
            site.model.mood = ""

    return inject


def _fill_logs(site: Site) -> None:
    """Nothing can be appended to a file any more by the process that writes the logs, as with a quota."""
    assert isinstance(site.stack, StartedStack)
    supervisor = psutil.Process(site.stack.process.pid)
    before = supervisor.rlimit(psutil.RLIMIT_FSIZE)
    supervisor.rlimit(psutil.RLIMIT_FSIZE, (1, before[1]))
    try:
        site.end("worker")  # which is told in the logs, and in the file that says what runs
        site.pause(2, 4)
    finally:
        supervisor.rlimit(psutil.RLIMIT_FSIZE, before)


def _fill_disk(site: Site) -> None:
    """The whole of the disk that database, broker and logs are on."""
    full = site.data_dir / "full"
    try:
        _fill(full)
        site.pause(1, 3)
    finally:
        full.unlink(missing_ok=True)


def _fill(path: Path) -> None:
    with path.open("wb") as file:
        size = shutil.disk_usage(path.parent).free
        while size >= FULL_BYTES:
            try:
                os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), size)
            except OSError:
                size //= 2


@contextmanager
def _paused(pid: int) -> Iterator[None]:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def _no_disk(site: Site) -> str:
    return "" if site.disk else "needs the right to mount a file system"


def _no_clock(site: Site) -> str:
    return "" if clock_library() else "needs libfaketime (Debian: libfaketime, or LIBFAKETIME=FILE)"


ALL = (
    Fault("worker_killed", "kill -9 of the worker in mid-generation", _kill_worker, loses_work=True),
    Fault("worker_stopped", "SIGTERM to the worker in mid-generation", _stop_worker, loses_work=True),
    Fault(
        "worker_paused",
        "SIGSTOP of a worker past its lease while another goes on, then SIGCONT",
        _pause_worker,
        loses_work=True,
    ),
    Fault("beat_killed", "kill -9 of the beat", _kill_beat),
    Fault("web_killed", "kill -9 of a web process", _kill_web),
    Fault("web_stopped", "SIGTERM to a web process", _stop_web),
    Fault("broker_killed", "kill -9 of the broker, and its data are gone", _kill_broker),
    Fault("broker_paused", "SIGSTOP of the broker for 1 to 4 s", _pause_broker),
    Fault("broker_full", "the broker's memory is full for 1 to 4 s (noeviction)", _fill_broker),
    Fault("database_killed", "kill -9 of Postgres", _kill_database, loses_work=True),
    Fault("database_crashed", "kill -9 of one of Postgres' processes", _crash_database, loses_work=True),
    Fault("database_paused", "SIGSTOP of all of Postgres for 1 to 4 s", _pause_database, loses_work=True),
    Fault("connections_ended", "pg_terminate_backend of all, three times", _end_connections, loses_work=True),
    Fault(
        "connections_exhausted",
        "all of Postgres' connections taken, and a web process killed",
        _exhaust_connections,
        loses_work=True,
    ),
    Fault("model_cut", "the model's answers are cut, or dropped, or 503", _moody("cut", "drop", "overloaded")),
    Fault("model_slow", f"the model takes {SLOW_SECONDS:g} s", _moody("slow", seconds=(2, 5))),
    Fault(
        "model_corrupt",
        "the model's answers are bytes, half, shapeless, or have another's values",
        _moody("bytes", "half", "shapeless", "others_values"),
    ),
    Fault(
        "logs_full", "no log can be written for 2 to 4 s, and the worker is killed", _fill_logs, loses_work=True
    ),
    Fault(
        "disk_full",
        "the disk of database, broker and logs is full for 1 to 3 s",
        _fill_disk,
        loses_work=True,
        missing=_no_disk,
    ),
    Fault(
        "clock",
        "one more worker and web process whose clock jumps by hours",
        clock_steps,
        loses_work=True,
        missing=_no_clock,
    ),
)


def chosen(names: str, among: Sequence[Fault] = ALL) -> tuple[Fault, ...]:
    """By names, or by their beginnings, separated by commas; all when none is named. Raises ValueError."""
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    for name in wanted:
        if not any(fault.name.startswith(name) for fault in among):
            raise ValueError(f"there is no fault {name!r}; there are {', '.join(fault.name for fault in among)}")
    return tuple(fault for fault in among if not wanted or fault.name.startswith(tuple(wanted)))
