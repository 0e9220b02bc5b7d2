"""What the embedded services and the supervisor need to know about processes."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from orra.base.interrupts import held_back

PR_SET_PDEATHSIG = 1


class EmbeddedError(RuntimeError):
    """An embedded service cannot run. The message tells what to do."""


def die_with_parent(number: int) -> Callable[[], None] | None:
    """A ``preexec_fn`` that has the kernel send signal ``number`` to the child when its parent dies, however it
    dies. ``None`` where the system has no such thing."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:  # it died before the line above
            os.kill(os.getpid(), number)

    return ask


@contextmanager
def child(
    command: Sequence[str | Path], *, stop_seconds: float, **options: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that has ended when the block is left, also where Ctrl-C comes while it is being started.
    ``options`` are those of :class:`subprocess.Popen`."""
    with ExitStack() as left:
        with held_back():  # raised by what Python does around a fork, it would be lost
            process = subprocess.Popen(command, **options)
            left.callback(stop, process, seconds=stop_seconds)
        yield process


def stop(process: subprocess.Popen[bytes], *, seconds: float) -> None:
    """Asks a process to end, and ends it when that takes longer than so many seconds."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def give_back_memory() -> None:
    """Has the C library give back what it holds free, where it has a way to ask for that."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
