"""What the image and compose.yaml start, run as plain processes: with the packages that are in the image, and on a
file system of which only the data directory can be written. No container engine is needed, and none is tried."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from orra.embedded.postgres import ensure_postgres
from orra.embedded.processes import die_with_parent
from orra.embedded.valkey import Valkey
from tests.conftest import SHOP
from tests.deploy.compositions import (
    COMPOSE,
    ROOT,
    default_command,
    health_check,
    image_environment,
    missing_modules,
    service_environment,
)
from tests.live.client import WHOLE_PLANS, Client, until
from tests.live.conftest import HeldModel, new_data_dir

pytestmark = pytest.mark.live
SHIM = ROOT / "tests/deploy/image"


class Image:
    """Runs command lines as the image would. They share a data directory: the embedding model is built once."""

    def __init__(self, folder: Path, started: ExitStack, secrets: Mapping[str, str], **settings: str) -> None:
        self._folder = folder
        self._started = started
        self._settings = settings
        self._secrets = folder / "secrets"
        self._secrets.mkdir()
        for name, value in secrets.items():
            (self._secrets / name).write_text(value + "\n")
        self._missing = ",".join(sorted(missing_modules()))

    def environment(self, name: str, **own: str) -> dict[str, str]:
        """Nothing of the test's own, no home among it."""
        data = self._folder / "data"
        data.mkdir(exist_ok=True)
        given = {**image_environment(), **service_environment(name), **self._settings, **own}
        given = {key: value.replace("/run/secrets", str(self._secrets)) for key, value in given.items()}
        place = {"PYTHONPATH": f"{SHIM}:{ROOT}", "ORRA_DATA_DIR": str(data), "TMPDIR": str(data)}
        shim = {"IMAGE_WRITABLE": str(data), "IMAGE_MISSING": self._missing}
        return {**given, **place, **shim, "PATH": os.defpath}

    def start(self, name: str, command: Sequence[str], **own: str) -> subprocess.Popen[bytes]:
        environment = self.environment(name, **own)
        with (self._folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                _here(command),
                cwd="/",
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )
        self._started.callback(_end, process)
        return process

    def probe(self, name: str, **own: str) -> int:
        return subprocess.run(_here(health_check()), cwd="/", env=self.environment(name, **own)).returncode

    def log(self, name: str) -> str:
        return (self._folder / f"{name}.log").read_text()

    def refused(self) -> str:
        """What processes wanted to write elsewhere."""
        return (self._folder / "data" / "refused").read_text()


def _here(command: Sequence[str]) -> list[str]:
    assert command[0] == "python"
    return [sys.executable, *(part.replace("/app/", f"{ROOT}/") for part in command[1:])]


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
    process.wait()


@contextmanager
def services(folder: Path) -> Iterator[tuple[str, str]]:
    """Addresses of a database and a broker."""
    valkey = Valkey(folder)
    broker = subprocess.Popen(valkey.command(), cwd=valkey.folder, preexec_fn=die_with_parent(signal.SIGKILL))
    try:
        url = ensure_postgres(folder, throwaway=True)
        until(valkey.answers)
        yield url, valkey.url
    finally:
        _end(broker)


@pytest.fixture
def image() -> Iterator[Image]:
    with (
        new_data_dir() as folder,
        services(folder) as (database, broker),
        ExitStack() as started,
    ):
        secrets = {
            "database_url": database,
            "secret_key": "for this test only, and long enough: 7c1f09e4b2",
            "operator_token": "operators-token-of-this-test",
        }
        place = folder / "image"
        place.mkdir()
        yield Image(place, started, secrets, BROKER_URL=broker, ORRA_HOST="127.0.0.1", **WHOLE_PLANS)
        shutil.rmtree(place)


def _free_port() -> str:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])


def _status(port: str, path: str) -> int | None:
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        return int(answer.status)
    return None


def test_what_the_image_starts_plans_and_drains(image: Image, held_model: HeldModel) -> None:
    held_model.begin()
    model = {"LLM_MODEL": "held-1", "LLM_API_BASE_URL": held_model.url}
    commands: dict[str, Any] = {name: service.get("command") for name, service in COMPOSE["services"].items()}
    assert commands["web-1"] == default_command()

    migrate = image.start("migrate", commands["migrate"], **model)
    assert migrate.wait(60) == 0, image.log("migrate")

    ports = {name: _free_port() for name in ("web-1", "worker", "beat")}
    own = {"web-1": {"PORT": ports["web-1"]}} | {n: {"ORRA_HEALTH_PORT": ports[n]} for n in ("worker", "beat")}
    processes = {name: image.start(name, commands[name], **model, **own[name]) for name in ports}

    for name, port in ports.items():
        until(lambda port=port: _status(port, "/readyz") == 200)  # type: ignore[misc]
        assert image.probe(name, **own[name]) == 0
        assert _status(port, "/metrics") == 200
    assert image.probe("web-1", PORT=_free_port()) == 1

    client = Client(f"http://127.0.0.1:{ports['web-1']}", "operators-token-of-this-test")
    client = Client(client.url, client.request("POST", "/v1/projects", {"name": "image"})[1]["api_key"])
    client.register(SHOP)
    status, plan = client.ask("refund order A-1", order_id="A-1")
    assert (status, plan["status"], plan["source"]) == (201, "ready", "model"), plan["error"]

    held_model.may_answer.clear()
    status, plan = client.ask("look up order A-2 for the customer", wait=0, order_id="A-2")
    assert status == 202
    until(lambda: len(held_model.requests) == 2)
    answers: list[tuple[int, Any]] = []
    waiting = threading.Thread(target=lambda: answers.append(client.request("POST", "/v1/plans", WAITED)))
    waiting.start()
    until(lambda: len(client.request("GET", "/v1/plans")[1]["results"]) == 3)

    for process in processes.values():
        process.send_signal(signal.SIGTERM)
    waiting.join(30)
    assert [status for status, _ in answers] == [202]
    assert processes["web-1"].wait(30) in (0, -signal.SIGTERM), image.log("web-1")  # uvicorn ends by it
    assert processes["worker"].poll() is None
    held_model.may_answer.set()
    assert processes["worker"].wait(30) == 0, image.log("worker")
    assert processes["beat"].wait(30) == 0, image.log("beat")
    assert _planned(image, plan["id"]) == "ready"
    assert image.refused() == ""


WAITED = {"action": "look up order A-3 for the customer", "params": {"order_id": "A-3"}, "wait_seconds": 60}


def _planned(image: Image, plan_id: str) -> str:
    """As the database has it, told by a command of the same image."""
    told = f"from planengine.models import Plan; print(Plan.objects.get(pk={plan_id!r}).status)"
    command = ["python", "/app/manage.py", "shell", "--no-imports", "-c", told]
    assert image.start("migrate", command).wait(60) == 0, image.log("migrate")
    return image.log("migrate").strip().splitlines()[-1]
