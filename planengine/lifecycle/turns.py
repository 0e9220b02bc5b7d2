"""Whose plan a worker takes up next, and how many a project may have waiting.

A message says that there is something to do, not what: whoever gets one takes up the oldest plan of the project
that has the fewest being made, and of several such projects the one whose last turn was longest ago. So a project
that asks for a thousand plans at once waits for its own, and everybody else for one plan at most. There is a
message for each plan that waits, and each takes up one.

A plan that is taken up is held for as long as it takes to claim it, by the lease that a claim then renews. Rows
are read and written by the database's clock.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from orra.base.leases import LEASE
from planengine.exceptions import TooManyWaiting
from planengine.models import Follower, Plan, Project, Turn
from planengine.models.states import PlanStatus

# Another may take up the same plan in the same moment; one of them has it then, and the others look again.
TRIES = 50
RETRY_AFTER_SECONDS = 5

FREE = "(plan.lease_expires_at IS NULL OR plan.lease_expires_at <= statement_timestamp())"
# The projects with plans that wait are found one by one in an index, however many plans each has. Parameter: the
# lease.
TAKE = f"""
    WITH RECURSIVE waiting AS (
        (SELECT project_id FROM planengine_plan WHERE status = 'pending' ORDER BY project_id LIMIT 1)
        UNION ALL
        SELECT (
            SELECT project_id FROM planengine_plan
            WHERE status = 'pending' AND project_id > waiting.project_id ORDER BY project_id LIMIT 1
        ) FROM waiting WHERE waiting.project_id IS NOT NULL
    ), working AS (
        SELECT project_id, count(*) AS plans FROM planengine_plan
        WHERE status = 'planning' AND lease_expires_at > statement_timestamp() GROUP BY project_id
    ), next AS (
        SELECT oldest.id
        FROM waiting LEFT JOIN working USING (project_id) LEFT JOIN planengine_turn AS turn USING (project_id)
        CROSS JOIN LATERAL (
            SELECT plan.id FROM planengine_plan AS plan
            WHERE plan.status = 'pending' AND plan.project_id = waiting.project_id AND {FREE} AND NOT EXISTS (
                SELECT FROM planengine_follower AS follower
                JOIN planengine_flight AS flight ON flight.id = follower.flight_id
                WHERE follower.plan_id = plan.id AND flight.lease_expires_at > statement_timestamp()
            )
            ORDER BY plan.created_at, plan.id LIMIT 1
        ) AS oldest
        ORDER BY coalesce(working.plans, 0), turn.taken_at NULLS FIRST, waiting.project_id LIMIT 1
    ), taken AS (
        UPDATE planengine_plan AS plan
        SET lease_expires_at = statement_timestamp() + %s * interval '1 second'
        FROM next WHERE plan.id = next.id AND plan.status = 'pending' AND {FREE}
        RETURNING plan.id, plan.project_id
    ), noted AS (
        INSERT INTO planengine_turn (project_id, taken_at) SELECT project_id, clock_timestamp() FROM taken
        ON CONFLICT (project_id) DO UPDATE SET taken_at = excluded.taken_at
    )
    SELECT (SELECT id FROM taken), EXISTS (SELECT FROM next)
"""


def take(told_of: str) -> str:
    """The id of the plan to work on for a message about this one. A plan whose worker was lost had its turn, and
    is taken up when it is told of; so is the one told of when none waits, in case it does all the same."""
    lost = Plan.objects.filter(pk=told_of, status=PlanStatus.PLANNING, lease_expires_at__lt=Now())
    if lost.exists():
        return told_of
    for _ in range(TRIES):
        with connection.cursor() as cursor:
            cursor.execute(TAKE, [LEASE.total_seconds()])
            taken, there_was_one = cursor.fetchone() or (None, False)
        if taken is not None:
            return str(taken)
        if not there_was_one:
            break
    return told_of


def are_taken(now: datetime, *, within: timedelta) -> bool:
    """Whether messages have come through to workers lately."""
    return Turn.objects.filter(taken_at__gt=now - within).exists()


def is_anybody_kept_waiting(now: datetime, *, longer_than: timedelta = timedelta(seconds=1)) -> bool:
    """Whether a plan waits for a worker, and has for some time."""
    in_flight = Follower.objects.filter(plan=OuterRef("pk"), flight__lease_expires_at__gt=Now())
    waiting = Plan.objects.filter(~Exists(in_flight), status=PlanStatus.PENDING, created_at__lt=now - longer_than)
    return waiting.order_by().exists()


def check_room(project: Project) -> None:
    """Raises :class:`TooManyWaiting` when the project has as many unfinished plans as it may. Requests that come
    at the same moment are not told of one another, so a few more may be let in."""
    most = settings.PLANNING_WAITING
    if Plan.objects.unfinished().filter(project=project).order_by()[:most].count() >= most:
        raise TooManyWaiting(
            f"{most} plans of this project are not finished yet, and more are not accepted until some are. Hits "
            "are served meanwhile. Send the request again later, with the same `Idempotency-Key` if it has one.",
            retry_after=RETRY_AFTER_SECONDS,
        )
