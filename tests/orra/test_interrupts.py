"""Ctrl-C at a moment when Python would lose it."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Callable
from typing import Any

import pytest

from orra.embedded.processes import child, interrupted_afterwards

pytestmark = pytest.mark.usefixtures("interruptible")

SLEEPS = ["sleep", "600"]


def test_it_is_heard_at_the_end() -> None:
    did: list[str] = []
    with pytest.raises(KeyboardInterrupt), interrupted_afterwards():
        signal.raise_signal(signal.SIGINT)
        did.append("all of it")
    assert did == ["all of it"]


def test_nothing_is_heard_where_nothing_was_said() -> None:
    before = signal.getsignal(signal.SIGINT)
    with interrupted_afterwards():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_who_ignores_it_goes_on_ignoring_it() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interrupted_afterwards():
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_threads_hear_nothing_anyway() -> None:
    did: list[str] = []

    def start() -> None:
        with interrupted_afterwards():
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
