"""Keeping a child process running: start, relay what it says, start again when it dies, stop in time."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from orra.embedded.processes import EmbeddedError, die_with_parent

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 10.0
STEADY_SECONDS = 30.0  # a child that ran that long is started again as if for the first time
MAX_LOG_BYTES = 10_000_000
LOUD_LEVELS = {"warning", "error", "critical"}


def say(text: str) -> None:
    """A line for whoever watches the terminal, if anybody still does."""
    with suppress(OSError):
        print(text, flush=True)


@dataclass(frozen=True)
class Program:
    """What a child runs, and how many seconds it gets to stop by itself."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    stop_seconds: float
    inherited: tuple[int, ...] = ()


class Process(Protocol):
    """A program that runs. What it says comes from ``stdout``, its errors too."""

    @property
    def pid(self) -> int: ...

    @property
    def returncode(self) -> int | None: ...

    @property
    def stdout(self) -> asyncio.StreamReader | None: ...

    def send_signal(self, number: int, /) -> None: ...

    def kill(self) -> None: ...

    async def wait(self) -> int: ...


Spawn = Callable[[Program], Awaitable[Process]]


async def execute(program: Program) -> Process:
    """Starts it as a process of its own. Raises OSError."""
    return await asyncio.create_subprocess_exec(
        *program.command,
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=STDOUT,
        cwd=program.folder,
        env=program.environment,
        pass_fds=program.inherited,
        # Out of the terminal's reach: Ctrl-C is for the supervisor, which stops its children in order.
        start_new_session=True,
        preexec_fn=die_with_parent(signal.SIGKILL),
    )


@dataclass
class Log:
    """What a child says: all of it in a file of bounded size, its warnings on the terminal. What cannot be written
    is left out, which the terminal is told once: a full disk stops no child."""

    name: str
    path: Path
    verbose: bool = False
    _rest: bytes = b""
    _leaves_out: bool = False

    def write(self, content: bytes) -> None:
        try:
            self._append(content)
            self._leaves_out = False
        except OSError as error:
            if not self._leaves_out:
                say(f"{self.path} cannot be written ({error.strerror}): what {self.name} says is left out.")
            self._leaves_out = True
        *lines, self._rest = (self._rest + content).split(b"\n")
        self._rest = self._rest[-MAX_LOG_BYTES:]
        for line in lines:
            if self.verbose or is_loud(line):
                say(f"{self.name:<8} {line.decode('utf-8', 'replace')}")

    def _append(self, content: bytes) -> None:
        if self.path.exists() and self.path.stat().st_size > MAX_LOG_BYTES:
            self.path.replace(self.path.with_suffix(".log.1"))
        with self.path.open("ab") as file:
            file.write(content)

    def tail(self) -> str:
        """The end of the file, for a message."""
        text = self.path.read_text(errors="replace") if self.path.exists() else ""
        return "\n".join(text.strip().splitlines()[-12:])


def is_loud(line: bytes) -> bool:
    """Whether a line of a log is a warning or worse. Lines that are not JSON come from elsewhere and are not."""
    try:
        event = json.loads(line)
    except ValueError:
        return False
    return isinstance(event, dict) and event.get("level") in LOUD_LEVELS


@dataclass
class Child:
    """One program that is to run until :meth:`stop`."""

    program: Program
    log: Log
    spawn: Spawn = execute
    starts: int = 0
    _process: Process | None = None
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process and self._process.returncode is None else None

    def start(self, *, on_change: Callable[[], object]) -> None:
        """Starts it in the background. ``on_change`` is called whenever :attr:`pid` is another."""
        self._task = asyncio.create_task(self._keep_running(on_change))

    async def stop(self) -> None:
        """Asks it to end, then makes it. Returns when it has ended."""
        self._stopping.set()
        if self.pid is not None:
            self._signal(signal.SIGTERM)
        if self._task is None:
            return
        done, _ = await asyncio.wait([self._task], timeout=self.program.stop_seconds)
        if not done:
            self._signal(signal.SIGKILL)
            await self._task

    def kill(self) -> None:
        self._stopping.set()
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)

    async def _keep_running(self, on_change: Callable[[], object]) -> None:
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            began = time.monotonic()
            self.starts += 1
            ended = await self._run(on_change)
            if self._stopping.is_set():
                return
            pause = FIRST_PAUSE if time.monotonic() - began > STEADY_SECONDS else pause
            say(
                f"{self.program.name} ended by itself ({ended}); starting it again in {pause:g} s. "
                f"Its log: {self.log.path}"
            )
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _run(self, on_change: Callable[[], object]) -> str:
        """From start to end. How it ended, in words."""
        try:
            self._process = await self.spawn(self.program)
        except (OSError, EmbeddedError) as error:  # no memory or no process to be had: later perhaps
            return str(error)
        on_change()
        if self._stopping.is_set():  # asked while it was being started
            self._signal(signal.SIGTERM)
        status = await self._relay(self._process)
        on_change()
        return ending(status)

    async def _relay(self, process: Process) -> int:
        assert process.stdout is not None
        while content := await process.stdout.read(65536):
            self.log.write(content)
        return await process.wait()


def refusal(output: str) -> str | None:
    """Why a program of ours could not start or go on, where its last line says so."""
    found = re.search(r"^orra cannot (?:start|go on): (.+)\Z", output.strip(), re.MULTILINE)
    return found[1] if found else None


def ending(status: int) -> str:
    if status >= 0:
        return f"exit code {status}"
    return signal.Signals(-status).name if -status in set(signal.Signals) else f"signal {-status}"


async def run_once(program: Program, spawn: Spawn = execute) -> tuple[int, str]:
    """Runs a program to its end. Its exit code and what it said."""
    process = await spawn(program)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(program.stop_seconds):
            output = await process.stdout.read()
            status = await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
        return -signal.SIGKILL, f"{program.name} took longer than {program.stop_seconds:g} s."
    return status, output.decode("utf-8", "replace").strip()


def python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]
