"""The database's clock, the only one that all processes share: theirs may be wrong, or be set while they run."""

from __future__ import annotations

from datetime import datetime

from django.db import connection


def database_now() -> datetime:
    """What time it is for the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        row = cursor.fetchone()
    assert row is not None and isinstance(row[0], datetime)
    return row[0]
