from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Barrier

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from planengine import tasks
from planengine.accounting import tallies
from planengine.accounting.tallies import Count
from planengine.models import Plan, Project, Tally
from planengine.models.states import PlanStatus

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def finished(project: Project, at: datetime, *, decision: str = "exact", **columns: object) -> Plan:
    facts = {"decision_reason": "same_template", "tokens_saved": 100, **columns}
    return Plan.objects.create(
        project=project,
        status=PlanStatus.FAILED,
        action="Refund it",
        created_at=at,
        finished_at=at,
        decision=decision,
        **facts,
    )


def counted(project: Project, since: datetime | None = None) -> dict[str, tuple[int, int]]:
    return {count.decision: (count.requests, count.tokens_saved) for count in tallies.counts(project, since=since)}


def test_plans_count_the_same_before_and_after_they_are_added(project: Project) -> None:
    now = timezone.now()
    for age in (timedelta(days=3), timedelta(hours=1), timedelta(0)):
        finished(project, now - age)
    finished(project, now - timedelta(days=1), decision="miss", tokens_saved=None)
    expected = {"exact": (3, 300), "miss": (1, 0)}
    assert counted(project) == expected

    assert tallies.add_finished_plans(now)

    assert Tally.objects.count() == 3
    assert counted(project) == expected


def test_adding_again_adds_only_what_is_new(project: Project) -> None:
    finished(project, NOON)
    tallies.add_finished_plans(NOON + timedelta(minutes=5))
    assert not tallies.add_finished_plans(NOON + timedelta(minutes=5))
    finished(project, NOON + timedelta(minutes=10))

    tallies.add_finished_plans(NOON + timedelta(minutes=20))

    (tally,) = Tally.objects.all()
    assert (tally.hour, tally.requests, tally.tokens_saved) == (NOON.replace(minute=0), 2, 200)


def test_what_may_not_be_committed_yet_waits(project: Project) -> None:
    finished(project, NOON)

    tallies.add_finished_plans(NOON + tallies.LATEST_COMMIT)
    assert not Tally.objects.exists()
    assert counted(project) == {"exact": (1, 100)}

    tallies.add_finished_plans(NOON + tallies.LATEST_COMMIT + timedelta(seconds=1))
    assert Tally.objects.count() == 1


def test_money_adds_up_where_it_is_known(project: Project) -> None:
    def saved() -> dict[str, Decimal | None]:
        return {count.reason: count.cost_saved for count in tallies.counts(project)}

    for minutes, amount in ((0, None), (10, "0.25"), (20, None), (30, "0.0000000001")):
        at = NOON + timedelta(minutes=minutes)
        finished(project, at, cost_saved=amount and Decimal(amount))
        finished(project, at, decision_reason="same_meaning")
        expected = saved()
        tallies.add_finished_plans(at + timedelta(minutes=5))
        assert saved() == expected

    assert saved() == {"same_template": Decimal("0.2500000001"), "same_meaning": None}


def test_decisions_reasons_and_guards_are_told_apart(project: Project) -> None:
    finished(project, NOON, decision="miss", decision_reason="refused", guard="direction", tokens_saved=None)
    finished(project, NOON, decision="miss", decision_reason="refused", guard="fields", tokens_saved=None)
    finished(project, NOON, decision="miss", decision_reason="nothing_cached", tokens_saved=None)
    tallies.add_finished_plans(timezone.now())

    assert {(count.reason, count.guard, count.requests) for count in tallies.counts(project)} == {
        ("refused", "direction", 1),
        ("refused", "fields", 1),
        ("nothing_cached", "", 1),
    }


def test_a_window_begins_with_a_full_hour(project: Project) -> None:
    finished(project, NOON - timedelta(hours=1))
    finished(project, NOON.replace(minute=1))
    tallies.add_finished_plans(NOON + timedelta(days=1))
    finished(project, NOON + timedelta(days=2))

    assert counted(project, since=NOON) == {"exact": (2, 200)}
    assert counted(project, since=NOON + timedelta(days=3)) == {}


def test_they_outlive_their_plans_and_belong_to_one_project(
    project: Project, make_project: Callable[..., Project]
) -> None:
    other = make_project("other", services={})
    finished(project, NOON)
    finished(other, NOON)
    finished(other, timezone.now())
    tallies.add_finished_plans(NOON + timedelta(hours=1))
    Plan.objects.filter(project=project).delete()

    assert tallies.counts(project) == [Count("exact", "same_template", "", 1, 100)]
    assert counted(other) == {"exact": (2, 200)}


def test_several_at_once_add_each_plan_once(project: Project) -> None:
    for number in range(40):
        finished(project, NOON + timedelta(minutes=number))
    begin = Barrier(4)

    def work(number: int) -> None:
        try:
            begin.wait(timeout=20)
            tallies.add_finished_plans(NOON + timedelta(hours=2 + number))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))

    assert sum(Tally.objects.values_list("requests", flat=True)) == 40
    assert counted(project) == {"exact": (40, 4000)}


def test_unfinished_plans_do_not_count(project: Project) -> None:
    Plan.objects.create(project=project, action="Refund it", created_at=NOON, decision="miss")
    tasks.tally()

    assert tallies.counts(project) == []


def test_counting_reads_only_what_was_not_added(project: Project) -> None:
    """By the plan of the query, with many plans behind the mark and few ahead of it."""
    for _ in range(2000):
        finished(project, NOON)
    tallies.add_finished_plans(timezone.now())
    finished(project, timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE planengine_plan")
    with CaptureQueriesContext(connection) as queries:
        assert counted(project) == {"exact": (2001, 200_100)}

    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + queries.captured_queries[-1]["sql"])
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "plan_by_end" in plan
    assert "Seq Scan on planengine_plan" not in plan
