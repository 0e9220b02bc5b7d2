"""What a running stack holds: memory, threads, open files and connections, now and at most."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass

import psutil
import psycopg

from orra.embedded.postgres import ensure_postgres
from orra.embedded.runs import StartedStack

MEGABYTE = 1024 * 1024
OFTEN = 0.2
CONNECTIONS = (
    "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
)


@dataclass(frozen=True)
class Footprint:
    """Memory is what is resident, in megabytes; ``web`` is all web processes together, ``files`` the worker's
    open ones, ``model`` its connections to the model's server, ``database`` everybody's to Postgres."""

    worker: float = 0
    web: float = 0
    threads: int = 0
    files: int = 0
    model: int = 0
    database: int = 0

    def at_most(self, other: Footprint) -> Footprint:
        """The larger of both, figure by figure."""
        return Footprint(*map(max, astuple(self), astuple(other)))


class Watch:
    """Looks at a stack again and again; :meth:`peak` gives the most that was seen since it was last called."""

    def __init__(self, stack: StartedStack, database: psycopg.Connection[tuple[int]], *, model_port: int) -> None:
        pids = stack.processes
        self._worker = psutil.Process(pids["worker"])
        self._web = [psutil.Process(pid) for name, pid in pids.items() if name.startswith("web-")]
        self._database = database
        self._model_port = model_port
        self._lock = threading.Lock()
        self._peak = Footprint()

    def look(self) -> Footprint:
        with self._lock:
            seen = self._look()
            self._peak = self._peak.at_most(seen)
        return seen

    def peak(self) -> Footprint:
        self.look()
        with self._lock:
            peak, self._peak = self._peak, Footprint()
        return peak

    def _look(self) -> Footprint:
        [database] = self._database.execute(CONNECTIONS).fetchone() or (0,)
        to_model = [each for each in self._worker.net_connections("tcp") if each.raddr]
        return Footprint(
            worker=self._worker.memory_info().rss / MEGABYTE,
            web=sum(process.memory_info().rss for process in self._web) / MEGABYTE,
            threads=self._worker.num_threads(),
            files=self._worker.num_fds(),
            model=sum(each.raddr.port == self._model_port for each in to_model),
            database=database,
        )


@contextmanager
def watched(stack: StartedStack, *, model_port: int) -> Iterator[Watch]:
    """A watch that looks every :data:`OFTEN` seconds by itself. A process that ends meanwhile ends it with an
    error: what is measured must be one and the same from start to end."""
    done = threading.Event()

    def look() -> None:
        while not done.wait(OFTEN):
            try:
                watch.look()
            except psutil.NoSuchProcess:
                return  # the next one who asks for the peak is told

    with psycopg.connect(ensure_postgres(stack.data_dir), autocommit=True) as database:
        watch = Watch(stack, database, model_port=model_port)
        thread = threading.Thread(target=look, daemon=True)
        thread.start()
        try:
            yield watch
        finally:
            done.set()
            thread.join()
