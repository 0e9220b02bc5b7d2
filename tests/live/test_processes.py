"""``orra web``, ``worker`` and ``beat`` by themselves, on a database and a broker that are there already."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
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


WAITS = "the database's tables are of an older release: waiting until `orra migrate` has run"


@contextmanager
def older_tables(url: str) -> Iterator[None]:
    """As if the newest migration had not been applied yet."""
    with psycopg.connect(url, autocommit=True) as connection:
        newest = (
            "DELETE FROM django_migrations WHERE id = (SELECT max(id) FROM django_migrations) RETURNING app, name"
        )
        row = connection.execute(newest).fetchone()
        yield
        connection.execute("INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, now())", row)


def answer(port: str, method: str, path: str) -> tuple[int, str | None, dict[str, str]]:
    """Status, when to come back, and what is said; 0 where nobody answers."""
    try:
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method)
        with urllib.request.urlopen(request, timeout=10) as told:
            return told.status, None, json.load(told)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Retry-After"], json.load(error)
    except OSError:
        return 0, None, {}


def free_port() -> str:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])


def next_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_processes_by_themselves_wait_for_their_tables_plan_together_and_stop_when_asked(
    variables: dict[str, str],
) -> None:
    with start(variables, "web") as early:
        assert "DATABASE_URL names a database without orra's tables. Run `orra migrate` first." in said(early)
    assert early.returncode == 1
    with start(variables, "migrate", "--verbosity", "0") as migrating:
        assert said(migrating) == ""
    assert migrating.returncode == 0

    with ExitStack() as started:
        ports = {"web": {"PORT": free_port()}, "worker": {"ORRA_HEALTH_PORT": free_port()}, "beat": {}}
        places = {name: next(iter(own.values()), "") for name, own in ports.items()}
        processes: dict[str, subprocess.Popen[str]] = {}
        try:
            with older_tables(variables["DATABASE_URL"]):
                for name, own in ports.items():
                    processes[name] = started.enter_context(start({**variables, **own}, name))
                assert [json.loads(next_line(process))["event"] for process in processes.values()] == [WAITS] * 3
                for name in ("web", "worker"):
                    until(lambda name=name: answer(places[name], "GET", "/livez")[0] == 200)  # type: ignore[misc]
                    assert answer(places[name], "GET", "/readyz")[2]["database"] == "migrations pending"
                status, come_back, told = answer(places["web"], "POST", "/v1/plans")
                assert (status, come_back, told["code"]) == (503, "2", "database_unreachable")
            for process in processes.values():
                assert json.loads(next_line(process))["event"] == "the database's tables are of this release"
            address = re.fullmatch(r"orra listens at (http://127.0.0.1:[0-9]+)\n", next_line(processes["web"]))
            assert address
            until(lambda: answer(places["worker"], "GET", "/readyz")[0] == 200)
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
