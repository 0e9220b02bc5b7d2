"""The stack as its operator knows it: start, stop, kill, start again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from orra.embedded.defaults import BASE_DIR
from orra.embedded.footprint import KINDS, memory_of
from orra.embedded.forks import can_fork
from orra.embedded.postgres import ensure_postgres, postmaster_pid, stop_postgres
from orra.embedded.processes import EmbeddedError
from orra.embedded.runs import StartedStack, running, running_stack
from tests.live.conftest import OWN, StartStack

pytestmark = pytest.mark.live


def get(stack: StartedStack, path: str, *, key: str = "") -> Any:
    headers = {"Authorization": f"Bearer {key or stack.api_key}"}
    request = urllib.request.Request(stack.url + path, headers=headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def wait_until(condition: Callable[[], object], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def family(stack: StartedStack) -> list[psutil.Process]:
    """Every process of a stack, the database's last."""
    supervisor = psutil.Process(stack.process.pid)
    database = database_of(stack)
    others = [process for process in supervisor.children(recursive=True) if process not in database]
    return [supervisor, *others, *database]


def database_of(stack: StartedStack) -> list[psutil.Process]:
    pid = postmaster_pid(stack.data_dir)
    assert pid is not None
    return [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]


def alive(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    return [process for process in processes if process.is_running() and process.status() != "zombie"]


def run_up(data_dir: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """``up`` where it is expected to refuse."""
    kept = {name: value for name, value in os.environ.items() if name not in OWN}
    return subprocess.run(
        [sys.executable, "-m", "orra", "up"],
        cwd=BASE_DIR,
        env={**kept, "PORT": "0", "ORRA_DATA_DIR": str(data_dir), **environment},
        capture_output=True,
        text=True,
        timeout=180,
    )


@pytest.fixture(scope="module")
def shared() -> Iterator[StartedStack]:
    """One stack for the tests that leave it as they found it."""
    folder = Path(tempfile.mkdtemp(prefix="orra-live-"))
    with running_stack(folder, {**OWN, "WEB_CONCURRENCY": "2"}) as stack:
        yield stack
    shutil.rmtree(folder)


def test_a_stack_stops_completely_and_starts_again_with_its_data(start_stack: StartStack) -> None:
    with start_stack() as stack:
        project = get(stack, "/v1/project")
        assert project["name"] == "default"
        processes = family(stack)
        stack.process.send_signal(signal.SIGTERM)
        assert stack.process.wait(60) == 0
        assert alive(processes) == []
        assert running(stack.data_dir) is None
        said = (stack.data_dir / "stack.log").read_text()
    for shown in (
        stack.url,
        stack.api_key,
        "Plans      the composer",
        "Texts      stay on this machine",
        "Stopped.",
    ):
        assert shown in said
    with start_stack() as again:
        assert get(again, "/v1/project") == project
        assert again.credentials == stack.credentials


def test_kills_leave_nothing_behind_that_hinders_the_next_start(start_stack: StartStack) -> None:
    with start_stack() as stack:
        project = get(stack, "/v1/project")
        processes = family(stack)
        database = database_of(stack)
        stack.process.kill()
        stack.process.wait()
        wait_until(lambda: not alive(process for process in processes if process not in database))
        assert running(stack.data_dir) is None
        assert alive(database[:1]) == database[:1]
    with start_stack() as stack:
        assert database_of(stack)[0] == database[0]
        assert get(stack, "/v1/project") == project
        processes = family(stack)
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        stack.process.wait()
        wait_until(lambda: not alive(processes))
    with start_stack() as stack:
        assert get(stack, "/v1/project") == project


def test_a_ready_stack_has_all_its_parts(shared: StartedStack) -> None:
    assert get(shared, "/readyz") == {"status": "ok", "database": "ok", "broker": "ok"}
    assert set(shared.processes) == {"broker", "web-1", "web-2", "worker", "beat"}


def test_it_tells_what_it_takes_of_memory(shared: StartedStack) -> None:
    run = running(shared.data_dir)
    assert run is not None
    memory = memory_of(run, shared.data_dir)
    kinds = set(KINDS) if can_fork() else set(KINDS) - {"loading"}
    assert set(memory) == kinds
    assert min(memory.values()) > 0
    wait_until(lambda: "Memory: " in (shared.data_dir / "stack.log").read_text())


@pytest.mark.skipif(not can_fork(), reason="runs its processes each by itself")
def test_its_python_processes_are_forks_of_one(shared: StartedStack) -> None:
    parents = {psutil.Process(shared.processes[name]).ppid() for name in ("web-1", "web-2", "worker", "beat")}
    assert len(parents) == 1
    assert parents != {shared.process.pid}


def test_its_secrets_are_its_owners_only(shared: StartedStack) -> None:
    for name in ("credentials.json", "secret-key", "operator-token", "run.json"):
        assert stat.S_IMODE((shared.data_dir / name).stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["web-1", "worker", "beat", "broker"])
def test_a_child_that_dies_is_started_again(shared: StartedStack, name: str) -> None:
    before = shared.processes[name]
    assert before is not None
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: shared.processes.get(name) not in {None, before})
    wait_until(lambda: get(shared, "/readyz")["broker"] == "ok")
    assert f"{name} ended by itself (SIGKILL)" in (shared.data_dir / "stack.log").read_text()


def test_a_database_that_dies_is_started_again(shared: StartedStack) -> None:
    project = get(shared, "/v1/project")
    before = database_of(shared)
    before[0].kill()
    wait_until(lambda: postmaster_pid(shared.data_dir) not in {None, before[0].pid})

    def serves() -> bool:
        try:
            return bool(get(shared, "/v1/project") == project)
        except OSError:
            return False

    wait_until(serves)


def test_a_second_stack_on_the_same_data_is_told_of_the_first(shared: StartedStack) -> None:
    refused = run_up(shared.data_dir)
    assert refused.returncode == 1
    assert f"A stack already runs on {shared.data_dir} at {shared.url}" in refused.stderr


def test_commands_use_the_database_of_a_running_stack_and_leave_it_running(shared: StartedStack) -> None:
    pid = postmaster_pid(shared.data_dir)
    kept = {name: value for name, value in os.environ.items() if name not in OWN}
    made = subprocess.run(
        [sys.executable, "manage.py", "create_project", "by hand", "--json"],
        cwd=BASE_DIR,
        env={**kept, "ORRA_DATA_DIR": str(shared.data_dir)},
        capture_output=True,
        check=True,
    )
    assert get(shared, "/v1/project", key=json.loads(made.stdout)["api_key"])["name"] == "by hand"
    assert postmaster_pid(shared.data_dir) == pid


def test_a_configured_database_is_used_instead(start_stack: StartStack, data_dir: Path) -> None:
    other = data_dir / "elsewhere"
    url = ensure_postgres(other, throwaway=True)
    try:
        with start_stack(DATABASE_URL=url) as stack:
            assert stack.credentials is None
            assert not (stack.data_dir / "postgres").exists()
            with psycopg.connect(url) as connection:
                assert connection.execute("SELECT count(*) FROM planengine_project").fetchone() == (0,)
    finally:
        stop_postgres(other)


def test_a_stack_that_is_known_by_its_public_name_only_becomes_ready(start_stack: StartStack) -> None:
    with start_stack(ALLOWED_HOSTS="orra.example.com") as stack:
        assert get(stack, "/v1/project")["name"] == "default"


def test_two_that_migrate_an_empty_database_at_once_both_succeed(data_dir: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if name not in OWN}
    migrating = [
        subprocess.Popen(
            [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
            cwd=BASE_DIR,
            env={**kept, "ORRA_DATA_DIR": str(data_dir)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=120)[1] for process in migrating]
    assert [process.returncode for process in migrating] == [0, 0], said


class TestRefusals:
    def test_a_port_in_use(self, data_dir: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            refused = run_up(data_dir, PORT=str(port))
        assert refused.returncode == 1
        assert refused.stderr.startswith(f"orra cannot start: Port {port} of 127.0.0.1 cannot be used")
        assert refused.stderr.count("\n") == 1

    @pytest.mark.parametrize("host", ["nowhere.invalid", "192.0.2.1"])
    def test_an_address_that_is_not_here(self, data_dir: Path, host: str) -> None:
        refused = run_up(data_dir, ORRA_HOST=host)
        assert refused.returncode == 1
        assert refused.stderr.startswith(f"orra cannot start: ORRA_HOST '{host}' is ")
        assert refused.stderr.count("\n") == 1

    @pytest.mark.parametrize(
        ("variable", "value"),
        [("PORT", "many"), ("PORT", "65536"), ("WEB_CONCURRENCY", "0"), ("WORKER_CONCURRENCY", "²")],
    )
    def test_a_bad_number(self, data_dir: Path, variable: str, value: str) -> None:
        refused = run_up(data_dir, **{variable: value})
        assert refused.returncode == 1
        assert refused.stderr.startswith(f"orra cannot start: {variable} must be a whole number")

    def test_a_bad_setting_stops_the_start_before_anything_is_started(self, data_dir: Path) -> None:
        refused = run_up(data_dir, LLM_API_BASE_URL="not a url")
        assert refused.returncode == 1
        assert refused.stderr.splitlines() == [
            "orra cannot start: LLM_API_BASE_URL must be an address such as http://localhost:8000/v1."
        ]
        assert not (data_dir / "postgres").exists()

    @pytest.mark.parametrize(
        ("variable", "value", "said"),
        [
            ("DATABASE_URL", "postgresql://u:never-told@127.0.0.1:1/x", "names a database that cannot be used"),
            (
                "BROKER_URL",
                "redis://:never-told@127.0.0.1:1/0",
                "names a broker that does not answer at 127.0.0.1:1",
            ),
        ],
    )
    def test_what_does_not_answer_stops_the_start_before_anything_is_started(
        self, data_dir: Path, variable: str, value: str, said: str
    ) -> None:
        refused = run_up(data_dir, **{variable: value})
        assert refused.returncode == 1
        assert refused.stderr.startswith(f"orra cannot start: {variable} {said}")
        assert refused.stderr.count("\n") == 1
        assert "never-told" not in refused.stderr
        assert not (data_dir / "postgres").exists()

    def test_a_stack_that_does_not_start_says_why(self, start_stack: StartStack) -> None:
        with pytest.raises(EmbeddedError, match="LOG_LEVEL must be"), start_stack(LOG_LEVEL="LOUD"):
            pass
