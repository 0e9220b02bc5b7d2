"""Keeping the cache small: deletion in batches that never wait for a row somebody else holds.

Expiry is checked on read, so none of this is needed for an answer to be right; it frees space.
Each batch is a transaction of its own. Which entries have to go is asked anew in every batch and does not depend
on who asks, so two beats running at once only share the work. Vectors and counters go with their entries: see
the ``ON DELETE CASCADE`` in the migrations.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

BATCH = 1000

DELETE_EXPIRED = """
    DELETE FROM cache_entry WHERE id = ANY(ARRAY(
        SELECT id FROM cache_entry WHERE expires_at <= now() ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED
    ))
"""

DELETE_EXPIRED_VERDICTS = """
    DELETE FROM cache_verdict WHERE id = ANY(ARRAY(
        SELECT id FROM cache_verdict WHERE expires_at <= now() ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED
    ))
"""

PROJECTS_OVER_CAP = """
    SELECT project.id, project.cache_max_entries
    FROM planengine_project AS project
    JOIN cache_entry AS entry ON entry.project_id = project.id AND NOT entry.pinned
    GROUP BY project.id HAVING count(*) > project.cache_max_entries
"""

# What serves nobody any more goes first, then what was used longest ago.
DELETE_OVER_CAP = """
    DELETE FROM cache_entry WHERE id = ANY(ARRAY(
        SELECT id FROM cache_entry WHERE id IN (
            SELECT entry.id FROM cache_entry AS entry LEFT JOIN cache_entryuse AS use ON use.entry_id = entry.id
            WHERE entry.project_id = %s AND NOT entry.pinned
            ORDER BY
                entry.expires_at > now() AND entry.quarantined_at IS NULL DESC,
                use.last_used_at DESC NULLS LAST,
                entry.id DESC
            OFFSET %s
        ) LIMIT %s FOR UPDATE SKIP LOCKED
    ))
"""


def delete_expired(*, batch: int = BATCH) -> int:
    """Deletes every expired entry; how many there were."""
    return _until_none_left(DELETE_EXPIRED, [batch])


def delete_expired_verdicts(*, batch: int = BATCH) -> int:
    """Deletes every verdict that counts no more; how many there were."""
    return _until_none_left(DELETE_EXPIRED_VERDICTS, [batch])


def enforce_caps(*, batch: int = BATCH) -> int:
    """Deletes, in each project over its cap, the entries unused for longest; how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(PROJECTS_OVER_CAP)
        over_cap = cursor.fetchall()
    return sum(_until_none_left(DELETE_OVER_CAP, [project_id, cap, batch]) for project_id, cap in over_cap)


def _until_none_left(statement: str, params: Sequence[str | int]) -> int:
    deleted = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(statement, params)
            if not cursor.rowcount:
                return deleted
            deleted += cursor.rowcount
