"""``orra web``, ``worker`` and ``beat`` by themselves, on a database and a broker that are there already."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from orra.embedded.defaults import BASE_DIR
from orra.embedded.postgres import ensure_postgres
from orra.embedded.valkey import Valkey
from tests.conftest import SHOP
from tests.live.client import Client, until
from tests.live.conftest import OWN, new_data_dir

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def variables() -> Iterator[dict[str, str]]:
    kept = {name: value for name, value in os.environ.items() if name not in OWN}
    with new_data_dir() as folder:
        broker = Valkey(folder)
        with subprocess.Popen(broker.command(), cwd=broker.folder, stdout=subprocess.DEVNULL) as server:
            until(broker.answers)
            yield {
                **kept,
                "DATABASE_URL": ensure_postgres(folder, throwaway=True),
                "BROKER_URL": broker.url,
                "SECRET_KEY": "for tests only, and for as long as this module takes",
                "ORRA_OPEN_REGISTRATION": "1",
                "ORRA_DATA_DIR": str(folder),
                "PORT": "0",
            }
            server.terminate()


def start(variables: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "orra", *arguments],
        cwd=BASE_DIR,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        text=True,
    )


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.read()


def test_processes_by_themselves_plan_together_and_stop_when_asked(variables: dict[str, str]) -> None:
    with start(variables, "web") as early:
        assert "DATABASE_URL names a database without orra's tables. Run `orra migrate` first." in said(early)
    assert early.returncode == 1
    with start(variables, "migrate", "--verbosity", "0") as migrating:
        assert said(migrating) == ""
    assert migrating.returncode == 0

    with ExitStack() as started:
        processes = {name: started.enter_context(start(variables, name)) for name in ("web", "worker", "beat")}
        try:
            web = processes["web"]
            assert web.stdout is not None
            address = re.fullmatch(r"orra listens at (http://127.0.0.1:[0-9]+)\n", web.stdout.readline())
            assert address
            made = Client(address[1], "").request("POST", "/v1/projects", {"name": "tests"})[1]
            client = Client(address[1], made["api_key"])
            client.register(SHOP)
            plan = client.request(
                "POST",
                "/v1/plans",
                {"action": "Refund order A-1", "params": {"order_id": "A-1"}, "wait_seconds": 30},
            )[1]
            assert plan["status"] == "ready"
        finally:
            for process in processes.values():
                os.killpg(process.pid, signal.SIGINT)
        outputs = {name: said(process) for name, process in processes.items()}

    # Celery calls it a failure when it is interrupted.
    ended = {name: process.returncode for name, process in processes.items()}
    assert ended == {"web": 0, "worker": 1, "beat": 0}, outputs
    assert not any("Traceback" in output for output in outputs.values()), outputs


def test_a_worker_and_a_beat_need_a_broker(variables: dict[str, str]) -> None:
    for name in ("worker", "beat"):
        with start({**variables, "BROKER_URL": ""}, name) as process:
            assert said(process).startswith("orra cannot start: BROKER_URL is not set.")
        assert process.returncode == 1


def test_a_number_of_threads_that_is_none(variables: dict[str, str], tmp_path: Path) -> None:
    with start(variables, "worker", "--threads", "many") as process:
        assert said(process).startswith("orra cannot start: WORKER_CONCURRENCY must be a whole number")
    assert process.returncode == 1
