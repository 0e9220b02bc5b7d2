"""Ctrl-C at a moment when Python would lose it."""

from __future__ import annotations

import signal
import threading

import pytest

from orra.embedded.processes import interrupted_afterwards


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
