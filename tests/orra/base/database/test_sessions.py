"""Sessions with Postgres, and with a pooler before it, which is recognised by what it says of itself."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from django.db import connection

from orra.base import leases
from orra.base.database import sessions
from orra.starting.database import fault_of

pytestmark = pytest.mark.django_db(transaction=True)

# What tells a client which process serves it: four bytes of it, and four that are a secret.
SERVER = re.compile(rb"(K\x00\x00\x00\x0c)....", re.DOTALL)


@pytest.fixture
def pooled() -> Iterator[dict[str, Any]]:
    """How to connect by way of something that passes everything on, but names itself, as poolers do."""
    host, port = connection.settings_dict["HOST"], connection.settings_dict["PORT"] or 5432
    listener = socket.create_server(("127.0.0.1", 0))
    open_sockets = [listener]

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(f"{host}/.s.PGSQL.{port}")
                open_sockets.extend((client, server))
                for source, target in ((client, server), (server, client)):
                    threading.Thread(target=_pass_on, args=(source, target), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    params = connection.get_connection_params()
    wanted = {name: value for name, value in params.items() if name in ("user", "password", "dbname")}
    try:
        yield {**wanted, "host": "127.0.0.1", "port": listener.getsockname()[1]}
    finally:
        for each in open_sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(SERVER.sub(lambda found: found[1] + b"\0\0\0\1", data))
        target.shutdown(socket.SHUT_WR)


def test_postgres_is_told_for_how_long_a_host_may_be_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """By something that shows on a socket of this machine, too: those that count do on others only."""
    connection.close()
    monkeypatch.setattr(sessions, "BEGIN", f"{sessions.BEGIN}, set_config('application_name', 'told', false)")
    with connection.cursor() as cursor:
        cursor.execute("SHOW application_name")
        assert cursor.fetchone() == ("told",)
    connection.close()


def test_a_pooler_is_recognised(pooled: dict[str, Any]) -> None:
    with psycopg.connect(**pooled) as through:
        assert sessions.is_pooled(through)
    connection.ensure_connection()
    assert not sessions.is_pooled(connection.connection)


def test_statements_are_prepared_unless_a_pooler_is_in_between(pooled: dict[str, Any]) -> None:
    params = connection.get_connection_params()
    own = {name: value for name, value in params.items() if name not in ("cursor_factory", "context")}

    async def prepares(**how: Any) -> int | None:
        async with await psycopg.AsyncConnection.connect(**{**how, "autocommit": True}) as opened:
            opened.prepare_threshold = 1
            await sessions.begin(opened)
            return opened.prepare_threshold

    assert asyncio.run(prepares(**own)) == 1
    assert asyncio.run(prepares(**pooled)) is None


def test_programs_that_need_a_whole_session_are_refused_a_pooler(pooled: dict[str, Any]) -> None:
    database = {
        "HOST": pooled["host"],
        "PORT": str(pooled["port"]),
        "USER": pooled.get("user", ""),
        "PASSWORD": "",
        "NAME": pooled["dbname"],
        "OPTIONS": {},
    }

    assert fault_of(database, makes_tables=False) is None
    told = fault_of(database, makes_tables=False, whole_sessions=True)
    assert told == "names a connection pooler. Name the Postgres behind it, for this command."


def test_what_a_lease_sets_ends_with_its_transaction() -> None:
    def wait() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            return str(cursor.fetchone()[0])

    usual = wait()

    assert leases._extended(lambda: wait() == f"{leases.LOCK_MILLISECONDS}ms")
    assert wait() == usual != f"{leases.LOCK_MILLISECONDS}ms"
