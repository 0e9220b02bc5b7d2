"""Processes of two releases on one database and one broker."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from chaos.model import MoodyModel
from chaos.site import model_variables, until
from orra.embedded.postgres import ensure_postgres, stop_postgres
from orra.embedded.processes import child, die_with_parent, stop
from orra.embedded.valkey import Valkey
from tests.live.slow_model import NOT_OURS

READY_SECONDS = 240
# A worker makes what it has begun.
STOP_SECONDS = 30
KEY = "two releases share it, and it is long enough for both: 8f1c07"
PARTS = ("web", "worker", "beat")


@dataclass
class Release:
    """The processes of one release, whose code is in ``code``. ``port`` is where its web process serves."""

    name: str
    code: Path
    folder: Path
    variables: Mapping[str, str]
    port: int
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def migrate(self) -> None:
        """Raises CalledProcessError, with what it said in ``migrate.log``."""
        with self._log("migrate").open("ab") as log:
            command = [sys.executable, "manage.py", "migrate", "--noinput", "--verbosity", "0"]
            subprocess.run(
                command, cwd=self.code, env=self._environment(), stdout=log, stderr=subprocess.STDOUT, check=True
            )

    def start(self, *parts: str) -> None:
        for part in parts or PARTS:
            with self._log(part).open("ab") as log, self._listener(part) as inherited:
                self.running[part] = subprocess.Popen(
                    self._command(part, inherited),
                    cwd=self.code,
                    env=self._environment(),
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    pass_fds=inherited,
                    start_new_session=True,
                    preexec_fn=die_with_parent(signal.SIGKILL),
                )

    def stop(self, *parts: str) -> None:
        """In order, as a rolling upgrade does."""
        for part in parts or tuple(self.running):
            stop(self.running.pop(part), seconds=STOP_SECONDS)

    def until_ready(self) -> None:
        until(lambda: self.status("/readyz") == 200, seconds=READY_SECONDS)

    def status(self, path: str) -> int | None:
        """Of the web process' answer; ``None`` without one."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
        except OSError:
            return None

    def said(self, part: str) -> str:
        with suppress(FileNotFoundError):
            return self._log(part).read_text(errors="replace")
        return ""

    def _log(self, part: str) -> Path:
        return self.folder / f"{self.name}-{part}.log"

    def _environment(self) -> dict[str, str]:
        data = self.folder / f"data-{self.name}"
        return {
            **{name: value for name, value in os.environ.items() if name not in NOT_OURS},
            **self.variables,
            "ORRA_DATA_DIR": str(data),
            "PORT": str(self.port),
            "PYTHONPATH": os.pathsep.join([str(self.code), str(self.code / "clients/python/src")]),
        }

    def _command(self, part: str, inherited: Sequence[int]) -> list[str]:
        python = [sys.executable, "-m"]
        if (self.code / "orra/commands/running.py").exists():
            return [*python, "orra", part]
        celery = [*python, "celery", "--app", "orra", "--quiet", part, "--loglevel", "WARNING"]
        return {
            "web": [*python, "orra.web", *map(str, inherited)],
            "worker": [*celery, "--pool", "threads", "--concurrency", self.variables["WORKER_CONCURRENCY"]],
            "beat": [*celery, "--schedule", str(self.folder / f"{self.name}-schedule"), "--pidfile="],
        }[part]

    @contextmanager
    def _listener(self, part: str) -> Iterator[Sequence[int]]:
        """For releases whose web process is given its socket."""
        if part != "web" or (self.code / "orra/commands/running.py").exists():
            yield ()
            return
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", self.port))
            listener.listen(1024)
            yield (listener.fileno(),)


@dataclass(frozen=True)
class Shared:
    """What both releases are told of, and the model behind it."""

    variables: Mapping[str, str]
    model: MoodyModel


@contextmanager
def shared(folder: Path, *, seed: int) -> Iterator[Shared]:
    """A database, a broker, a model."""
    valkey = Valkey(folder / "services")
    valkey.folder.mkdir(parents=True, exist_ok=True)
    with (
        MoodyModel(seed=seed) as model,
        child(
            valkey.command(),
            stop_seconds=STOP_SECONDS,
            cwd=valkey.folder,
            stdout=subprocess.DEVNULL,
            preexec_fn=die_with_parent(signal.SIGKILL),
        ),
    ):
        assert isinstance(model, MoodyModel)
        try:
            until(valkey.answers)
            variables = {
                "DATABASE_URL": ensure_postgres(folder / "services", throwaway=True),
                "BROKER_URL": valkey.url,
                "SECRET_KEY": KEY,
                "ORRA_OPEN_REGISTRATION": "1",
                "WORKER_CONCURRENCY": "4",
                "LOG_LEVEL": "INFO",
                **model_variables(model),
            }
            yield Shared(variables, model)
        finally:
            stop_postgres(folder / "services")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def release(name: str, code: Path, folder: Path, variables: Mapping[str, str]) -> Iterator[Release]:
    """Its processes are stopped at the end."""
    made = Release(name, code, folder, variables, _free_port())
    try:
        yield made
    finally:
        made.stop()
