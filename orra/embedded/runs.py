"""What a stack is told, and what it leaves in its data directory for others to read."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypeVar

from orra.embedded.defaults import BASE_DIR, chosen_data_dir, filled_variables, write_private
from orra.embedded.folders import make_private
from orra.embedded.processes import EmbeddedError, child, die_with_parent
from orra.embedded.supervision import python, refusal

START_SECONDS = 180
STOP_SECONDS = 30


@dataclass(frozen=True)
class Options:
    data_dir: Path
    host: str
    port: int
    web_processes: int
    worker_threads: int
    verbose: bool

    @classmethod
    def read(cls, *, verbose: bool = False) -> Options:
        """From the environment. Raises :class:`EmbeddedError` for a bad value."""
        return cls(
            data_dir=chosen_data_dir(),
            host=os.environ.get("ORRA_HOST", "").strip() or "127.0.0.1",
            port=_number("PORT", 8005, least=0, most=65535),
            web_processes=_number("WEB_CONCURRENCY", 2, least=1, most=64),
            worker_threads=_number("WORKER_CONCURRENCY", 8, least=1, most=256),
            verbose=verbose,
        )


def _number(variable: str, default: int, *, least: int, most: int) -> int:
    raw = os.environ.get(variable, "").strip() or str(default)
    if not raw.isascii() or not raw.isdigit() or not least <= int(raw) <= most:
        raise EmbeddedError(f"{variable} must be a whole number from {least} to {most}, not {raw!r}.")
    return int(raw)


@dataclass(frozen=True)
class Running:
    """A running stack. ``processes`` are its children by name; ``ready`` says that it takes requests; ``told`` who
    plans, who embeds, and where, a line for each."""

    pid: int
    url: str
    ready: bool = False
    processes: Mapping[str, int | None] = field(default_factory=dict)
    told: Sequence[str] = ()


@dataclass(frozen=True)
class Credentials:
    """What an embedded stack makes once for whoever starts it, and for which database it did."""

    database: str
    operator: str
    password: str
    project: str
    api_key: str


FILES = {Running: "run.json", Credentials: "credentials.json"}
Kept = TypeVar("Kept", Running, Credentials)


def write(data_dir: Path, facts: Running | Credentials) -> None:
    write_private(data_dir / FILES[type(facts)], json.dumps(asdict(facts)))


def running(data_dir: Path) -> Running | None:
    """The stack that runs on ``data_dir``, if one does. What a killed one left behind does not count."""
    try:
        lock = os.open(data_dir / "stack.lock", os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except BlockingIOError:
        return _read(data_dir, Running)
    finally:
        os.close(lock)


def credentials(data_dir: Path) -> Credentials | None:
    """The operator's login and the API key that the embedded stack of ``data_dir`` made."""
    return _read(data_dir, Credentials)


def _read(data_dir: Path, kind: type[Kept]) -> Kept | None:
    try:
        return kind(**json.loads((data_dir / FILES[kind]).read_text()))
    except (OSError, ValueError, TypeError):
        return None


@dataclass(frozen=True)
class StartedStack:
    """A stack in a process of its own, as :func:`running_stack` gives it."""

    process: subprocess.Popen[bytes]
    url: str
    data_dir: Path
    credentials: Credentials | None

    @property
    def api_key(self) -> str:
        """Of the project that an embedded stack makes for itself."""
        assert self.credentials is not None
        return self.credentials.api_key

    @property
    def processes(self) -> Mapping[str, int | None]:
        """The process ids of its children now."""
        found = running(self.data_dir)
        return found.processes if found else {}


@contextmanager
def running_stack(data_dir: Path, environment: Mapping[str, str | None] | None = None) -> Iterator[StartedStack]:
    """A ready stack on ``data_dir`` and a free port, stopped at the end; it also stops when this process dies.

    It gets this process's variables, without those that were filled in here, changed by ``environment`` (``None``
    removes one). What it says is in ``data_dir/stack.log``. Raises :class:`EmbeddedError` when it does not start.
    """
    make_private(data_dir)
    variables = {name: value for name, value in os.environ.items() if name not in filled_variables()}
    changes = {"PORT": "0", **(environment or {}), "ORRA_DATA_DIR": str(data_dir)}
    variables = {name: value for name, value in {**variables, **changes}.items() if value is not None}
    log = data_dir / "stack.log"
    with (
        log.open("wb") as output,
        child(
            python("-m", "orra", "up"),
            stop_seconds=STOP_SECONDS,
            cwd=BASE_DIR,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGTERM),
        ) as process,
    ):
        found = _wait_until_ready(process, data_dir=data_dir, log=log)
        yield StartedStack(process, found.url, data_dir, credentials(data_dir))


def _wait_until_ready(process: subprocess.Popen[bytes], *, data_dir: Path, log: Path) -> Running:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        found = running(data_dir)
        if found and found.pid == process.pid and found.ready:
            return found
        time.sleep(0.05)
    said = log.read_text(errors="replace").strip()
    raise EmbeddedError(refusal(said) or f"The stack did not start:\n{said}")
