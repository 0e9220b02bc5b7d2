"""What a start says of a database that it cannot use: one line, with the remedy, and never a password."""

from __future__ import annotations

import os
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import psycopg
import pytest

from orra.base.environment import readers
from orra.starting.database import fault_of

NAME, USER = "orra_start", "orra_start_limited"
PASSWORD = "never-told"


def execute(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture(scope="module")
def empty() -> Iterator[str]:
    """The URL of an empty database, as its superuser."""
    server = os.environ["DATABASE_URL"]
    remove = (f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)", f"DROP ROLE IF EXISTS {USER}")
    execute(server, *remove, f"CREATE DATABASE {NAME}", f"CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}'")
    yield urlsplit(server)._replace(path=f"/{NAME}").geturl()
    execute(server, *remove)


@pytest.fixture
def limited(empty: str) -> str:
    """The same as a user without rights."""
    parts = urlsplit(empty)
    return parts._replace(netloc=f"{USER}:{PASSWORD}@{parts.netloc.rpartition('@')[2]}").geturl()


def fault(
    monkeypatch: pytest.MonkeyPatch, url: str, *, makes_tables: bool = True, writes: bool = True
) -> str | None:
    monkeypatch.setenv("DATABASE_URL", url)
    told = fault_of(readers.database("DATABASE_URL"), makes_tables=makes_tables, writes=writes)
    assert PASSWORD not in (told or "")
    assert "\n" not in (told or "")
    return told


def behind(url: str, schema: str) -> str:
    """Where what ``schema`` has goes before Postgres' own."""
    joined = "&" if "?" in url else "?"
    return f"{url}{joined}options={quote(f'-c search_path={schema},pg_catalog,public')}"


def test_one_that_may_be_used_has_no_fault_and_is_left_as_it_is(
    monkeypatch: pytest.MonkeyPatch, empty: str
) -> None:
    assert fault(monkeypatch, empty) is None
    with psycopg.connect(empty) as connection:
        assert connection.execute("SELECT count(*) FROM pg_extension WHERE extname = 'vector'").fetchone() == (0,)
        assert connection.execute("SELECT to_regclass('orra_may_create')").fetchone() == (None,)


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://u:{PASSWORD}@127.0.0.1:1/x",
        f"postgresql://u:{PASSWORD}@nowhere.invalid/x",
        "postgresql:///x?bogus=1",
    ],
)
def test_one_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    told = fault(monkeypatch, url)
    assert told is not None
    assert told.startswith("names a database that cannot be used: ")
    assert told.endswith("Start it, or correct host, port, user and password.")


def test_one_that_is_not_there(monkeypatch: pytest.MonkeyPatch, empty: str) -> None:
    told = fault(monkeypatch, urlsplit(empty)._replace(path="/orra_nowhere").geturl())
    assert told is not None
    assert 'database "orra_nowhere" does not exist' in told


def test_a_user_who_may_not_create_the_extension(monkeypatch: pytest.MonkeyPatch, limited: str) -> None:
    told = fault(monkeypatch, limited)
    assert told is not None
    assert told.startswith(f"names user {USER}, who may not create the extension vector.")
    assert told.endswith("run: CREATE EXTENSION vector")


def test_a_user_who_may_not_create_tables_until_granted(
    monkeypatch: pytest.MonkeyPatch, empty: str, limited: str
) -> None:
    execute(empty, "CREATE EXTENSION vector")
    try:
        told = fault(monkeypatch, limited)
        assert told is not None
        remedy = told.partition("run: ")[2]
        execute(empty, remedy)
        assert fault(monkeypatch, limited) is None
        execute(empty, remedy.replace("GRANT", "REVOKE").replace(" TO ", " FROM "))
    finally:
        execute(empty, "DROP EXTENSION vector")


def test_a_server_without_the_extension(monkeypatch: pytest.MonkeyPatch, empty: str) -> None:
    execute(
        empty,
        "CREATE SCHEMA bare",
        "CREATE VIEW bare.pg_available_extensions AS SELECT 'plpgsql'::name AS name",
    )
    told = fault(monkeypatch, behind(empty, "bare"))
    assert told is not None
    assert told.startswith("names a server without the extension vector. Install pgvector there")


def test_a_replica_is_good_for_reading_only(monkeypatch: pytest.MonkeyPatch, empty: str) -> None:
    execute(
        empty,
        "CREATE SCHEMA replica",
        "CREATE FUNCTION replica.pg_is_in_recovery() RETURNS boolean LANGUAGE sql RETURN true",
    )
    told = fault(monkeypatch, behind(empty, "replica"))
    assert told == "names a server that only reads (a replica). Name the one that writes."
    assert fault(monkeypatch, behind(empty, "replica"), writes=False) is None


def test_a_process_by_itself_is_told_of_missing_tables(monkeypatch: pytest.MonkeyPatch, empty: str) -> None:
    told = fault(monkeypatch, empty, makes_tables=False)
    assert told == "names a database without orra's tables. Run `orra migrate` first."
    execute(empty, "CREATE TABLE django_migrations ()")
    try:
        assert fault(monkeypatch, empty, makes_tables=False) is None
    finally:
        execute(empty, "DROP TABLE django_migrations")
