"""A database as a file, and back: Postgres' own ``pg_dump`` and ``pg_restore``, and the checks before them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from orra.embedded.postgres import programs
from orra.embedded.processes import EmbeddedError

Migration = tuple[str, str]  # app and name

MAGIC = b"PGDMP"
HISTORY = "django_migrations"
# Whatever somebody made, but not what extensions brought.
RELATIONS = """
SELECT count(*) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE nspname NOT IN ('pg_catalog', 'information_schema') AND nspname NOT LIKE 'pg\\_%'
AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
"""


class DumpError(Exception):
    """A backup cannot be made or brought back. The message tells what to do."""


def dump(url: str, file: Path) -> None:
    """Writes the whole database into ``file``, which others cannot read: all of it or nothing, and never over
    another file. Raises :class:`DumpError`."""
    check_target(file)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    os.close(handle)
    try:
        _run("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", f"--file={name}")
        os.link(name, file)
    except FileExistsError:
        raise DumpError(_exists(file)) from None
    finally:
        os.unlink(name)


def check_target(file: Path) -> None:
    """Raises :class:`DumpError` where a backup cannot be written to ``file``."""
    if file.exists() or file.is_symlink():
        raise DumpError(_exists(file))
    if not file.parent.is_dir():
        raise DumpError(f"There is no folder {file.parent}. Make it, or choose another.")
    if not os.access(file.parent, os.W_OK | os.X_OK):
        raise DumpError(f"Nothing can be written in {file.parent.absolute()}. Choose another folder.")


def check_source(file: Path, *, known: Collection[Migration]) -> None:
    """Raises :class:`DumpError` unless ``file`` is a backup that this release can read, whose migrations are
    ``known``."""
    try:
        with file.open("rb") as content:
            begins = content.read(len(MAGIC))
    except OSError as error:
        raise DumpError(f"{file} cannot be read: {error.strerror}.") from None
    if begins != MAGIC:
        raise DumpError(f"{file} is no backup that `orra backup` wrote.")
    apps = {app for app, _ in known}
    newer = [f"{app} {name}" for app, name in _migrations_in(file) if app in apps and (app, name) not in known]
    if newer:
        raise DumpError(
            f"{file} was made by a newer release (it has {newer[0]}). Bring it back with that one or a later one."
        )


def restore(url: str, file: Path) -> None:
    """Brings ``file`` into the empty database ``url``, all of it or nothing. Raises :class:`DumpError`."""
    with psycopg.connect(url) as connection:
        row = connection.execute(RELATIONS).fetchone()
        if row and row[0]:
            raise DumpError(
                f"The database {connection.info.dbname} is not empty, and nothing is overwritten: name an empty "
                "one with DATABASE_URL, or a new folder with ORRA_DATA_DIR."
            )
    _run(
        "pg_restore",
        url,
        *("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--no-comments", str(file)),
    )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ANALYZE")  # a backup has no statistics, and plans of statements need them


def _exists(file: Path) -> str:
    return f"{file} is there already, and nothing is overwritten. Choose another name."


def _migrations_in(file: Path) -> list[Migration]:
    """That the database had when the backup was made. Raises :class:`DumpError` for a damaged one, and for one of
    another program's database."""
    newest = _newest("pg_restore")
    copied = _done([newest, "--data-only", f"--table={HISTORY}", "--file=-", str(file)], {}, file)
    lines = iter(copied.splitlines())
    columns = next((line for line in lines if line.startswith("COPY ") and HISTORY in line), None)
    if columns is None:
        raise DumpError(f"{file} is a backup of another program's database.")
    names = [name.strip() for name in columns[columns.index("(") + 1 : columns.index(")")].split(",")]
    found = []
    for line in lines:
        if line == "\\.":
            break
        row = dict(zip(names, line.split("\t"), strict=False))
        found.append((row.get("app", ""), row.get("name", "")))
    return found


def _run(program: str, url: str, *arguments: str) -> None:
    """With the database named so that no list of processes shows a password."""
    parameters: dict[str, Any] = dict(conninfo_to_dict(url))
    password = parameters.pop("password", None)
    with psycopg.connect(url) as connection:
        server = connection.info.server_version // 10_000
    chosen = _newest(program, at_least=server)
    target = [f"--dbname={make_conninfo(**parameters)}", "--no-password"]
    _done([chosen, *target, *arguments], {"PGPASSWORD": str(password)} if password else {}, program)


def _done(command: Sequence[str | Path], variables: dict[str, str], about: object) -> str:
    """What it prints. Raises :class:`DumpError` with what it said when it failed."""
    done = subprocess.run(
        command, env={**os.environ, **variables}, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode:
        said = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
        raise DumpError(f"{Path(command[0]).name} failed on {about}: {said}")
    return done.stdout


def _newest(program: str, *, at_least: int = 0) -> Path:
    """The embedded server's, or that of the PATH where its version asks for it. Raises :class:`DumpError`."""
    candidates = []
    with suppress(EmbeddedError):
        candidates.append(programs() / program)
    if (found := shutil.which(program)) is not None:
        candidates.append(Path(found))
    for path in candidates:
        if path.exists() and _version(path) >= at_least:
            return path
    version = f" {at_least} or newer" if at_least else ""
    raise DumpError(
        f"{program}{version} is not to be found, and the server asks for it. Install Postgres' client programs "
        "and have them on PATH."
    )


def _version(path: Path) -> int:
    said = subprocess.run([path, "--version"], capture_output=True, text=True).stdout
    number = re.search(r"\d+", said)
    return int(number[0]) if number else 0
