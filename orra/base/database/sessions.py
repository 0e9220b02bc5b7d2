"""What a session with Postgres is told when it begins, and whether it is ours alone.

Behind a pooler that gives sessions to whoever has a transaction (PgBouncer's ``pool_mode = transaction``) nothing
outlives its transaction: what is set for a session is set for strangers, and what was prepared is somewhere else.
So orra sets nothing for a session but what all its sessions have, prepares nothing behind a pooler, and reads
with cursors within transactions only.
"""

from __future__ import annotations

from typing import Any

import psycopg
from django.db.backends.signals import connection_created

# A host that has vanished says nothing, and Postgres would keep what its transaction had locked for two hours: it
# asks after 10 s, and ends the session 15 s later. The other way round it is orra's settings that say so.
UNTIL_GONE = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "15000",
}
# Gives the process id of the session's server.
BEGIN = "SELECT pg_backend_pid(), " + ", ".join(
    f"set_config('{name}', '{value}', false)" for name, value in UNTIL_GONE.items()
)


def begin_all() -> None:
    """Every connection of Django's that is opened from now on."""
    connection_created.connect(_begin, dispatch_uid="sessions")


def _begin(*, connection: Any, **_: Any) -> None:
    connection.connection.execute(BEGIN)


async def begin(connection: psycopg.AsyncConnection[Any]) -> None:
    """A connection that prepares its statements: not behind a pooler, where the same name is another statement's
    in another session."""
    prepared, connection.prepare_threshold = connection.prepare_threshold, None
    row = await (await connection.execute(BEGIN)).fetchone()
    if row and row[0] == connection.info.backend_pid:
        connection.prepare_threshold = prepared


def is_pooled(connection: psycopg.Connection[Any]) -> bool:
    """Whether a pooler is in between: it names itself to its clients, and no process of the server's."""
    row = connection.execute("SELECT pg_backend_pid()").fetchone()
    return row is not None and row[0] != connection.info.backend_pid
