"""The process that loads what all Python processes of a stack need, and forks into each of them.

What was loaded before is in memory once for all of them, and each starts at once. Run as ``python -m
orra.embedded.loading REQUESTS ANSWERS``, both numbers of open files, by :mod:`orra.embedded.forks`, which tells it
what to load and what to run. What is loaded must start no threads, for a fork has only the one that forked.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import signal
import socket
import struct
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from orra.embedded.processes import die_with_parent, give_back_memory

LENGTH = struct.Struct("!I")  # of the JSON that follows


@dataclass(frozen=True)
class Run:
    """What a fork becomes: ``arguments`` as Python takes them (``-m module …`` or ``script.py …``), variables that
    are other than those of the load, and the open file that takes what it says."""

    arguments: Sequence[str]
    variables: dict[str, str]
    folder: str
    output: int

    def become(self) -> None:
        """Goes on as that program does from its first line."""
        for number in (1, 2):
            os.dup2(self.output, number)
        os.close(self.output)
        os.environ.update(self.variables)
        os.chdir(self.folder)
        gc.enable()
        if self.arguments[0] == "-m":
            sys.path[0] = self.folder
            sys.argv = list(self.arguments[1:])
            runpy.run_module(self.arguments[1], run_name="__main__", alter_sys=True)
        else:
            script = os.path.abspath(self.arguments[0])
            sys.path[0] = os.path.dirname(script)
            sys.argv = list(self.arguments)
            runpy.run_path(script, run_name="__main__")


class Loaded:
    """Takes requests until nobody is there to ask. A request is a JSON object: ``load`` (modules, with the
    ``environment`` to load them in), ``run`` (and with it the open file for what it says), or ``signal`` (a fork,
    a number)."""

    def __init__(self, requests: socket.socket, answers: int) -> None:
        self._requests = requests
        self._answers = answers
        self._environment: dict[str, str] = {}
        self._forks: set[int] = set()
        self._follow = die_with_parent(signal.SIGKILL)

    def serve(self) -> Run | None:
        """In a fork what it shall become; in the process itself ``None``, at the end."""
        signal.signal(signal.SIGCHLD, self._reap)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        while (request := self._receive()) is not None:
            asked, files = request
            if "load" in asked:
                self._load(asked["load"], asked["environment"])
            elif "signal" in asked:
                self._signal(*asked["signal"])
            else:
                [output] = files
                run = self._read_run(asked["run"], output)
                if self._fork():
                    return run
                os.close(output)
        return None

    def _receive(self) -> tuple[dict[str, Any], list[int]] | None:
        head, files, _, _ = socket.recv_fds(self._requests, LENGTH.size, 1)
        if not head:
            return None
        with self._requests.makefile("rb", buffering=0) as stream:
            head += _read(stream, LENGTH.size - len(head))
            return json.loads(_read(stream, *LENGTH.unpack(head))), list(files)

    def _load(self, modules: Sequence[str], environment: dict[str, str]) -> None:
        os.environ.update(environment)
        self._environment = environment
        for module in modules:
            importlib.import_module(module)
        # What is here now is never garbage: a collection in a fork would write to all of it, and so copy it.
        gc.collect()
        gc.freeze()
        give_back_memory()

    def _read_run(self, asked: dict[str, Any], output: int) -> Run:
        # Only what is other: settings that were read have taken variables away.
        variables = {
            name: value for name, value in asked["environment"].items() if self._environment.get(name) != value
        }
        return Run(asked["arguments"], variables, asked["folder"], output)

    def _fork(self) -> bool:
        """Whether this is the fork."""
        with _held_back(signal.SIGCHLD):
            try:
                pid = os.fork()
            except OSError as error:
                self._answer(failed=str(error))
                return False
            if pid:
                self._forks.add(pid)
                self._answer(started=pid)
                return False
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
        os.setsid()
        if self._follow is not None:
            self._follow()
        self._requests.close()
        os.close(self._answers)
        return True

    def _reap(self, *_: object) -> None:
        for pid in list(self._forks):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                self._forks.discard(pid)
                self._answer(ended=pid, status=os.waitstatus_to_exitcode(status))

    def _signal(self, pid: int, number: int) -> None:
        with _held_back(signal.SIGCHLD):  # a number that was reaped may be another process's by now
            if pid in self._forks:
                os.kill(pid, number)

    def _answer(self, **told: Any) -> None:
        with suppress(OSError):  # nobody listens any more: the next request is the end
            os.write(self._answers, json.dumps(told).encode() + b"\n")


@contextmanager
def _held_back(number: signal.Signals) -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [number])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _read(stream: Any, length: int) -> bytes:
    content = b""
    while len(content) < length:
        more = stream.read(length - len(content))
        if not more:
            raise EOFError("The request ends in its middle.")
        content += more
    return content


def main() -> None:
    run = Loaded(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2])).serve()
    if run is not None:
        run.become()


if __name__ == "__main__":
    main()
