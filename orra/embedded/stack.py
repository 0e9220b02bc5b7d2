"""Everything that orra is, started, watched and stopped together: ``orra up``.

Database and broker (embedded unless configured), migrations, web processes on one port, a worker, and the beat.
One stack per data directory; any number of them side by side, each with its own directory and port.
"""

from __future__ import annotations

import argparse
import asyncio
import errno
import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import sys
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from orra.base.environment.secret_files import UnusableSecret, read_secret_files
from orra.base.interrupts import end_at_once
from orra.base.release import command
from orra.embedded.defaults import BASE_DIR, FILLED_LATER, fill, fill_secrets
from orra.embedded.first_steps import first_steps
from orra.embedded.folders import make_private
from orra.embedded.footprint import in_words, memory_of
from orra.embedded.forks import Forks, can_fork
from orra.embedded.postgres import cluster_id, ensure_postgres, leave_postgres, postmaster_pid, use_postgres
from orra.embedded.processes import EmbeddedError
from orra.embedded.runs import Credentials, Options, Running, credentials, running, write
from orra.embedded.supervision import Child, Log, Program, Spawn, execute, python, refusal, run_once, say
from orra.embedded.valkey import Valkey

START_SECONDS = 120  # on a machine that is busy with other things
COMMAND_SECONDS = 300  # a migration of much data takes its time
POSTGRES_WATCH_SECONDS = 1.0
ANNOUNCE_AGAIN_SECONDS = 1.0
CHECKED = {"database": "DATABASE_URL", "broker": "BROKER_URL"}  # where they are somebody else's
OPERATOR = "operator"
PROJECT = "default"
# What all Python processes hold. The libraries need no settings: database and broker are started meanwhile.
LIBRARIES = (
    "celery.apps.beat",
    "celery.apps.worker",
    "celery.concurrency.thread",
    "django.contrib.staticfiles.handlers",
    "django.core.management.commands.migrate",
    "kombu.transport.redis",
    "numpy",
    "orra.base.database.postgres.base",
    "psycopg_pool",
    "uvicorn.lifespan.on",
    "uvicorn.loops.uvloop",
    "uvicorn.protocols.http.httptools_impl",
)
# They read the settings, which name the database.
SERVICE = ("orra.asgi", "orra.urls", "orra.loaded")
# Unless they are set. Calls are many and small: threads of the C library's own would cost memory and win nothing.
FRUGAL = {"MALLOC_ARENA_MAX": "2", "OPENBLAS_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}

# Every request of the supervisor goes to itself, whatever proxy the environment names.
_http = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def main(argv: Sequence[str]) -> int:
    """What ``orra up`` does. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="orra up",
        description="Start everything and stay; Ctrl-C stops it. docs/settings.md has the variables.",
    )
    parser.add_argument("--verbose", action="store_true", help="show all that the processes log")
    verbose = parser.parse_args(argv).verbose
    end_at_once()  # nothing is there to be stopped in order
    try:
        read_secret_files(os.environ)
        return up(Options.read(verbose=verbose))
    except (EmbeddedError, UnusableSecret) as error:
        sys.exit(f"orra cannot start: {error}")


def up(options: Options) -> int:
    """Runs a stack until SIGINT or SIGTERM. Raises :class:`EmbeddedError` when it cannot start."""
    with alone(options.data_dir), listening(options) as listener:
        try:
            return asyncio.run(Stack(options, listener).run())
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # all has stopped: the rest takes no time


@contextmanager
def alone(data_dir: Path) -> Iterator[None]:
    """Holds the data directory for one stack. The kernel lets go of it when the process ends, however it ends."""
    make_private(data_dir)
    lock = os.open(data_dir / "stack.lock", os.O_RDONLY | os.O_CREAT, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        other = running(data_dir)
        where = f" at {other.url} (process {other.pid})" if other else ""
        raise EmbeddedError(
            f"A stack already runs on {data_dir}{where}. Stop it, or choose another ORRA_DATA_DIR and PORT."
        ) from None
    finally:
        os.close(lock)


@contextmanager
def listening(options: Options) -> Iterator[socket.socket]:
    """The one socket that all web processes accept from."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            options.host, options.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError):
        raise EmbeddedError(f"ORRA_HOST {options.host!r} is not a name or address that can be found.") from None
    with socket.socket(family, kind, protocol) as listener:
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(1024)
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                raise EmbeddedError(f"ORRA_HOST {options.host!r} is not an address of this machine.") from None
            raise EmbeddedError(
                f"Port {options.port} of {options.host} cannot be used: {error.strerror}. "
                "Set PORT to another; PORT=0 takes a free one."
            ) from None
        yield listener


def address_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Stack:
    """One run, from the first process started to the last one stopped."""

    def __init__(self, options: Options, listener: socket.socket) -> None:
        self.options = options
        self.listener = listener
        self.url = address_of(listener)
        self.data_dir = options.data_dir
        self.embedded_database = False
        self.ready = False
        self.told: list[str] = []
        self.children: list[Child] = []
        self.forks = Forks(self._log("loading"), inherited=[listener.fileno()]) if can_fork() else None
        self.spawn: Spawn = self.forks.spawn if self.forks is not None else execute
        self._watch: asyncio.Task[None] | None = None

    async def run(self) -> int:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._on_signal, stop)
        starting = asyncio.create_task(self._start())
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([starting, stopping], return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
                await stopping
        finally:
            stopping.cancel()
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)  # whatever ended it, the children are stopped
            await self._stop()
        return 0

    def _on_signal(self, stop: asyncio.Event) -> None:
        if stop.is_set():  # asked again: no more patience
            for child in self.children:
                child.kill()
        else:
            say("Stopping.")
            stop.set()

    async def _start(self) -> None:
        began = time.monotonic()
        say(f"Starting orra, with its data in {self.data_dir}")
        self._announce()
        os.environ.update({**FRUGAL, **os.environ, "PYTHONUNBUFFERED": "1"})
        if self.forks is not None:
            await self.forks.load(LIBRARIES, os.environ)
        self.told = await self._check_settings()
        # Counters of processes that ended long ago: one file each, read at every scrape.
        shutil.rmtree(self.data_dir / "metrics", ignore_errors=True)
        await self._start_database()
        fill_secrets(self.data_dir)
        await self._start_broker()
        if self.forks is not None:
            await self.forks.load(SERVICE, os.environ)
        await self._command("migrate", "--noinput", "--verbosity", "0")
        for program in self._programs():
            self._run(program, self.spawn)
        made, _ = await asyncio.gather(self._credentials(), self._until_ready())
        self.ready = True
        run = self._announce()
        self._show(made, seconds=time.monotonic() - began)
        memory = await asyncio.to_thread(memory_of, run, self.data_dir)
        say(f"Memory: {in_words(memory)}.")

    async def _check_settings(self) -> list[str]:
        """Before anything is started for a process that could not read them, or that could not use what they name.
        What is filled in later is named. Who does what, a line for each."""
        later = {name: os.environ.get(name, "").strip() or value for name, value in FILLED_LATER.items()}
        environment = {**os.environ, **later, "ORRA_DATA_DIR": str(self.data_dir)}
        given = [name for name, variable in CHECKED.items() if os.environ.get(variable, "").strip()]
        command = python("-m", "orra.starting", *given)
        told = await self._run_once(Program("settings", command, environment, BASE_DIR, START_SECONDS), execute)
        return told.splitlines()

    async def _start_database(self) -> None:
        fill("ORRA_DATA_DIR", lambda: str(self.data_dir))
        if os.environ.get("DATABASE_URL", "").strip():
            return
        url = await asyncio.to_thread(use_postgres, self.data_dir)
        fill("DATABASE_URL", lambda: url)
        fill("ORRA_OPEN_REGISTRATION", lambda: "1")
        self.embedded_database = True
        self._watch = asyncio.create_task(self._watch_database())
        say("  database ready")

    async def _watch_database(self) -> None:
        while True:
            await asyncio.sleep(POSTGRES_WATCH_SECONDS)
            if not (self.data_dir / "postgres" / "PG_VERSION").exists():
                say(f"The data in {self.data_dir} is gone; stopping.")
                os.kill(os.getpid(), signal.SIGTERM)
                return
            if postmaster_pid(self.data_dir) is None:
                say("Postgres ended by itself; starting it again.")
                try:
                    await asyncio.to_thread(ensure_postgres, self.data_dir)
                except (EmbeddedError, OSError) as error:
                    say(str(error))
                self._announce()

    async def _start_broker(self) -> None:
        if os.environ.get("BROKER_URL", "").strip():
            return
        valkey = Valkey(self.data_dir)
        fill("BROKER_URL", lambda: valkey.url)
        await asyncio.to_thread(valkey.stop_remains)
        broker = self._program("broker", valkey.command(), folder=valkey.folder, stop_seconds=2)
        child = self._run(broker, execute)
        await self._until(lambda: asyncio.to_thread(valkey.answers), children=[child])
        say("  broker ready")

    def _programs(self) -> list[Program]:
        listener = self.listener.fileno()
        beat = self.data_dir / "beat"
        make_private(beat)
        return [
            *(
                self._program(f"web-{number}", python("-m", "orra.web", str(listener)), inherited=(listener,))
                for number in range(1, self.options.web_processes + 1)
            ),
            self._program("worker", python("-m", "orra.worker", str(self.options.worker_threads))),
            self._program("beat", python("-m", "orra.beat", str(beat / "schedule")), stop_seconds=2),
        ]

    def _program(
        self,
        name: str,
        command: list[str],
        *,
        folder: Path = BASE_DIR,
        stop_seconds: float = 4,
        inherited: tuple[int, ...] = (),
    ) -> Program:
        return Program(name, command, dict(os.environ), folder, stop_seconds, inherited)

    def _run(self, program: Program, spawn: Spawn) -> Child:
        child = Child(program, self._log(program.name), spawn)
        self.children.append(child)
        child.start(on_change=self._announce)
        return child

    def _log(self, name: str) -> Log:
        logs = self.data_dir / "logs"
        make_private(logs)
        return Log(name, logs / f"{name}.log", verbose=self.options.verbose)

    async def _command(self, *arguments: str, **environment: str) -> str:
        program = Program(
            f"The command {arguments[0]}",
            python("-m", "orra.manage", *arguments),
            {**os.environ, **environment},
            BASE_DIR,
            COMMAND_SECONDS,
        )
        return await self._run_once(program, self.spawn)

    async def _run_once(self, program: Program, spawn: Spawn) -> str:
        """What it says. Raises :class:`EmbeddedError` with what went wrong."""
        status, output = await run_once(program, spawn)
        if status:
            raise EmbeddedError(refusal(output) or f"{program.name} failed: {_complaint(output)}")
        return output

    async def _credentials(self) -> Credentials | None:
        """An operator and a project for whoever starts an embedded stack the first time. Another database has
        operators of its own."""
        if not self.embedded_database:
            return None
        database = await asyncio.to_thread(cluster_id, os.environ["DATABASE_URL"])
        kept = credentials(self.data_dir)
        if kept is not None and kept.database == database:
            return kept
        password = secrets.token_urlsafe(15)
        _, project = await asyncio.gather(
            self._command("create_operator", OPERATOR, ORRA_OPERATOR_PASSWORD=password),
            self._command("create_project", PROJECT, "--json"),
        )
        made = json.loads(project.splitlines()[-1])
        kept = Credentials(database, OPERATOR, password, made["id"], made["api_key"])
        write(self.data_dir, kept)
        return kept

    async def _until_ready(self) -> None:
        await self._until(lambda: asyncio.to_thread(self._answers), children=self.children)

    def _answers(self) -> bool:
        try:
            # By a name that is always allowed, whatever the address and ALLOWED_HOSTS.
            request = urllib.request.Request(f"{self.url}/readyz", headers={"Host": "localhost"})
            with _http.open(request, timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    async def _until(self, condition: Callable[[], Awaitable[bool]], *, children: list[Child]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not await condition():
            failing = next((child for child in children if child.starts > 2), None)
            if failing is not None or time.monotonic() > deadline:
                raise EmbeddedError(self._why_not_ready(failing))
            await asyncio.sleep(0.05)

    def _why_not_ready(self, failing: Child | None) -> str:
        if failing is None:
            return f"It is not ready after {START_SECONDS} s. The logs are in {self.data_dir / 'logs'}."
        return f"{failing.program.name} ends again and again. The end of {failing.log.path}:\n{failing.log.tail()}"

    def _announce(self) -> Running:
        """Tells other commands where this stack is and which processes belong to it. Where that cannot be written,
        it is tried again until it can."""
        processes = {child.program.name: child.pid for child in self.children}
        run = Running(os.getpid(), self.url, self.ready, processes, self.told)
        try:
            write(self.data_dir, run)
        except OSError:
            asyncio.get_running_loop().call_later(ANNOUNCE_AGAIN_SECONDS, self._announce)
        return run

    def _show(self, made: Credentials | None, *, seconds: float) -> None:
        say(f"orra runs at {self.url} (started in {seconds:.1f} s)\n")
        say(f"  API docs   {self.url}/docs")
        if made is None:
            say(f"  Admin      {self.url}/admin/  (`{command('manage create_operator')}` makes a login)")
            say(f"  API key    `{command('manage create_project')} NAME` makes one")
        else:
            say(f"  Admin      {self.url}/admin/  user {made.operator}, password {made.password}")
            say(f"  API key    {made.api_key}  (project {PROJECT})")
        say(f"  Logs       {self.data_dir / 'logs'}\n")
        for line in self.told:
            say(f"  {line}")
        say("")
        if made is not None:
            say("A first plan, from another terminal:\n")
            for line in first_steps(self.url, made.api_key):
                say(f"  {line}")
            say("")
        say("Ctrl-C stops everything; the data stays.")

    async def _stop(self) -> None:
        """What accepts work first, what it needs last."""
        if self._watch is not None:
            self._watch.cancel()
        self.listener.close()
        broker = [child for child in self.children if child.program.name == "broker"]
        others = [child for child in self.children if child not in broker]
        web = [child for child in others if child.program.name.startswith("web-")]
        for group in (web, [child for child in others if child not in web], broker):
            await asyncio.gather(*(child.stop() for child in group))
        if self.forks is not None:
            await self.forks.stop()
        await asyncio.to_thread(leave_postgres, self.data_dir)
        (self.data_dir / "run.json").unlink(missing_ok=True)
        if self.ready:
            say("Stopped.")


def _complaint(output: str) -> str:
    """What a program that failed says in the end: of a traceback the error, without the way to it."""
    lines = output.strip().splitlines()
    if not any(line.startswith("Traceback ") for line in lines):
        return "\n" + output
    last = max((at for at, line in enumerate(lines) if line[:1].strip()), default=0)
    return " ".join(line.strip() for line in lines[last:])
