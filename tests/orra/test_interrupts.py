"""Ctrl-C and requests to end: at a moment when Python would lose them, and while a command is being loaded."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import orra_command
from orra.base.interrupts import REQUESTS_TO_END, heed, held_back, in_order
from orra.embedded.defaults import BASE_DIR
from orra.embedded.processes import child

pytestmark = pytest.mark.usefixtures("interruptible")

SLEEPS = ["sleep", "600"]


def test_it_is_heard_at_the_end() -> None:
    did: list[str] = []
    with pytest.raises(KeyboardInterrupt), held_back():
        signal.raise_signal(signal.SIGINT)
        did.append("all of it")
    assert did == ["all of it"]


def test_nothing_is_heard_where_nothing_was_said() -> None:
    before = signal.getsignal(signal.SIGINT)
    with held_back():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_who_ignores_it_goes_on_ignoring_it() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with held_back():
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_threads_hear_nothing_anyway() -> None:
    did: list[str] = []

    def start() -> None:
        with held_back():
            did.append("started")

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert did == ["started"]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The processes that are started, each with Ctrl-C while it is."""
    found: list[subprocess.Popen[bytes]] = []
    start: Callable[..., subprocess.Popen[bytes]] = subprocess.Popen

    def interrupted(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        found.append(start(*arguments, **options))
        signal.raise_signal(signal.SIGINT)
        return found[-1]

    monkeypatch.setattr(subprocess, "Popen", interrupted)
    return found


def test_a_child_that_was_being_started_has_ended(started: list[subprocess.Popen[bytes]]) -> None:
    with pytest.raises(KeyboardInterrupt), child(SLEEPS, stop_seconds=20):
        pytest.fail("nobody waits for it any more")
    assert started[0].returncode == -signal.SIGTERM


def test_a_child_has_ended_after_its_block() -> None:
    with pytest.raises(KeyboardInterrupt), child(SLEEPS, stop_seconds=20) as process:
        signal.raise_signal(signal.SIGINT)
    assert process.returncode == -signal.SIGTERM
    with child(SLEEPS, stop_seconds=20) as process:
        assert process.poll() is None
    assert process.returncode == -signal.SIGTERM


def test_a_command_that_is_interrupted_ends_with_130() -> None:
    def command() -> int:
        signal.raise_signal(signal.SIGINT)
        return 7

    assert in_order(command) == 130
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    assert in_order(lambda: 7) == 7


@pytest.fixture
def heeding(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sys, "unraisablehook", sys.__unraisablehook__)
    before = {number: signal.signal(number, signal.SIG_DFL) for number in REQUESTS_TO_END}
    heed()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("heeding")
@pytest.mark.parametrize("number", REQUESTS_TO_END)
def test_a_request_to_end_leaves_blocks_in_order(number: signal.Signals) -> None:
    did: list[str] = []
    with pytest.raises(SystemExit) as ended, held_back():
        signal.raise_signal(number)
        did.append("all of it")
    assert did == ["all of it"]
    assert ended.value.code == 128 + number


@pytest.mark.usefixtures("heeding")
def test_one_that_python_loses_comes_again(capsys: pytest.CaptureFixture[str]) -> None:
    class Interrupted:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    def command() -> int:
        Interrupted()
        threading.Event().wait(60)
        return 0

    assert in_order(command) == 130
    assert capsys.readouterr().err == ""


# Python runs it before a program: Ctrl-C comes when that looks for a module.
AT_MODULE = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever whoever runs the tests does
class Interrupting:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == os.environ["INTERRUPTED_AT"]:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupting)
"""
FROM_THE_WHEEL = "import sys; from orra_command import main; sys.exit(main())"
DIES = -signal.SIGINT
ENDS = 130


@pytest.mark.parametrize(
    ("command", "module", "status"),
    [
        (["-m", "orra", "up"], "orra.commands", DIES),
        (["-m", "orra", "up"], "asyncio", ENDS),
        (["manage.py", "help"], "orra.manage", DIES),
        (["manage.py", "help"], "onnxruntime", ENDS),
        (["-m", "orra.manage", "help"], "orra.embedded.defaults", ENDS),
        (["-c", FROM_THE_WHEEL], "orra_client", DIES),
    ],
)
def test_ctrl_c_while_modules_are_loaded_prints_nothing(
    command: list[str], module: str, status: int, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(AT_MODULE)
    client = Path(orra_command.__file__).parents[1]
    ended = subprocess.run(
        [sys.executable, *command],
        cwd=BASE_DIR,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{tmp_path}{os.pathsep}{client}",
            "ORRA_DATA_DIR": str(tmp_path / "data"),
            "DATABASE_URL": "postgresql:///none",
            "BROKER_URL": "memory://",
            "SECRET_KEY": "settings are read, and nothing is signed with it",
            "INTERRUPTED_AT": module,
        },
        capture_output=True,
        text=True,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (status, "", "")
