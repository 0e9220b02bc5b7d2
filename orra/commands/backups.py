"""Commands that keep a database in a file, and bring it back."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from orra.base.interrupts import held_back


def backup(argv: Sequence[str]) -> int:
    """Write the whole database into a file."""
    parser = argparse.ArgumentParser(prog="orra backup", description=backup.__doc__)
    parser.add_argument("file", type=Path, help="must not be there yet; others cannot read it")
    file: Path = parser.parse_args(argv).file
    from orra.commands.dumps import DumpError, check_target, dump
    from orra.embedded.defaults import chosen_data_dir

    try:
        check_target(file)
        if not os.environ.get("DATABASE_URL", "").strip() and not (chosen_data_dir() / "postgres").exists():
            raise DumpError(
                f"There is no database in {chosen_data_dir()}. Name one with ORRA_DATA_DIR or DATABASE_URL."
            )
        url = _database("backup", makes_tables=False, writes=False)
        dump(url, file)
    except DumpError as error:
        _refuse("backup", str(error))
    print(f"Wrote {file} ({file.stat().st_size:,} bytes). It holds no SECRET_KEY and no operator's token.")
    return 0


def restore(argv: Sequence[str]) -> int:
    """Bring a backup back into an empty database."""
    parser = argparse.ArgumentParser(
        prog="orra restore",
        description="Bring a backup back into an empty database, and its tables to this release.",
    )
    parser.add_argument("file", type=Path, help="as `orra backup` wrote it")
    file: Path = parser.parse_args(argv).file
    from orra.commands import dumps

    try:
        url = _database("restore", makes_tables=True, writes=True)
        with held_back():
            import django
            from django.core.management import call_command
            from django.db.migrations.loader import MigrationLoader

            django.setup()
        dumps.check_source(file, known=frozenset(MigrationLoader(None).disk_migrations or ()))
        dumps.restore(url, file)
    except dumps.DumpError as error:
        _refuse("restore", str(error))
    call_command("migrate", verbosity=0)
    print(f"Brought {file} back.")
    return 0


def _database(command: str, *, makes_tables: bool, writes: bool) -> str:
    """Its URL; the embedded one is started where none is named. Ends the program where it cannot be used."""
    from orra.manage import prepare

    prepare()
    from orra import settings
    from orra.starting.database import fault_of

    database = settings.DATABASES["default"]
    if fault := fault_of(database, makes_tables=makes_tables, writes=writes, whole_sessions=True):
        _refuse(command, f"DATABASE_URL {fault}")
    return os.environ["DATABASE_URL"]


def _refuse(command: str, why: str) -> NoReturn:
    raise SystemExit(f"orra {command}: {why}")
