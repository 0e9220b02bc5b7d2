"""Ctrl-C and requests to end, from a command's first line to its last: it ends, and without a traceback.

What Python raises for a signal is lost in a library that is just being loaded, or comes out of it as another
error. So there are three ways: :func:`end_at_once` while there is nothing to put in order, :func:`held_back` while
there is and libraries are loaded, and :func:`in_order`, with :func:`heed`, for the rest. This module imports
nothing that takes time.
"""

from __future__ import annotations

import _thread
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 130
REQUESTS_TO_END = (signal.SIGTERM, signal.SIGHUP)


def end_at_once() -> None:
    """From here on Ctrl-C just ends the process."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def in_order(command: Callable[[], int]) -> int:
    """Runs ``command``, with Ctrl-C as a KeyboardInterrupt. Returns its exit code; 130 where it was interrupted.
    What comes after that are a process's last steps, which nothing interrupts."""
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        return command()
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def heed() -> None:
    """From here on a request to end is a SystemExit, so that what this process started is stopped, and a Ctrl-C
    that comes while Python calls what has nobody to raise it to (a weak reference's callback) comes again. Does
    nothing in a thread, and about a signal that is taken otherwise."""
    if not _hears_signals():
        return
    for number in REQUESTS_TO_END:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _exit)
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = _raise_again


@contextmanager
def held_back() -> Iterator[None]:
    """Ctrl-C and requests to end are heard at the end of the block."""
    if not _hears_signals():
        yield
        return
    heard: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, *REQUESTS_TO_END)}
    for number in before:
        signal.signal(number, lambda number, frame: heard.append(number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for first in heard[:1]:
        signal.raise_signal(first)


def _hears_signals() -> bool:
    """Signals are the main thread's."""
    return threading.current_thread() is threading.main_thread()


def _raise_again(lost: sys.UnraisableHookArgs) -> None:
    if lost.exc_type is KeyboardInterrupt:
        _thread.start_new_thread(_interrupt, ())
    else:
        sys.__unraisablehook__(lost)


def _interrupt() -> None:
    """The main thread, once it goes on: a signal that only the process gets would not wake it."""
    if (main := threading.main_thread().ident) is not None:
        signal.pthread_kill(main, signal.SIGINT)


def _exit(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
