"""How often and when last an entry served: counted on every hit, without any hit waiting for another.

A popular entry is hit from many threads at once, and each would wait for the one before to commit. So whoever
finds the counter taken leaves its hit with this process, and the next one to find it free counts them all. What a
killed process had not counted yet is lost, which is a few hits of a statistic.
"""

from __future__ import annotations

import threading
from collections import Counter
from datetime import datetime

from django.db import connection


def counting(entry: str) -> str:
    """Counts hits of ``entry``, which is SQL. Parameters: how many, when. Gives a row when they were counted, none
    when the counter is taken."""
    return f"""
        UPDATE cache_entryuse SET hits = hits + %s, last_used_at = %s
        WHERE entry_id = (SELECT entry_id FROM cache_entryuse WHERE entry_id = {entry} FOR UPDATE SKIP LOCKED)
        RETURNING entry_id
    """


# Parameters: how many hits, when, the entry's id.
COUNT = counting("%s")

# Of entries that are gone nobody takes what was left: the memory of it must end somewhere.
MAX_UNCOUNTED = 10_000

_lock = threading.Lock()
_uncounted: Counter[str] = Counter()


def take(entry_id: str) -> int:
    """The hits to count now: this one and those left here before."""
    with _lock:
        return 1 + _uncounted.pop(entry_id, 0)


def leave(entry_id: str, hits: int) -> None:
    """Leaves these hits with the process, because they could not be counted now."""
    with _lock:
        if entry_id in _uncounted or len(_uncounted) < MAX_UNCOUNTED:
            _uncounted[entry_id] += hits


def count_hit(entry_id: str, at: datetime) -> None:
    hits = take(entry_id)
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [hits, at, entry_id])
        if cursor.fetchone() is None:
            leave(entry_id, hits)
