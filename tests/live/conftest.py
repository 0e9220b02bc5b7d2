"""Data directories for real servers, with short paths and cleared of processes before they are removed; and a
stack with a model that many tests use, each with a project of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orra.base.strictjson import Json
from orra.embedded.defaults import BASE_DIR
from orra.embedded.postgres import stop_postgres
from orra.embedded.runs import StartedStack, running_stack
from tests.conftest import SHOP
from tests.live.client import WHOLE_PLANS, Client, until
from tests.servers.scripted import Request, Scripted, ScriptedServer, oblige

# What the test run set for itself; a stack under test has its own services.
OWN: dict[str, str | None] = dict.fromkeys(
    (
        "DATABASE_URL",
        "BROKER_URL",
        "SECRET_KEY",
        "ORRA_DATA_DIR",
        "DJANGO_SETTINGS_MODULE",
        "PROMETHEUS_MULTIPROC_DIR",
    )
)

StartStack = Callable[..., AbstractContextManager[StartedStack]]


@contextmanager
def new_data_dir() -> Iterator[Path]:
    # Not tmp_path: pytest closes its folder to other users whenever a second run begins.
    folder = Path(tempfile.mkdtemp(prefix="orra-live-"))
    try:
        yield folder
    finally:
        stop_postgres(folder)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with new_data_dir() as folder:
        yield folder


@pytest.fixture
def start_stack(data_dir: Path) -> StartStack:
    """``start_stack(environment)``: a context manager that gives a ready stack with one web process."""

    def start(**environment: str | None) -> AbstractContextManager[StartedStack]:
        variables = {**OWN, "WEB_CONCURRENCY": "1", "WORKER_CONCURRENCY": "2", **environment}
        return running_stack(data_dir, variables)

    return start


class HeldModel(ScriptedServer):
    """A model that answers ``says``, to everybody who asks, as soon as ``may_answer`` is set."""

    def __init__(self) -> None:
        super().__init__(default=self._when_it_may)
        self.says: Scripted = oblige
        self.may_answer = threading.Event()

    def begin(self) -> None:
        self.requests.clear()
        self.says = oblige
        self.may_answer.set()

    def _when_it_may(self, request: Request) -> Scripted:
        self.may_answer.wait(120)
        return self.says(request) if callable(self.says) else self.says


def in_stack(stack: StartedStack, statements: str) -> Json:
    """What the statements print last, run beside the stack."""
    kept = {name: value for name, value in os.environ.items() if name not in OWN}
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", statements],
        cwd=BASE_DIR,
        env={**kept, "ORRA_DATA_DIR": str(stack.data_dir)},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.strip().splitlines()[-1])


@dataclass(frozen=True)
class Shop:
    """A project of the shared stack, with the services of :data:`SHOP`."""

    stack: StartedStack
    model: HeldModel
    client: Client

    def another_project(self, services: dict[str, Any]) -> Client:
        made = self.client.request("POST", "/v1/projects", {"name": "tests"})[1]
        client = Client(self.stack.url, made["api_key"])
        client.register(services)
        return client


@pytest.fixture(scope="session")
def held_model() -> Iterator[HeldModel]:
    model = HeldModel()
    with model:
        yield model


@pytest.fixture(scope="session")
def stack_with_model(held_model: HeldModel) -> Iterator[StartedStack]:
    variables = {"LLM_MODEL": "held-1", "LLM_API_BASE_URL": held_model.url, **WHOLE_PLANS}
    processes = {"WEB_CONCURRENCY": "2", "WORKER_CONCURRENCY": "4"}
    with new_data_dir() as folder, running_stack(folder, {**OWN, **variables, **processes}) as stack:
        yield stack


@pytest.fixture
def shop(stack_with_model: StartedStack, held_model: HeldModel) -> Iterator[Shop]:
    """Where another test has killed something, it is back."""
    client = Client(stack_with_model.url, stack_with_model.api_key)
    until(lambda: None not in stack_with_model.processes.values())
    until(lambda: client.request("GET", "/readyz")[1]["broker"] == "ok")
    held_model.begin()
    shop = Shop(stack_with_model, held_model, client)
    yield Shop(stack_with_model, held_model, shop.another_project(SHOP))
    held_model.may_answer.set()
