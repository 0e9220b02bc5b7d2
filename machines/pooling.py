"""Whether what orra does behind a pooler stays within its transactions."""

from __future__ import annotations

from contextlib import ExitStack

import psycopg

# All at once, so that each of the pool's sessions is looked at.
SESSIONS = 12
SETTINGS = (
    "lock_timeout",
    "statement_timeout",
    "maintenance_work_mem",
    "search_path",
    "enable_sort",
    "hnsw.ef_search",
)
LEFT = "SELECT (SELECT count(*) FROM pg_prepared_statements), (SELECT count(*) FROM pg_cursors WHERE is_holdable)"


def what_leaks(pooler: str, database: str) -> list[str]:
    """What the pooler's sessions have and a new one of Postgres' has not: settings, statements, cursors."""
    found: dict[str, None] = {}
    with ExitStack() as opened:
        new = opened.enter_context(psycopg.connect(database, prepare_threshold=None))
        usual = _state(new)
        for _ in range(SESSIONS):
            pooled = opened.enter_context(psycopg.connect(pooler, prepare_threshold=None))
            state = _state(pooled)
            found |= {f"{name} {state[name]}": None for name in state if state[name] != usual[name]}
    return list(found)


def _state(connection: psycopg.Connection[tuple[object, ...]]) -> dict[str, object]:
    """Within a transaction, which it leaves open. Settings of pgvector's are there once it is loaded."""
    connection.execute("SELECT '[1]'::vector")
    settings = {
        name: connection.execute("SELECT current_setting(%s, true)", [name]).fetchone() for name in SETTINGS
    }
    [left] = connection.execute(LEFT).fetchall()
    return {**{name: row and row[0] or "" for name, row in settings.items()}, "prepared, cursors": left}
