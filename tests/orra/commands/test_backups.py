"""A database as a file and back: hits come back, nothing is overwritten, and what cannot be is told."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from orra.commands.backups import backup
from orra.commands.dumps import DumpError, check_source, dump, restore
from tests.conftest import Api

pytestmark = pytest.mark.django_db(transaction=True)
RESTORED = "orra_restored"
KNOWN = frozenset(MigrationLoader(None).disk_migrations or ())


def database(name: str) -> str:
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


def this_database() -> str:
    return database(str(connection.settings_dict["NAME"]))


@pytest.fixture
def empty() -> Iterator[str]:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {RESTORED} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {RESTORED}")
        yield database(RESTORED)
        server.execute(f"DROP DATABASE {RESTORED} WITH (FORCE)")


@pytest.fixture
def in_restored() -> Iterator[None]:
    """Django speaks with the restored database from here on."""
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = RESTORED
    yield
    connection.close()
    connection.settings_dict["NAME"] = before


def test_hits_come_back_after_a_restore(
    api: Api, empty: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    planned = api.plan("Refund order A-1", {"order_id": "A-1"})
    assert planned["status"] == "ready"
    [entry] = api.get("/v1/cache/entries").json()["results"]
    file = tmp_path / "all.dump"

    dump(this_database(), file)
    check_source(file, known=KNOWN)
    restore(empty, file)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["all.dump"]
    request.getfixturevalue("in_restored")
    assert api.get(f"/v1/plans/{planned['id']}").json()["plan"] == planned["plan"]
    again = api.plan("Refund order B-2", {"order_id": "B-2"})
    assert (again["source"], again["cache"]["entry_id"]) == ("exact", entry["id"])


def test_nothing_is_overwritten(empty: str, tmp_path: Path) -> None:
    file = tmp_path / "all.dump"
    dump(this_database(), file)
    content = file.read_bytes()

    with pytest.raises(DumpError, match="is there already, and nothing is overwritten"):
        dump(this_database(), file)
    assert file.read_bytes() == content
    with pytest.raises(DumpError, match="is not empty, and nothing is overwritten"):
        restore(this_database(), file)

    with psycopg.connect(empty, autocommit=True) as connected:
        connected.execute("CREATE TABLE somebodys ()")
    with pytest.raises(DumpError, match=f"The database {RESTORED} is not empty"):
        restore(empty, file)


def test_a_damaged_backup_brings_back_nothing(empty: str, tmp_path: Path) -> None:
    whole, half = tmp_path / "all.dump", tmp_path / "half.dump"
    dump(this_database(), whole)
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])

    with pytest.raises(DumpError, match="pg_restore failed"):
        restore(empty, half)
    restore(empty, whole)  # it is as empty as before


def test_a_backup_of_a_newer_release_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "all.dump"
    dump(this_database(), file)
    newest = max(name for app, name in KNOWN if app == "planengine")
    with pytest.raises(DumpError, match=f"a newer release \\(it has planengine {newest}\\)"):
        check_source(file, known=KNOWN - {("planengine", newest)})


def test_a_dump_of_another_program_is_refused(empty: str, tmp_path: Path) -> None:
    file = tmp_path / "other.dump"
    dump(empty, file)
    with pytest.raises(DumpError, match="backup of another program's database"):
        check_source(file, known=KNOWN)


@pytest.mark.parametrize("content", [b"", b"-- PostgreSQL database dump\n"])
def test_a_file_that_is_no_backup_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "notes.txt").write_bytes(content)
    with pytest.raises(DumpError, match="is no backup that `orra backup` wrote"):
        check_source(tmp_path / "notes.txt", known=KNOWN)
    with pytest.raises(DumpError, match="cannot be read: No such file"):
        check_source(tmp_path / "nothing.dump", known=KNOWN)


def test_no_password_is_to_be_seen_in_the_list_of_processes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(
        "orra.commands.dumps._done",
        lambda command, variables, about: asked.extend([*map(str, command), *variables]),
    )
    parts = urlsplit(this_database())
    user = parts.netloc.partition("@")[0].partition(":")[0]
    url = parts._replace(netloc=f"{user}:never-told@{parts.netloc.rpartition('@')[2]}").geturl()

    dump(url, tmp_path / "all.dump")

    assert "PGPASSWORD" in asked
    assert "never-told" not in " ".join(asked)


def test_a_folder_that_is_not_there_is_told_before_anything_is_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ORRA_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("DATABASE_URL")
    with pytest.raises(SystemExit, match="orra backup: There is no folder"):
        backup([str(tmp_path / "nowhere" / "all.dump")])
    with pytest.raises(SystemExit, match=f"orra backup: There is no database in {tmp_path / 'data'}"):
        backup([str(tmp_path / "all.dump")])
    assert list(tmp_path.iterdir()) == []
