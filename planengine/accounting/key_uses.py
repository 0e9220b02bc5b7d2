"""When keys were used last: noted in memory by whoever answers, written by the thread that tells that the process
is alive, so that no request waits for it. A process writes of a key once in five minutes at most."""

from __future__ import annotations

import threading
import time
from datetime import datetime

from django.db import connection
from django.utils import timezone

NOTED_EVERY_SECONDS = 300.0
MOST_NOTED = 10_000

# Keys that are gone meanwhile are left out. Parameters: ids, moments.
WRITE = """
    INSERT INTO planengine_keyuse AS known (key_id, used_at)
    SELECT key.id, used.at FROM unnest(%s::text[], %s::timestamptz[]) AS used (id, at)
    JOIN planengine_apikey AS key ON key.id = used.id
    ORDER BY key.id
    ON CONFLICT (key_id) DO UPDATE SET used_at = excluded.used_at WHERE known.used_at < excluded.used_at
"""

_lock = threading.Lock()
_noted: dict[str, float] = {}  # since when nothing is noted of a key, by the monotonic clock
_unwritten: dict[str, datetime] = {}


def note(key_id: str) -> None:
    """The key was used now."""
    now = time.monotonic()
    if now - _noted.get(key_id, float("-inf")) < NOTED_EVERY_SECONDS:
        return
    with _lock:
        if len(_noted) >= MOST_NOTED:
            _noted.clear()
        _noted[key_id] = now
        _unwritten[key_id] = timezone.now()


def write() -> int:
    """Writes what was noted since the last time; of how many keys. What cannot be written is kept for the next
    time, and the error raised."""
    with _lock:
        uses = dict(_unwritten)
        _unwritten.clear()
    if not uses:
        return 0
    try:
        with connection.cursor() as cursor:
            cursor.execute(WRITE, [list(uses), list(uses.values())])
    except BaseException:
        with _lock:
            for key_id, moment in uses.items():
                _unwritten.setdefault(key_id, moment)
        raise
    return len(uses)


def forget() -> None:
    """As if nothing had been noted."""
    with _lock:
        _noted.clear()
        _unwritten.clear()
