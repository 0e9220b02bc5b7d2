"""The embedded defaults: what runs and is set when nobody configured anything else.

Each is replaced by setting one variable: ``DATABASE_URL``, ``BROKER_URL``, ``SECRET_KEY``. Nothing here knows
Django; :mod:`orra.manage` and :mod:`orra.embedded.stack` call it before the settings are read.
"""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from orra.base.environment.secret_files import UnusableSecret, read_secret_files
from orra.base.release import CODE_DIR, usual_data_dir
from orra.embedded.folders import make_private
from orra.embedded.postgres import use_postgres
from orra.embedded.processes import EmbeddedError
from orra.embedded.valkey import Valkey

BASE_DIR = CODE_DIR  # the folder that this package is in: programs are run there

# What settings can be read with while nothing is started.
FILLED_LATER = {"DATABASE_URL": "postgresql:///later", "SECRET_KEY": "made when the data directory is, and kept"}

_filled: set[str] = set()


def chosen_data_dir() -> Path:
    """Where the embedded services keep their data: ``ORRA_DATA_DIR``, or the usual place. Ends the program where
    there is none."""
    try:
        return Path(os.environ.get("ORRA_DATA_DIR", "").strip() or usual_data_dir()).absolute()
    except RuntimeError:
        sys.exit("orra cannot start: ORRA_DATA_DIR is not set, and this user has no home. Set it to a folder.")


def ensure_environment(data_dir: Path | None = None, *, starts: bool = True) -> None:
    """Fills in what the environment leaves open, for a command: a started or adopted Postgres that stops when the
    last process using it ends, and the data directory's own secrets. Ends the program when that fails. Unless it
    ``starts`` something, what settings can be read with."""
    data_dir = data_dir or chosen_data_dir()
    fill("ORRA_DATA_DIR", lambda: str(data_dir))
    try:
        read_secret_files(os.environ)
        if not starts:
            os.environ.update(
                {**FILLED_LATER, **{name: text for name, text in os.environ.items() if text.strip()}}
            )
            return
        if fill("DATABASE_URL", lambda: use_postgres(data_dir)):
            fill("ORRA_OPEN_REGISTRATION", lambda: "1")
        fill_secrets(data_dir)
        fill("BROKER_URL", lambda: Valkey(data_dir).url)
    except (EmbeddedError, UnusableSecret) as error:
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
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
    except OSError:
        os.unlink(name)
        raise
    if replace:
        os.replace(name, path)
    else:
        with suppress(FileExistsError):
            os.link(name, path)
        os.unlink(name)
