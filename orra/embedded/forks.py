"""Programs run as forks of one Python that has loaded already: :mod:`orra.embedded.loading`, as the supervisor
sees it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from orra.embedded.defaults import BASE_DIR
from orra.embedded.loading import LENGTH
from orra.embedded.processes import EmbeddedError, die_with_parent
from orra.embedded.supervision import Log, Process, Program, python

Environment = Mapping[str, str]


class Fork:
    """One program that runs, with what :class:`asyncio.subprocess.Process` has of it."""

    def __init__(self, forks: Forks, pid: int, stdout: asyncio.StreamReader) -> None:
        self.pid = pid
        self.stdout = stdout
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._forks = forks

    @property
    def returncode(self) -> int | None:
        return self.ended.result() if self.ended.done() else None

    def send_signal(self, number: int) -> None:
        """Raises ProcessLookupError when it has ended."""
        if self.ended.done():
            raise ProcessLookupError
        self._forks.ask({"signal": [self.pid, number]})

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    async def wait(self) -> int:
        return await asyncio.shield(self.ended)


class Forks:
    """The process that loads and forks. It is started when it is first needed, and again when it is lost: then its
    forks are lost too, and each is run anew by whoever watches it. It and all forks have the open files
    ``inherited``, under the same numbers."""

    def __init__(self, log: Log, *, inherited: Sequence[int] = ()) -> None:
        self._log = log
        self._inherited = inherited
        self._loads: list[tuple[Sequence[str], Environment]] = []
        self._process: asyncio.subprocess.Process | None = None
        self._requests: socket.socket | None = None
        self._forks: dict[int, Fork] = {}
        self._started: asyncio.Future[Fork] | None = None
        self._alone = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def load(self, modules: Sequence[str], environment: Environment) -> None:
        """Has it import these from now on, after what it was told before. Does not wait until it has."""
        self._loads.append((modules, environment))
        async with self._alone:
            if self._is_there:
                self._tell(self._loads[-1])
            else:
                await self._begin()

    async def spawn(self, program: Program) -> Process:
        """Raises OSError when there can be no fork, :class:`EmbeddedError` when what is to be loaded cannot be."""
        async with self._alone:
            if not self._is_there:
                await self._begin()
            reading, writing = os.pipe()
            try:
                self._started = asyncio.get_running_loop().create_future()
                self._ask_to_run(program, output=writing)
                fork = await self._started
            except BaseException:
                os.close(reading)
                raise
            finally:
                os.close(writing)
                self._started = None
            await _read_from(reading, fork.stdout)
            return fork

    async def stop(self) -> None:
        """Ends it, and with it whatever of its forks still runs."""
        if self._requests is not None:
            self._requests.close()
            self._requests = None
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()  # it may still be loading, for which nobody waits any more
            await self._process.wait()
        await asyncio.gather(*self._tasks)

    def ask(self, request: object, files: Sequence[int] = ()) -> None:
        if self._requests is None:
            return
        content = json.dumps(request).encode()
        try:
            socket.send_fds(self._requests, [LENGTH.pack(len(content))], files)
            self._requests.sendall(content)
        except OSError:
            self._requests.close()  # it has ended, as is told by the end of its answers
            self._requests = None

    @property
    def _is_there(self) -> bool:
        return self._requests is not None

    async def _begin(self) -> None:
        ours, theirs = socket.socketpair()
        reading, writing = os.pipe()
        with theirs:
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *python("-m", "orra.embedded.loading", str(theirs.fileno()), str(writing)),
                    stdin=DEVNULL,
                    stdout=PIPE,
                    stderr=STDOUT,
                    cwd=BASE_DIR,
                    env=self._loads[0][1],
                    pass_fds=[*self._inherited, theirs.fileno(), writing],
                    start_new_session=True,
                    preexec_fn=die_with_parent(signal.SIGKILL),
                )
            finally:
                os.close(writing)
        self._requests = ours
        for load in self._loads:
            self._tell(load)
        answers = asyncio.StreamReader()
        await _read_from(reading, answers)
        watching = asyncio.create_task(self._watch(self._process, answers, ours))
        self._tasks.add(watching)
        watching.add_done_callback(self._tasks.discard)

    def _tell(self, load: tuple[Sequence[str], Environment]) -> None:
        modules, environment = load
        self.ask({"load": list(modules), "environment": dict(environment)})

    def _ask_to_run(self, program: Program, *, output: int) -> None:
        run = {
            "arguments": program.command[1:],
            "environment": dict(program.environment),
            "folder": str(program.folder),
        }
        self.ask({"run": run}, [output])

    async def _watch(
        self, process: asyncio.subprocess.Process, answers: asyncio.StreamReader, requests: socket.socket
    ) -> None:
        """Until it ends."""
        relaying = asyncio.create_task(self._relay(process))
        while line := await answers.readline():
            self._hear(json.loads(line))
        await relaying
        requests.close()
        if self._requests is requests:
            self._requests = None
        for fork in self._forks.values():  # they end with it
            fork.ended.set_result(-signal.SIGKILL)
        self._forks.clear()
        if self._started is not None and not self._started.done():
            self._started.set_exception(
                EmbeddedError(self._log.tail() or "What all processes load ends by itself.")
            )

    async def _relay(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while content := await process.stdout.read(65536):
            self._log.write(content)

    def _hear(self, told: dict[str, Any]) -> None:
        asked = self._started if self._started is not None and not self._started.done() else None
        if "ended" in told:
            self._forks.pop(told["ended"]).ended.set_result(told["status"])
        elif "started" in told:
            fork = self._forks[told["started"]] = Fork(self, told["started"], asyncio.StreamReader())
            if asked is not None:
                asked.set_result(fork)
            else:  # whoever asked for it has gone
                fork.kill()
        elif asked is not None:
            asked.set_exception(OSError(told["failed"]))


async def _read_from(file: int, reader: asyncio.StreamReader) -> None:
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(file, "rb", 0))


def can_fork() -> bool:
    """On other systems libraries of theirs are not to be used in a fork of a process that has used them."""
    return sys.platform == "linux"
