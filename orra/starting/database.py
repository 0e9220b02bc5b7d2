"""Whether a database is there, and whether it may be used as the tables need it."""

from __future__ import annotations

from typing import Any

import psycopg
from django.db import DatabaseError
from psycopg import errors

from orra.base.database.outages import brief, is_away
from orra.base.database.sessions import is_pooled

OLDEST = 14  # what Django asks for


def fault_of(
    database: dict[str, Any], *, makes_tables: bool, writes: bool = True, whole_sessions: bool = False
) -> str | None:
    """Why it cannot be used and what to do, in a sentence or two. ``database`` is Django's form of it.
    ``makes_tables``: where it has none, they are to be made. ``writes``: it is to be written to.
    ``whole_sessions``: by programs that no pooler may be in between of."""
    named = {
        "host": database["HOST"],
        "port": database["PORT"],
        "user": database["USER"],
        "password": database["PASSWORD"],
        "dbname": database["NAME"],
    }
    options = {**database["OPTIONS"], **{name: value for name, value in named.items() if value}}
    try:
        with psycopg.connect(**options, autocommit=True) as connection:
            if whole_sessions and is_pooled(connection):
                return "names a connection pooler. Name the Postgres behind it, for this command."
            return _fault(connection, makes_tables=makes_tables, writes=writes)
    except (psycopg.OperationalError, psycopg.ProgrammingError) as error:
        return _unusable(error)


def in_a_line(error: DatabaseError) -> str | None:
    """What to do about an error that is the configuration's; ``None`` for any other."""
    if is_away(error):
        return _unusable(error)
    if isinstance(error.__cause__, errors.InsufficientPrivilege):
        return f"names a user who lacks a right: {brief(error)}. Grant it, or name the tables' owner."
    return None


def _fault(connection: psycopg.Connection[Any], *, makes_tables: bool, writes: bool) -> str | None:
    version = connection.info.server_version // 10_000
    if version < OLDEST:
        return f"names a Postgres {version}. Use {OLDEST} or newer."
    if writes and _one(connection, "SELECT pg_is_in_recovery()"):
        return "names a server that only reads (a replica). Name the one that writes."
    if _one(connection, "SELECT to_regclass('django_migrations') IS NOT NULL"):
        return None
    if not makes_tables:
        return "names a database without orra's tables. Run `orra migrate` first."
    if not _one(connection, "SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'"):
        return (
            "names a server without the extension vector. Install pgvector there (on Debian: "
            f"postgresql-{version}-pgvector)."
        )
    return _lacking_right(connection)


def _lacking_right(connection: psycopg.Connection[Any]) -> str | None:
    """Tries what the first migration does, and takes it back."""
    user, name = connection.info.user, connection.info.dbname
    try:
        with connection.transaction(force_rollback=True):
            connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
    except errors.InsufficientPrivilege:
        return (
            f"names user {user}, who may not create the extension vector. As a superuser of {name}, run: "
            "CREATE EXTENSION vector"
        )
    try:
        with connection.transaction(force_rollback=True):
            connection.execute("CREATE TABLE orra_may_create ()")
    except (errors.InsufficientPrivilege, errors.InvalidSchemaName):
        return (
            f"names user {user}, who may not create tables. As the owner of {name}, run: "
            f'GRANT CREATE ON SCHEMA public TO "{user}"'
        )
    return None


def _one(connection: psycopg.Connection[Any], statement: str) -> Any:
    row = connection.execute(statement).fetchone()
    return row[0] if row else None


def _unusable(error: Exception) -> str:
    """With the driver's words, which name host and user and never the password."""
    said = brief(error).strip().rstrip(".") or type(error).__name__
    return f"names a database that cannot be used: {said}. Start it, or correct host, port, user and password."
