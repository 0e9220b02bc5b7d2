"""The stack that faults are injected into, with its model: what a fault may reach for."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import psutil
import psycopg

from chaos.load import Book
from chaos.model import MoodyModel
from orra.embedded.postgres import ensure_postgres, stop_postgres
from orra.embedded.runs import running_stack
from orra.embedded.valkey import Valkey
from tests.live.client import WHOLE_PLANS
from tests.live.client import Client as Requester
from tests.live.slow_model import NOT_OURS, SERVICES

SHOP: dict[str, Any] = {
    "order_lookup": {
        "type": "service",
        "description": "Find an order by its order id: the customer, the items and the amount paid.",
        "input_schema": {
            "type": "object",
            "properties": {"order_id": {"type": "string"}},
            "required": ["order_id"],
        },
        "output_schema": {"type": "object", "properties": {"customer_id": {"type": "string"}}},
        "revertible": False,
    },
    "refund_payment": {
        "type": "service",
        "description": "Refund an order: give the customer the money back.",
        "input_schema": {
            "type": "object",
            "properties": {"order_id": {"type": "string"}},
            "required": ["order_id"],
        },
        "output_schema": {"type": "object", "properties": {"refund_id": {"type": "string"}}},
        "revertible": True,
    },
    **SERVICES,
}
DISK_BYTES = 2 * 1024**3
# So large that nothing is refused, and every call is reserved.
TOKENS_PER_DAY = 1_000_000_000


class Stack(Protocol):
    """What runs, by name with its process ids, and where it is asked: at one address or at several, separated by
    spaces."""

    @property
    def url(self) -> str: ...

    @property
    def data_dir(self) -> Path: ...

    @property
    def processes(self) -> Mapping[str, int | None]: ...


@dataclass
class Site:
    """A running stack. ``key`` is a project's that has :data:`SHOP` and one plan for a refund; ``disk``: its data
    lie on a file system of their own, which may be filled. ``book`` is of the ``round``; ``reserved`` tokens and
    ``open_attempts`` are those of before it."""

    stack: Stack
    model: MoodyModel
    database: str
    key: str
    project: str
    draw: random.Random
    disk: bool
    book: Book = field(default_factory=Book)
    round: str = ""
    reserved: int = 0
    open_attempts: int = 0

    @property
    def data_dir(self) -> Path:
        return self.stack.data_dir

    def pid_of(self, name: str) -> int:
        """Of a child, as soon as it runs."""
        until(lambda: self.stack.processes.get(name))
        found = self.stack.processes[name]
        assert found is not None
        return found

    def end(self, name: str, number: int = signal.SIGKILL) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid_of(name), number)

    def until_whole(self, *, seconds: float) -> bool:
        """Whether all its processes run again within so many seconds."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            processes = self.stack.processes
            if processes and all(pid is not None and psutil.pid_exists(pid) for pid in processes.values()):
                return True
            time.sleep(0.1)
        return False

    def in_generation(self) -> None:
        """Returns as soon as the model is about to answer somebody."""
        until(lambda: self.model.at_work > 0, seconds=20)

    def pause(self, least: float, most: float) -> None:
        time.sleep(self.draw.uniform(least, most))

    def variables(self) -> dict[str, str]:
        """What a process needs to be one of the stack's."""
        return {
            **{name: value for name, value in os.environ.items() if name not in NOT_OURS},
            "ORRA_DATA_DIR": str(self.data_dir),
            "DATABASE_URL": self.database,
            "BROKER_URL": Valkey(self.data_dir).url,
            "SECRET_KEY": (self.data_dir / "secret-key").read_text(),
            **model_variables(self.model),
        }


def until(condition: Callable[[], object], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("it did not come about")
        time.sleep(0.02)


def model_variables(model: MoodyModel) -> dict[str, str]:
    return {
        "LLM_MODEL": model.profile.model,
        "LLM_API_BASE_URL": model.url,
        "LLM_FALLBACK_MODEL": "composer",
        "LLM_BREAKER_SECONDS": "2",
        "PLANNING_DEADLINE_SECONDS": "20",
        **WHOLE_PLANS,
    }


@contextmanager
def running_site(folder: Path, *, seed: int, disk: bool) -> Iterator[Site]:
    """A stack on a new data directory in ``folder``; with ``disk`` on a file system of its own."""
    data_dir = folder / "data"
    data_dir.mkdir(mode=0o755)
    environment: Mapping[str, str | None] = {
        **dict.fromkeys(NOT_OURS),
        "WEB_CONCURRENCY": "2",
        "WORKER_CONCURRENCY": "4",
        "ORRA_OPEN_REGISTRATION": "1",
    }
    with (
        mounted(data_dir) if disk else _nothing(),
        MoodyModel(seed=seed) as model,
    ):
        assert isinstance(model, MoodyModel)
        try:
            with running_stack(data_dir, {**environment, **model_variables(model)}) as stack:
                key, project = project_with_a_plan(stack.url, stack.api_key)
                database = ensure_postgres(data_dir)
                yield Site(stack, model, database, key, project, random.Random(seed), disk)
        finally:
            model.mood = ""
            stop_postgres(data_dir)


def project_with_a_plan(url: str, key: str) -> tuple[str, str]:
    """A new project that has :data:`SHOP` and one plan for a refund: its key, and its id."""
    made = Requester(url, key).request("POST", "/v1/projects", {"name": "faults"})[1]
    requester = Requester(url, made["api_key"])
    requester.request("PATCH", "/v1/project", {"tokens_per_day": TOKENS_PER_DAY, "recheck_share": 0})
    requester.register(SHOP)
    plan = requester.ask("Refund order T-first", order_id="T-first", wait=60)[1]
    assert plan["status"] == "ready", plan
    return made["api_key"], made["id"]


@contextmanager
def _nothing() -> Iterator[None]:
    yield


@contextmanager
def mounted(folder: Path) -> Iterator[None]:
    """A file system in memory, which is full with :data:`DISK_BYTES`."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=755", "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def can_mount(folder: Path) -> bool:
    """Whether this user may mount a file system."""
    place = folder / "mount"
    place.mkdir()
    try:
        with mounted(place):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False
    finally:
        place.rmdir()


def rows(site: Site, query: str, *params: Any) -> list[tuple[Any, ...]]:
    """What the database has, asked for until it answers."""
    deadline = time.monotonic() + 30
    while True:
        try:
            with psycopg.connect(site.database, connect_timeout=5) as connection:
                return list(connection.execute(query, params))
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
