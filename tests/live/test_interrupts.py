"""Ctrl-C, as a terminal gives it to all processes of a command: whenever it comes, all ends, and quietly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from orra.embedded.defaults import BASE_DIR
from orra.embedded.postgres import postmaster_pid
from orra.embedded.runs import running
from tests.live.conftest import OWN, new_data_dir

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    with new_data_dir() as folder:
        yield folder


def interrupted(data_dir: Path, command: str, *, at: str, again_at: str = "") -> tuple[int, str]:
    """The exit code, and what it said; the interrupt comes when it has said ``at``, and once more."""
    kept = {name: value for name, value in os.environ.items() if name not in OWN}
    said = []
    waited_for = [at, *([again_at] if again_at else [])]
    with subprocess.Popen(
        [sys.executable, "-m", "orra", command],
        cwd=BASE_DIR,
        env={**kept, "PORT": "0", "ORRA_DATA_DIR": str(data_dir), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if waited_for and waited_for[0] in line:
                del waited_for[0]
                os.killpg(process.pid, signal.SIGINT)
    assert not waited_for, "".join(said)
    return process.returncode, "".join(said)


@pytest.mark.parametrize("at", ["Starting orra", "database ready", "broker ready"])
def test_a_stack_that_is_being_started_stops(data: Path, at: str) -> None:
    status, said = interrupted(data, "up", at=at)

    assert status == 0, said
    assert "Stopping." in said
    assert "Traceback" not in said and "Exception" not in said
    assert running(data) is None
    assert postmaster_pid(data) is None


def test_whoever_has_no_patience_asks_twice(data: Path) -> None:
    status, said = interrupted(data, "up", at="broker ready", again_at="Stopping.")

    assert status == 0, said
    assert "Traceback" not in said and "Exception" not in said
    assert running(data) is None


def test_the_demo_stops_what_it_started(data: Path) -> None:
    status, said = interrupted(data, "demo", at="Starting the plan engine")

    assert status == 130, said
    assert "The demo was stopped before its end." in said
    assert "Traceback" not in said and "Exception" not in said
    assert running(data) is None
