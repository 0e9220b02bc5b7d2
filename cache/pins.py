"""Entries that operators keep: neither age nor the project's cap removes a pinned entry, and a plan stored anew
for its template inherits the pin. What makes an entry wrong (a service changed, a hit was found wrong) still does.

A pinned entry's end is moved to where nothing reaches it, so that no lookup has to ask for pins.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from django.db import connection

NEVER = datetime(9999, 12, 31, tzinfo=UTC)

# Both rows in one statement. Parameters: entry ids, the end.
PIN = """
    WITH pinned AS (
        UPDATE cache_entry SET pinned = true, expires_at = %(never)s
        WHERE id = ANY(%(entries)s) AND NOT pinned RETURNING id
    ), vectors AS (
        UPDATE cache_entryvector AS vector SET expires_at = %(never)s FROM pinned WHERE vector.entry_id = pinned.id
    )
    SELECT id FROM pinned
"""

# From now on it lives as long as a new one.
UNPIN = """
    WITH unpinned AS (
        UPDATE cache_entry AS entry
        SET pinned = false, expires_at = now() + project.cache_ttl_seconds * interval '1 second'
        FROM planengine_project AS project
        WHERE project.id = entry.project_id AND entry.id = ANY(%(entries)s) AND entry.pinned
        RETURNING entry.id, entry.expires_at
    ), vectors AS (
        UPDATE cache_entryvector AS vector SET expires_at = unpinned.expires_at
        FROM unpinned WHERE vector.entry_id = unpinned.id
    )
    SELECT id FROM unpinned
"""

# From its end on, or from now on where that is over; a pinned entry and a counter-example have no end.
# Parameters: entry ids, days, the most days from now.
EXTEND = """
    WITH extended AS (
        UPDATE cache_entry
        SET expires_at = greatest(expires_at, least(
            greatest(expires_at, now()) + %(days)s * interval '1 day', now() + %(most)s * interval '1 day'
        ))
        WHERE id = ANY(%(entries)s) AND NOT pinned AND kind <> 'counter' RETURNING id, expires_at
    ), vectors AS (
        UPDATE cache_entryvector AS vector SET expires_at = extended.expires_at
        FROM extended WHERE vector.entry_id = extended.id
    )
    SELECT id FROM extended
"""
MOST_DAYS = 3650


def extend(entry_ids: Iterable[str], *, days: int) -> list[str]:
    """Lets entries live so many days longer; the ids of those that have an end. An expired one serves again."""
    return _change(EXTEND, entry_ids, days=days, most=MOST_DAYS)


def pin(entry_ids: Iterable[str]) -> list[str]:
    """The ids of those that were not pinned before."""
    return _change(PIN, entry_ids)


def unpin(entry_ids: Iterable[str]) -> list[str]:
    """The ids of those that were pinned before."""
    return _change(UNPIN, entry_ids)


def _change(statement: str, entry_ids: Iterable[str], **params: int) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"entries": list(entry_ids), "never": NEVER, **params})
        return [entry_id for (entry_id,) in cursor.fetchall()]
