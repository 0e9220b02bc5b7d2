"""What the cache did, counted by the hour, so that statistics cost the same after a million plans as after ten.

Finished Plans are added to the tallies once, a minute after they finished; what came since is counted from the
Plans themselves. Tallies stay when Plans and cache entries are gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.db import connection

from orra.base.database.replica import read_connection
from planengine.accounting.figures import statements
from planengine.accounting.figures.statements import COARSE, FINE, KEPT
from planengine.models import Project, TallyMark

# A Plan's end is set by its process and seen when that commits, which takes milliseconds.
LATEST_COMMIT = timedelta(minutes=1)
EVER = datetime.min.replace(tzinfo=UTC)

BEGIN = "INSERT INTO planengine_tallymark (id, counted_until) VALUES (1, %s) ON CONFLICT DO NOTHING"

# The mark says what has been added: whoever holds it adds, and moves it on, in one statement. Parameters: until.
# The figures have a mark of their own, because an older version of orra, which may be at work meanwhile, moves on
# the tallies' only.
ADD = f"""
    WITH mark AS (
        SELECT id, counted_until, greatest(coalesce(figures_until, counted_until), %(coarse)s) AS figured
        FROM planengine_tallymark WHERE counted_until < %(until)s FOR UPDATE SKIP LOCKED
    ), fresh AS MATERIALIZED (
        SELECT {statements.FACTS}, plan.finished_at >= mark.counted_until AS for_tallies,
            plan.finished_at >= mark.figured AS for_figures
        FROM mark JOIN planengine_plan AS plan
            ON plan.finished_at >= least(mark.counted_until, mark.figured) AND plan.finished_at < %(until)s
        {statements.MADE}
    ), figures AS (
        {statements.ADDED}
    ), added AS (
        INSERT INTO planengine_tally AS tally (
            project_id, hour, decision, reason, guard, requests, tokens_saved, cost_saved
        )
        SELECT project_id, date_trunc('hour', finished_at, 'UTC'), fresh.decision, decision_reason,
            fresh.guard, count(*), coalesce(sum(fresh.tokens_saved), 0), sum(fresh.cost_saved)
        FROM fresh WHERE for_tallies
        GROUP BY 1, 2, 3, 4, 5
        ON CONFLICT (project_id, hour, decision, reason, guard) DO UPDATE
            SET requests = tally.requests + excluded.requests,
                tokens_saved = tally.tokens_saved + excluded.tokens_saved,
                cost_saved = coalesce(
                    tally.cost_saved + excluded.cost_saved, tally.cost_saved, excluded.cost_saved
                )
    )
    UPDATE planengine_tallymark SET counted_until = %(until)s, figures_until = %(until)s
    FROM mark WHERE planengine_tallymark.id = mark.id
"""

# The mark as it was a moment ago tells the planner how few Plans there are to read; the mark as it is, in the same
# snapshot as everything else, which of them are not in the tallies.
READ = """
    SELECT decision, reason, guard, sum(requests)::bigint, sum(tokens_saved)::bigint, sum(cost_saved) FROM (
        SELECT decision, reason, guard, requests, tokens_saved, cost_saved FROM planengine_tally
        WHERE project_id = %(project)s AND hour >= %(since)s
        UNION ALL
        SELECT decision, decision_reason, guard, 1, coalesce(tokens_saved, 0), cost_saved FROM planengine_plan
        WHERE project_id = %(project)s AND finished_at >= greatest(%(since)s, %(mark)s)
            AND finished_at >= coalesce((SELECT counted_until FROM planengine_tallymark), '-infinity')
    ) AS counted GROUP BY 1, 2, 3
"""


@dataclass(frozen=True)
class Count:
    """So many finished plans of one kind, and the model's tokens and the money that they saved; ``None`` when
    nobody knows how much money."""

    decision: str
    reason: str
    guard: str
    requests: int
    tokens_saved: int
    cost_saved: Decimal | None = None


def counts(project: Project, *, since: datetime | None = None) -> list[Count]:
    """The project's finished plans by what the cache decided, from the full hour ``since`` on."""
    mark = TallyMark.objects.first()
    beginning = EVER if since is None else full_hour(since)
    known = mark.counted_until if mark else EVER
    with read_connection().cursor() as cursor:
        cursor.execute(READ, {"project": project.pk, "since": beginning, "mark": known})
        return [Count(*row) for row in cursor.fetchall()]


def add_finished_plans(now: datetime) -> bool:
    """Adds what finished more than a moment ago to the tallies and figures; ``False`` when there was nothing to
    do, or another process is at it."""
    with connection.cursor() as cursor:
        cursor.execute(BEGIN, [EVER])
        kept = {"fine": now - KEPT[FINE], "coarse": now - KEPT[COARSE]}
        cursor.execute(ADD, {"until": now - LATEST_COMMIT, **kept})
        return bool(cursor.rowcount)


def full_hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
