"""What is looked at: a copy of the files, their image, and their containers under a name of their own."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from containers import model
from containers.engine import Engine, Failed, say
from tests.live.client import WHOLE_PLANS, Client

ROOT = Path(__file__).resolve().parents[1]
FILES = ("deploy/compose.yaml", "containers/compose.yaml")
# All that stay; `migrate` ends.
SERVICES = ("database", "broker", "web-1", "web-2", "worker", "beat", "proxy")
OURS = ("web-1", "web-2", "worker", "beat")
READY_SECONDS = 600
# What a shell may have for a stack of its own.
CONFIGURED = re.compile(
    r"(ORRA|LLM|EMBEDDINGS|CHECK|PLANNING|OTEL|COMPOSE|WORKER|WEB)_|(PORT|DATABASE_URL|BROKER_URL)$"
)


def images() -> dict[str, str]:
    """The names of the images that everything is made of, by what they are."""
    bases = set(re.findall(r"^FROM (\S+)", (ROOT / "deploy/Dockerfile").read_text(), re.MULTILINE))
    [python] = bases
    services = {**_services("deploy/compose.yaml"), **_services("containers/compose.yaml")}
    return {"python": python} | {
        name: services[name]["image"] for name in ("database", "broker", "proxy", "prometheus")
    }


def _services(file: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / file).read_text())["services"]
    return found


@dataclass
class Site:
    engine: Engine
    folder: Path
    build_arguments: Sequence[str] = ()
    name: str = field(default_factory=lambda: f"orra-check-{secrets.token_hex(3)}")

    def __post_init__(self) -> None:
        self.tree = self.folder / "orra"
        self.image = f"{self.name}:latest"
        self.url = f"http://127.0.0.1:{_free_port()}"
        self.prometheus = f"http://127.0.0.1:{_free_port()}"
        self.key = ""

    def lay_out(self) -> None:
        """The files that git knows, and secrets and settings as docs/deploying.md says."""
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
        for name in filter(None, listed.stdout.decode().split("\0")):
            if (ROOT / name).is_file():
                (self.tree / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, self.tree / name)
        say(["sh", "deploy/make-secrets.sh"], cwd=self.tree)
        settings = {
            "ORRA_IMAGE": self.image,
            "PORT": self.url.rpartition(":")[2],
            "PROMETHEUS_PORT": self.prometheus.rpartition(":")[2],
            "LLM_MODEL": model.MODEL,
            "LLM_API_BASE_URL": f"http://model:{model.PORT}/v1",
            "WORKER_CONCURRENCY": "2",
            **WHOLE_PLANS,
        }
        (self.tree / "deploy/.env").write_text("".join(f"{key}={value}\n" for key, value in settings.items()))

    def secret(self, name: str) -> str:
        return (self.tree / "deploy/secrets" / name).read_text().strip()

    def secret_texts(self) -> list[str]:
        return [self.secret(path.name) for path in sorted((self.tree / "deploy/secrets").iterdir())]

    def client(self) -> Client:
        return Client(self.url, self.key)

    def operator(self) -> Client:
        return Client(self.url, self.secret("operator_token"))

    def compose(self, *arguments: str) -> str:
        kept = {name: value for name, value in os.environ.items() if not CONFIGURED.match(name)}
        files = [part for file in FILES for part in ("-f", file)]
        command = [*self.engine.compose, "-p", self.name, *files, *arguments]
        return say(command, environment=kept, cwd=self.tree)

    @property
    def label(self) -> str:
        return f"com.docker.compose.project={self.name}"

    def containers(self, service: str = "") -> list[str]:
        """Ids, those that have ended too."""
        filters = [self.label] + ([f"com.docker.compose.service={service}"] if service else [])
        options = [part for each in filters for part in ("--filter", f"label={each}")]
        return self.engine.run("ps", "--all", "--quiet", "--no-trunc", *options).split()

    def container(self, service: str) -> str:
        found = self.containers(service)
        if len(found) != 1:
            raise Failed(f"There are {len(found)} containers of {service}, not one.")
        return found[0]

    def addresses(self, service: str) -> list[str]:
        """Of the service's containers, in all their networks."""
        found = [self.engine.inspect("container", each)["NetworkSettings"] for each in self.containers(service)]
        return [network["IPAddress"] for settings in found for network in settings["Networks"].values()]

    def state(self, container: str) -> dict[str, Any]:
        state: dict[str, Any] = self.engine.inspect("container", container)["State"]
        return state

    def health(self, container: str) -> str:
        state = self.state(container)
        health = state.get("Health") or state.get("Healthcheck") or {}
        return str(health.get("Status", "")) if state["Running"] else "ended"

    def until_healthy(self, *services: str) -> None:
        for service in services:
            for container in self.containers(service) or [self.container(service)]:
                until(
                    lambda container=container: self.health(container) == "healthy",  # type: ignore[misc]
                    f"{service} is healthy",
                    seconds=READY_SECONDS,
                )

    def inside(self, service: str, *command: str) -> str:
        """What a command says in the service's first container."""
        return self.engine.run("exec", self.containers(service)[0], *command)

    def python(self, container: str, program: str) -> str:
        """What a program says in a container of the image."""
        return self.engine.run("exec", container, "python", "-c", program)

    def fetched(self, container: str, port: int, path: str) -> str:
        """From what listens in a container of the image, as its own health check would ask."""
        address = f"http://127.0.0.1:{port}{path}"
        return self.python(container, f"import urllib.request as r; print(r.urlopen({address!r}).read().decode())")

    def logs(self) -> str:
        return "\n".join(
            done.stdout + done.stderr
            for container in self.containers()
            for done in [subprocess.run([self.engine.program, "logs", container], capture_output=True, text=True)]
        )

    def remove(self) -> None:
        """Everything that was made: containers, networks, volumes, image."""
        if self.tree.exists() and (self.tree / "deploy/.env").exists():
            self.compose("down", "--volumes", "--timeout", "5")
        self.engine.succeeds("image", "rm", self.image)


def until(condition: Callable[[], object], what: str, *, seconds: float = 60) -> None:
    """Raises :class:`Failed` when it has not come about within ``seconds``."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise Failed(f"It did not come about within {seconds:.0f} s that {what}.")
        time.sleep(0.2)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
