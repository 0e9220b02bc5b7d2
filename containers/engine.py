"""Docker or Podman with their compose, as commands."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMPOSE = {
    "docker": (("docker", "compose"), ("docker-compose",)),
    "podman": (("podman-compose",), ("podman", "compose")),
}
MISSING = """No container engine answers. Either of these is enough, on Debian and Ubuntu:
  apt-get install docker.io docker-compose-v2     and a dockerd that runs
  apt-get install podman; pip install podman-compose"""
SECONDS = 1800
MOST_TOLD = 4000


class Failed(Exception):
    """What did not hold."""


@dataclass(frozen=True)
class Engine:
    """``program``: docker or podman. ``compose``: the command that goes with it."""

    program: str
    compose: tuple[str, ...]

    def run(self, *arguments: str, stdin: str | None = None) -> str:
        """What it says. Raises :class:`Failed` unless it ends with 0."""
        return say([self.program, *arguments], stdin=stdin)

    def succeeds(self, *arguments: str) -> bool:
        return _quietly([self.program, *arguments])

    def has_image(self, name: str) -> bool:
        return self.succeeds("image", "inspect", name)

    def inspect(self, kind: str, name: str) -> Any:
        """``kind``: ``image`` or ``container``."""
        return json.loads(self.run(kind, "inspect", name))[0]

    def version(self) -> str:
        return self.run("--version").strip() + "; " + say([*self.compose, "version"]).strip().splitlines()[0]

    def build(self, *arguments: str) -> str:
        """Docker's format: a health check is no part of the other."""
        form = ("--format", "docker") if self.program == "podman" else ()
        return self.run("build", *form, *arguments)


def say(
    command: list[str],
    *,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: str | None = None,
) -> str:
    """What a command says on its standard output. Raises :class:`Failed`, with the end of all that it said, unless
    it ends with 0."""
    try:
        done = subprocess.run(
            command,
            env=None if environment is None else dict(environment),
            cwd=cwd,
            input=stdin or "",
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise Failed(f"{' '.join(command)} did not end within {SECONDS} s.") from None
    if done.returncode:
        raise Failed(
            f"{' '.join(command)} ended with {done.returncode}:\n{(done.stdout + done.stderr)[-MOST_TOLD:]}"
        )
    return done.stdout


def _quietly(command: list[str]) -> bool:
    if shutil.which(command[0]) is None:
        return False
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return ended.returncode == 0


def find(wanted: str) -> Engine:
    """The engine of this name, or with ``""`` the first that answers. Raises :class:`Failed`, with what to do."""
    for program in (wanted,) if wanted else COMPOSE:
        if _quietly([program, "info"]):
            for compose in COMPOSE[program]:
                if _quietly([*compose, "version"]):
                    return Engine(program, compose)
            names = " or ".join(" ".join(compose) for compose in COMPOSE[program])
            raise Failed(f"{program} answers, but there is no {names}.")
    raise Failed(MISSING)


@contextmanager
def watched_health(engine: Engine, label: str) -> Iterator[None]:
    """Podman leaves it to timers of systemd to ask whether containers are healthy: where there is no systemd,
    those that have ``label`` are asked from here."""
    if engine.program != "podman" or os.path.isdir("/run/systemd/system"):
        yield
        return
    stopping = threading.Event()

    def ask() -> None:
        while not stopping.wait(2):
            listed = ["podman", "ps", "--quiet", "--filter", f"label={label}"]
            running = subprocess.run(listed, capture_output=True, text=True).stdout.split()
            for container in running:
                _quietly(["podman", "healthcheck", "run", container])

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    try:
        yield
    finally:
        stopping.set()
        asking.join()
