"""How long the past is kept: plans, attempts, labels, figures, the admin's sessions.

Deleted in batches that pass over rows somebody holds, so two beats at once only share the work. A Plan takes with
it its attempts, its checks, its idempotency key and what the cache decided. Plans that are not finished stay,
however old, and so do those that the tallies have not counted.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from orra.base.database.batches import BATCH, until_none_left
from planengine.accounting.figures.statements import KEPT as KEPT_FIGURES
from planengine.models.labels import KEPT

# What refers to the plans goes in the same statement, because foreign keys are checked at its end.
# Parameters: cutoff, batch.
DELETE_PLANS = """
    WITH old AS MATERIALIZED (
        SELECT id FROM planengine_plan
        WHERE created_at < %s AND status IN ('ready', 'not_actionable', 'failed')
            AND finished_at < (SELECT counted_until FROM planengine_tallymark)
        ORDER BY created_at LIMIT %s FOR UPDATE SKIP LOCKED
    ), attempts AS (DELETE FROM planengine_attempt WHERE plan_id IN (SELECT id FROM old)
    ), checks AS (DELETE FROM planengine_hitcheck WHERE plan_id IN (SELECT id FROM old)
    ), followers AS (DELETE FROM planengine_follower WHERE plan_id IN (SELECT id FROM old))
    DELETE FROM planengine_plan WHERE id IN (SELECT id FROM old)
"""

DELETE_ATTEMPTS = """
    DELETE FROM planengine_attempt WHERE id = ANY(ARRAY(
        SELECT attempt.id FROM planengine_attempt AS attempt
        JOIN planengine_plan AS plan ON plan.id = attempt.plan_id AND plan.finished_at IS NOT NULL
        WHERE attempt.created_at < %s
        ORDER BY attempt.created_at LIMIT %s FOR UPDATE OF attempt SKIP LOCKED
    ))
"""

DELETE_SESSIONS = """
    DELETE FROM django_session WHERE session_key = ANY(ARRAY(
        SELECT session_key FROM django_session WHERE expire_date < %s
        ORDER BY expire_date LIMIT %s FOR UPDATE SKIP LOCKED
    ))
"""

# Parameters: how many are kept, batch.
DELETE_LABELS = """
    DELETE FROM planengine_label WHERE id = ANY(ARRAY(
        SELECT id FROM planengine_label WHERE id IN (
            SELECT old.id FROM planengine_project AS project CROSS JOIN LATERAL (
                SELECT id FROM planengine_label WHERE project_id = project.id ORDER BY id DESC OFFSET %s
            ) AS old LIMIT %s
        ) FOR UPDATE SKIP LOCKED
    ))
"""

# Parameters: seconds, cutoff, batch.
DELETE_FIGURES = """
    DELETE FROM planengine_figure WHERE id = ANY(ARRAY(
        SELECT id FROM planengine_figure WHERE seconds = %s AND begun < %s
        ORDER BY begun LIMIT %s FOR UPDATE SKIP LOCKED
    ))
"""


def delete_old_plans(now: datetime, *, days: int, batch: int = BATCH) -> int:
    """Deletes finished plans asked for more than so many days ago; how many there were. 0 keeps all."""
    return _delete(DELETE_PLANS, now, days=days, batch=batch)


def delete_old_attempts(now: datetime, *, days: int, batch: int = BATCH) -> int:
    """As :func:`delete_old_plans`, for the prompts and answers of finished plans."""
    return _delete(DELETE_ATTEMPTS, now, days=days, batch=batch)


def delete_ended_sessions(now: datetime, *, batch: int = BATCH) -> int:
    """Deletes the admin's sessions that have expired; how many there were."""
    return until_none_left(DELETE_SESSIONS, [now, batch])


def delete_old_labels(*, kept: int = KEPT, batch: int = BATCH) -> int:
    """Deletes a project's labels but for the newest; how many there were."""
    return until_none_left(DELETE_LABELS, [kept, batch])


def delete_old_figures(now: datetime, *, batch: int = BATCH) -> int:
    """Deletes figures of slots whose time is over; how many there were."""
    return sum(
        until_none_left(DELETE_FIGURES, [seconds, now - kept, batch]) for seconds, kept in KEPT_FIGURES.items()
    )


def _delete(statement: str, now: datetime, *, days: int, batch: int) -> int:
    return until_none_left(statement, [now - timedelta(days=days), batch]) if days else 0
