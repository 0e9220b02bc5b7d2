from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from cache.examples import observed
from cache.models import ObservedWord
from planengine import tasks
from planengine.accounting import tallies
from planengine.lifecycle import retention
from planengine.models import Attempt, Follower, HitCheck, Label, Plan, Project
from planengine.models.states import PlanStatus
from planengine.requests import PlanRequest
from planengine.reuse import plan_cache

pytestmark = pytest.mark.django_db(transaction=True)


def asked(project: Project, *, days: float, status: str = PlanStatus.FAILED, **columns: object) -> Plan:
    """A Plan asked for so many days ago, and finished unless its status says otherwise, with one attempt."""
    at = timezone.now() - timedelta(days=days)
    ended = None if status in (PlanStatus.PENDING, PlanStatus.PLANNING) else at
    plan = Plan.objects.create(
        project=project, action="Refund it", status=status, created_at=at, finished_at=ended, **columns
    )
    attempt = Attempt.objects.create(plan=plan, number=1, planner="composer", seconds=0.1)
    Attempt.objects.filter(pk=attempt.pk).update(created_at=at)
    return plan


def left() -> set[str]:
    return set(Plan.objects.values_list("pk", flat=True))


class TestPlans:
    def test_old_ones_go_in_batches_and_young_ones_stay(self, project: Project) -> None:
        for _ in range(5):
            asked(project, days=31)
        young = asked(project, days=29)
        tallies.add_finished_plans(timezone.now())

        assert retention.delete_old_plans(timezone.now(), days=30, batch=2) == 5

        assert left() == {young.pk}

    def test_what_belongs_to_them_goes_along(self, project: Project) -> None:
        plan = asked(project, days=31, idempotency_key="again", request_digest="x")
        HitCheck.objects.create(project=project, plan=plan, origin="report", verdict="wrong")
        Follower.objects.create(plan=plan, identity="x", since=timezone.now())
        tallies.add_finished_plans(timezone.now())

        assert retention.delete_old_plans(timezone.now(), days=30) == 1

        assert not (Attempt.objects.exists() or HitCheck.objects.exists() or Follower.objects.exists())

    @pytest.mark.parametrize("status", [PlanStatus.PENDING, PlanStatus.PLANNING])
    def test_unfinished_ones_stay_however_old(self, project: Project, status: str) -> None:
        waiting = asked(project, days=1000, status=status)
        tallies.add_finished_plans(timezone.now())

        assert retention.delete_old_plans(timezone.now(), days=1) == 0
        assert retention.delete_old_attempts(timezone.now(), days=1) == 0

        assert left() == {waiting.pk}

    def test_those_that_the_tallies_have_not_counted_stay(self, project: Project) -> None:
        asked(project, days=31)

        assert retention.delete_old_plans(timezone.now(), days=30) == 0
        tallies.add_finished_plans(timezone.now())
        assert retention.delete_old_plans(timezone.now(), days=30) == 1

    def test_zero_days_keep_everything(self, project: Project) -> None:
        asked(project, days=1000)
        tallies.add_finished_plans(timezone.now())

        assert retention.delete_old_plans(timezone.now(), days=0) == 0
        assert retention.delete_old_attempts(timezone.now(), days=0) == 0

    def test_a_row_in_use_is_left_for_the_next_time(self, project: Project) -> None:
        plans = [asked(project, days=31 + number) for number in range(3)]
        tallies.add_finished_plans(timezone.now())
        other = connection.copy()
        try:
            other.set_autocommit(False)
            with other.cursor() as cursor:
                cursor.execute("SELECT 1 FROM planengine_plan WHERE id = %s FOR UPDATE", [plans[2].pk])
            assert retention.delete_old_plans(timezone.now(), days=30, batch=1) == 2
        finally:
            other.rollback()
            other.close()

        assert left() == {plans[2].pk}
        assert retention.delete_old_plans(timezone.now(), days=30) == 1

    def test_two_at_once_delete_each_plan_once(self, project: Project) -> None:
        for number in range(60):
            asked(project, days=31 + number)
        young = asked(project, days=1)
        tallies.add_finished_plans(timezone.now())
        begin = Barrier(2)

        def work(number: int) -> int:
            try:
                begin.wait(timeout=20)
                return retention.delete_old_plans(timezone.now(), days=30, batch=7)
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as pool:
            assert sum(pool.map(work, range(2))) == 60

        assert left() == {young.pk}
        assert Attempt.objects.get().plan_id == young.pk


class TestAttempts:
    def test_old_ones_go_and_their_plans_stay(self, project: Project) -> None:
        old, young = asked(project, days=31), asked(project, days=29)

        assert retention.delete_old_attempts(timezone.now(), days=30) == 1

        assert left() == {old.pk, young.pk}
        assert Attempt.objects.get().plan_id == young.pk


def test_ended_sessions_go(db: None) -> None:
    now = timezone.now()
    for name, hours in (("ended", -1), ("open", 1)):
        Session.objects.create(session_key=name, session_data="", expire_date=now + timedelta(hours=hours))

    assert retention.delete_ended_sessions(now) == 1

    assert Session.objects.get().session_key == "open"


def test_the_tick_keeps_to_the_settings(project: Project, settings: pytest.FixtureRequest) -> None:
    settings.PLAN_RETENTION_DAYS, settings.ATTEMPT_RETENTION_DAYS = 30, 10  # type: ignore[attr-defined]
    gone, kept = asked(project, days=31), asked(project, days=11)
    tasks.tally()

    for _ in range(2):
        tasks.forget_the_past()

    assert left() == {kept.pk}
    assert not Attempt.objects.exists()
    assert gone.pk not in left()


class TestLabelsAndWords:
    def test_each_projects_newest_labels_stay(
        self, project: Project, make_project: Callable[..., Project]
    ) -> None:
        other = make_project("another")
        for each, count in ((project, 7), (other, 3)):
            Label.objects.bulk_create(
                Label(project=each, origin="miss", odds=float(at), wrong=False) for at in range(count)
            )

        assert retention.delete_old_labels(kept=4, batch=2) == 3

        odds = Label.objects.filter(project=project).order_by("pk").values_list("odds", flat=True)
        assert list(odds) == [3.0, 4.0, 5.0, 6.0]
        assert Label.objects.filter(project=other).count() == 3
        assert retention.delete_old_labels() == 0

    def test_words_stay_as_long_as_their_scope_has_an_entry(self, project: Project) -> None:
        request = PlanRequest("Paint the moon", {})
        entry = plan_cache.keep_refusal(project, request, vector=plan_cache.embed("x"), planned_by="model")
        assert entry is not None
        for scope in (entry.scope, "gone", "also gone"):
            observed.note(project.pk, scope, ["paint", "the", "moon"], "s" * 64)

        assert observed.forget_unused(batch=2) == 6

        assert set(ObservedWord.objects.values_list("scope", flat=True)) == {entry.scope}
        entry.delete()
        tasks.forget_the_past()
        assert not ObservedWord.objects.exists()
