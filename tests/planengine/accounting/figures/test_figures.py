from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from planengine.accounting import tallies
from planengine.accounting.figures import reading, statements
from planengine.accounting.figures.durations import bucket_of
from planengine.accounting.figures.reading import DAY, HOUR, WEEK, Figures, Window, figures
from planengine.models import Attempt, Figure, Plan, Project, TallyMark
from planengine.models.states import PlanStatus

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2026, 3, 1, 12, 32, tzinfo=UTC)
SLOT = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
HITS = ("exact", "semantic", "example")


def finish(project: Project, at: datetime = NOON, *, took: float = 0.01, code: str = "", **columns: Any) -> Plan:
    """A hit by exact template, unless said otherwise; with a code it failed."""
    facts: dict[str, Any] = {
        "status": PlanStatus.FAILED if code else PlanStatus.READY,
        "plan": None if code else {},
        "error": {"code": code} if code else None,
        "source": None if code else "exact",
        "decision": "miss" if code else "exact",
        "decision_reason": "refused" if code else "same_template",
        **columns,
    }
    began = at - timedelta(seconds=took)
    return Plan.objects.create(project=project, action="Do it", created_at=began, finished_at=at, **facts)


def planned(project: Project, at: datetime = NOON, *, drafts: int = 1, **columns: Any) -> Plan:
    """By a model, whose every call used 100 tokens for 0.25."""
    facts = {"source": "model", "decision": "miss", "decision_reason": "nothing_cached", **columns}
    plan = finish(project, at, **facts)
    for number in range(1, drafts + 1):
        Attempt.objects.create(
            plan=plan,
            number=number,
            planner="model:3:tiny",
            prompt_tokens=90,
            completion_tokens=10,
            cost=Decimal("0.25"),
            seconds=1.0,
        )
    return plan


def both(project: Project, window: Window, now: datetime) -> tuple[Figures, Figures]:
    """The project's figures before and after its plans were added to the table."""
    before = figures(window, now, project_id=project.pk)
    assert tallies.add_finished_plans(now + tallies.LATEST_COMMIT)
    return before, figures(window, now, project_id=project.pk)


@pytest.mark.parametrize("window", [HOUR, DAY, WEEK])
def test_plans_count_the_same_before_and_after_they_are_added(project: Project, window: Window) -> None:
    finish(project, tokens_saved=700, cost_saved=Decimal("0.5"))
    finish(project, tokens_saved=None)
    planned(project, drafts=3, took=2.0)
    planned(project, drafts=1, took=2.0)
    finish(project, code="plan_rejected", took=8.0)
    finish(project, status="not_actionable", plan=None, source=None, error={"code": "not_actionable"})

    before, after = both(project, window, NOON + timedelta(minutes=1))

    assert before == after
    whole = after.whole
    assert (whole.lookups, whole.hits, whole.hit_rate) == (6, 3, 0.5)
    assert whole.miss_reasons == {"nothing_cached": 2, "refused": 1}
    assert whole.outcomes == {
        ("ready", ""): 4,
        ("failed", "plan_rejected"): 1,
        ("not_actionable", "not_actionable"): 1,
    }
    assert whole.failure_share == pytest.approx(1 / 6)
    assert whole.attempts == {3: 1, 1: 1}
    assert (whole.calls, whole.tokens_used, whole.cost_used) == (4, 400, Decimal("1.00"))
    assert (whole.tokens_saved, whole.cost_saved) == (700, Decimal("0.5"))
    assert whole.percentile(0.5, HITS) == pytest.approx(0.01, rel=0.1)
    assert whole.percentile(0.95, ["model"]) == pytest.approx(2.0, rel=0.1)
    assert whole.percentile(0.95, ["composer"]) is None
    slot = reading.slot_of(NOON, window.seconds)
    assert after.slots[slot] == whole
    assert sum(part.finished for part in after.slots.values()) == 6


def test_the_database_and_python_agree_on_buckets(project: Project) -> None:
    took = [0.0001, 0.00011, 0.0045, 0.0091, 0.35, 1.0, 1.09, 1.1, 59.0, 119.9, 3600.0]
    for seconds in took:
        finish(project, took=seconds)

    known = figures(HOUR, NOON, project_id=project.pk).whole.durations["exact"]

    exact = [
        (plan.finished_at - plan.created_at).total_seconds() for plan in Plan.objects.all() if plan.finished_at
    ]
    assert sorted(known.elements()) == sorted(bucket_of(each) for each in exact)


def test_windows_end_and_projects_are_told_apart(project: Project, make_project: Callable[..., Project]) -> None:
    other = make_project("other", services={})
    finish(project, NOON)
    finish(other, NOON - timedelta(minutes=30))
    finish(other, NOON - timedelta(hours=3))
    finish(other, NOON - timedelta(days=3))
    finish(other, NOON - timedelta(days=9))
    now = NOON + timedelta(minutes=1)

    for _ in range(2):
        counted = {
            name: [figures(window, now, project_id=pk).whole.finished for window in (HOUR, DAY, WEEK)]
            for name, pk in (("mine", project.pk), ("other", other.pk), ("all", ""))
        }
        assert counted == {"mine": [1, 1, 1], "other": [1, 2, 3], "all": [2, 3, 4]}
        tallies.add_finished_plans(now + tallies.LATEST_COMMIT)

    other.delete()
    assert figures(WEEK, now).whole.finished == 4  # of all, they stay


def test_an_upgrade_counts_from_its_moment_on_and_says_so(project: Project) -> None:
    """As the migration leaves the mark, and after an older version has moved it on alone."""
    finish(project, NOON - timedelta(minutes=50), code="of_the_past")
    TallyMark.objects.create(
        id=1,
        counted_until=NOON - timedelta(minutes=20),
        figures_until=NOON - timedelta(minutes=40),
        figures_since=NOON - timedelta(minutes=40),
    )
    finish(project, NOON - timedelta(minutes=30), code="while_the_older_one_counted")
    finish(project, NOON - timedelta(minutes=10), code="since")

    before, after = both(project, HOUR, NOON)

    assert before == after
    assert after.complete_from == NOON - timedelta(minutes=40)
    assert {code for _, code in after.whole.outcomes} == {"while_the_older_one_counted", "since"}
    assert figures(HOUR, NOON + timedelta(hours=2)).complete_from is None


def test_what_nobody_adds_is_read_so_far_and_no_further(project: Project, monkeypatch: Any) -> None:
    monkeypatch.setattr(statements, "MOST_FRESH", 3)
    monkeypatch.setattr(reading, "MOST_FRESH", 3)
    for minute in range(5):
        finish(project, NOON + timedelta(minutes=minute))

    told = figures(HOUR, NOON + timedelta(minutes=10))

    assert told.whole.finished == 3
    assert told.until == NOON + timedelta(minutes=2)


def test_hostile_codes_are_names_like_any_other(project: Project) -> None:
    finish(project, code="a:b';--" + "x" * 200)

    before, after = both(project, HOUR, NOON + timedelta(minutes=1))

    assert before == after
    (status, code), *rest = after.whole.outcomes
    assert (status, code[:7], rest) == ("failed", "a:b';--", [])
    assert len(Figure.objects.filter(kind="outcome").first().name) == 120  # type: ignore[union-attr]


def test_no_query_reads_all_plans(project: Project) -> None:
    for _ in range(2000):
        finish(project, NOON)
    tallies.add_finished_plans(timezone.now())
    finish(project, timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE planengine_plan")
        cursor.execute("ANALYZE planengine_figure")

    for project_id in ("", project.pk):
        with CaptureQueriesContext(connection) as queries:
            assert figures(HOUR, timezone.now(), project_id=project_id).whole.finished == 1
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN " + queries.captured_queries[-1]["sql"])
            plan = "\n".join(line for (line,) in cursor.fetchall())
        assert "plan_by_end" in plan
        assert "Seq Scan on planengine_plan" not in plan
        assert "Seq Scan on planengine_attempt" not in plan
