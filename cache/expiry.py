"""Keeping the cache small: deletion in batches that never wait for a row somebody else holds.

Expiry is checked on read, so none of this is needed for an answer to be right; it frees space.
Each batch is a transaction of its own. Which entries have to go does not depend on who asks, so two beats running
at once only share the work. Vectors and counters go with their entries: see the ``ON DELETE CASCADE`` in the
migrations.
"""

from __future__ import annotations

from django.db import connection

from orra.base.database.batches import BATCH, until_none_left

# A pinned entry does not expire (see cache.pins); to be asked twice costs nothing.
DELETE_EXPIRED = """
    DELETE FROM cache_entry WHERE id = ANY(ARRAY(
        SELECT id FROM cache_entry WHERE expires_at <= now() AND NOT pinned
        ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED
    ))
"""

DELETE_EXPIRED_VERDICTS = """
    DELETE FROM cache_verdict WHERE id = ANY(ARRAY(
        SELECT id FROM cache_verdict WHERE expires_at <= now() ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED
    ))
"""

# Counts no further than each cap, in an index alone; the pinned are told apart afterwards.
PROJECTS_OVER_CAP = """
    SELECT project.id, project.cache_max_entries FROM planengine_project AS project
    WHERE EXISTS (
        SELECT FROM cache_entry AS entry WHERE entry.project_id = project.id OFFSET project.cache_max_entries
    )
"""

# What serves nobody any more goes first, then what was used longest ago.
OVER_CAP = """
    SELECT entry.id FROM cache_entry AS entry LEFT JOIN cache_entryuse AS use ON use.entry_id = entry.id
    WHERE entry.project_id = %s AND NOT entry.pinned
    ORDER BY
        entry.expires_at > now() AND entry.quarantined_at IS NULL DESC,
        use.last_used_at DESC NULLS LAST,
        entry.id DESC
    OFFSET %s LIMIT %s
"""

DELETE = """
    DELETE FROM cache_entry WHERE id = ANY(ARRAY(
        SELECT id FROM cache_entry WHERE id = ANY(%s) AND NOT pinned FOR UPDATE SKIP LOCKED
    ))
"""

# Choosing sorts a whole project, and so is done for many batches at once.
CHOSEN_AT_ONCE = 100


def delete_expired(*, batch: int = BATCH) -> int:
    """Deletes every expired entry that is not pinned; how many there were."""
    return until_none_left(DELETE_EXPIRED, [batch])


def delete_expired_verdicts(*, batch: int = BATCH) -> int:
    """Deletes every verdict that counts no more; how many there were."""
    return until_none_left(DELETE_EXPIRED_VERDICTS, [batch])


def enforce_caps(*, batch: int = BATCH) -> int:
    """Deletes, in each project over its cap, the entries unused for longest; how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(PROJECTS_OVER_CAP)
        over_cap = cursor.fetchall()
    return sum(_enforce_cap(project_id, cap, batch=batch) for project_id, cap in over_cap)


def _enforce_cap(project_id: str, cap: int, *, batch: int) -> int:
    deleted = 0
    while True:
        chosen = _over_cap(project_id, cap, limit=batch * CHOSEN_AT_ONCE)
        deleted_now = _delete(chosen, batch=batch)
        deleted += deleted_now
        if deleted_now < batch * CHOSEN_AT_ONCE:  # the rest is held by somebody: it goes next time
            return deleted


def _over_cap(project_id: str, cap: int, *, limit: int) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(OVER_CAP, [project_id, cap, limit])
        return [entry_id for (entry_id,) in cursor.fetchall()]


def _delete(entry_ids: list[str], *, batch: int) -> int:
    deleted = 0
    with connection.cursor() as cursor:
        for start in range(0, len(entry_ids), batch):
            cursor.execute(DELETE, [entry_ids[start : start + batch]])
            deleted += cursor.rowcount
    return deleted
