"""The stack as its operator knows it: start, stop, kill, start again."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import psycopg
import pytest

from orra.embedded import BASE_DIR
from orra.postgres import postmaster_pid, use_postgres
from orra.processes import EmbeddedError
from orra.runs import StartedStack, running
from tests.live.conftest import OWN, StartStack

pytestmark = pytest.mark.live


def get(stack: StartedStack, path: str) -> Any:
    request = urllib.request.Request(stack.url + path, headers={"Authorization": f"Bearer {stack.api_key}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def wait_until(condition: Callable[[], object], *, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def family(stack: StartedStack) -> list[psutil.Process]:
    """The supervisor, its children, and the database, which is nobody's child."""
    supervisor = psutil.Process(stack.process.pid)
    database = postmaster_pid(stack.data_dir)
    assert database is not None
    return [supervisor, *supervisor.children(recursive=True), psutil.Process(database)]


def alive(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    return [process for process in processes if process.is_running() and process.status() != "zombie"]


def run_up(data_dir: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """``up`` where it is expected to refuse."""
    kept = {name: value for name, value in os.environ.items() if name not in OWN}
    return subprocess.run(
        [sys.executable, "-m", "orra.stack", "up"],
        cwd=BASE_DIR,
        env={**kept, "PORT": "0", "ORRA_DATA_DIR": str(data_dir), **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_stack_serves_and_stops_and_leaves_nothing_running(start_stack: StartStack) -> None:
    with start_stack(WEB_CONCURRENCY="2") as stack:
        assert get(stack, "/readyz") == {"status": "ok", "database": "ok", "broker": "ok"}
        assert get(stack, "/v1/project")["name"] == "default"
        assert set(stack.processes) == {"broker", "web-1", "web-2", "worker", "beat"}
        processes = family(stack)
        assert len(processes) >= 7
        stack.process.send_signal(signal.SIGTERM)
        assert stack.process.wait(20) == 0
        assert alive(processes) == []
        assert running(stack.data_dir) is None
        said = (stack.data_dir / "stack.log").read_text()
    assert stack.url in said
    assert stack.api_key in said
    assert "Stopped." in said


def test_what_was_made_is_there_after_a_restart(start_stack: StartStack) -> None:
    with start_stack() as first:
        project = get(first, "/v1/project")
    with start_stack() as second:
        assert get(second, "/v1/project") == project
        assert second.credentials == first.credentials
    for name in ("credentials.json", "secret-key", "operator-token"):
        assert stat.S_IMODE((second.data_dir / name).stat().st_mode) == 0o600


def test_a_kill_of_the_supervisor_takes_its_children_along(start_stack: StartStack) -> None:
    with start_stack() as stack:
        children = psutil.Process(stack.process.pid).children(recursive=True)
        stack.process.kill()
        stack.process.wait()
        wait_until(lambda: not alive(children))
        assert running(stack.data_dir) is None


def test_data_survives_a_kill_of_everything(start_stack: StartStack) -> None:
    with start_stack() as stack:
        project = get(stack, "/v1/project")
        processes = family(stack)
        processes += psutil.Process(processes[-1].pid).children(recursive=True)
        for process in processes:
            process.kill()
        stack.process.wait()
        wait_until(lambda: not alive(processes))
    with start_stack() as again:
        assert get(again, "/v1/project") == project


@pytest.mark.parametrize("name", ["web-1", "worker", "beat", "broker"])
def test_a_child_that_dies_is_started_again(start_stack: StartStack, name: str) -> None:
    with start_stack() as stack:
        before = stack.processes[name]
        assert before is not None
        os.kill(before, signal.SIGKILL)
        wait_until(lambda: stack.processes.get(name) not in {None, before})
        wait_until(lambda: get(stack, "/readyz")["broker"] == "ok")
        assert f"{name} ended by itself (SIGKILL)" in (stack.data_dir / "stack.log").read_text()


def test_a_database_that_dies_is_started_again(start_stack: StartStack) -> None:
    with start_stack() as stack:
        project = get(stack, "/v1/project")
        before = postmaster_pid(stack.data_dir)
        assert before is not None
        os.kill(before, signal.SIGKILL)
        wait_until(lambda: postmaster_pid(stack.data_dir) not in {None, before})

        def serves() -> bool:
            try:
                return bool(get(stack, "/v1/project") == project)
            except OSError:
                return False

        wait_until(serves)


def test_a_second_stack_on_the_same_data_is_told_of_the_first(start_stack: StartStack) -> None:
    with start_stack() as stack:
        refused = run_up(stack.data_dir)
        assert refused.returncode == 1
        assert f"A stack already runs on {stack.data_dir} at {stack.url}" in refused.stderr
        assert get(stack, "/readyz")["status"] == "ok"


def test_commands_use_the_database_of_a_running_stack_and_leave_it_running(start_stack: StartStack) -> None:
    with start_stack() as stack:
        pid = postmaster_pid(stack.data_dir)
        kept = {name: value for name, value in os.environ.items() if name not in OWN}
        made = subprocess.run(
            [sys.executable, "manage.py", "create_project", "by hand", "--json"],
            cwd=BASE_DIR,
            env={**kept, "ORRA_DATA_DIR": str(stack.data_dir)},
            capture_output=True,
            check=True,
        )
        request = urllib.request.Request(
            f"{stack.url}/v1/project", headers={"Authorization": f"Bearer {json.loads(made.stdout)['api_key']}"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert json.load(answer)["name"] == "by hand"
        assert postmaster_pid(stack.data_dir) == pid


def test_a_configured_database_is_used_instead(start_stack: StartStack, tmp_path: Path, data_dir: Path) -> None:
    other = data_dir / "elsewhere"
    url = use_postgres(other)
    with start_stack(DATABASE_URL=url) as stack:
        assert stack.credentials is None
        assert not (stack.data_dir / "postgres").exists()
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT count(*) FROM planengine_project").fetchone() == (0,)


class TestRefusals:
    def test_a_port_in_use(self, data_dir: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            refused = run_up(data_dir, PORT=str(port))
        assert refused.returncode == 1
        assert refused.stderr.startswith(f"orra cannot start: Port {port} of 127.0.0.1 cannot be used")
        assert refused.stderr.count("\n") == 1

    @pytest.mark.parametrize(
        ("variable", "value"),
        [("PORT", "many"), ("PORT", "65536"), ("WEB_CONCURRENCY", "0"), ("WORKER_CONCURRENCY", "²")],
    )
    def test_a_bad_number(self, data_dir: Path, variable: str, value: str) -> None:
        refused = run_up(data_dir, **{variable: value})
        assert refused.returncode == 1
        assert refused.stderr.startswith(f"orra cannot start: {variable} must be a whole number")

    def test_a_bad_setting_stops_the_start_and_everything_started_before(self, data_dir: Path) -> None:
        refused = run_up(data_dir, LLM_API_BASE_URL="not a url")
        assert refused.returncode == 1
        assert refused.stderr.splitlines() == [
            "orra cannot start: LLM_API_BASE_URL must be an address such as http://localhost:8000/v1."
        ]
        assert postmaster_pid(data_dir) is None

    def test_a_stack_that_does_not_start_says_why(self, start_stack: StartStack) -> None:
        with pytest.raises(EmbeddedError, match="LOG_LEVEL must be"), start_stack(LOG_LEVEL="LOUD"):
            pass
