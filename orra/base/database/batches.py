"""Deleting much while others work: batch by batch, each a transaction of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection

BATCH = 1000


def until_none_left(statement: str, params: Sequence[Any]) -> int:
    """Repeats a statement that deletes one batch until it finds nothing more; how many rows it deleted in all.
    It should pass over rows that somebody holds (SKIP LOCKED), so that several may do this at once."""
    deleted = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(statement, params)
            if not cursor.rowcount:
                return deleted
            deleted += cursor.rowcount
