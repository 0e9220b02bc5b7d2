"""What requests leave behind, by the hundred thousand: plans, and rows of every table that grows with them."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils import timezone

from benchmarks.many_rows.bulk import copy_rows
from planengine.models import Attempt, DailyUsage, HitCheck, Label, Plan, Tally

PLAN_ID = "'o_' || left(md5(nth::text), 24)"


def fill(
    plan: Plan,
    numbers: range,
    *,
    moment: str,
    plans: Mapping[str, str],
    hour: str,
    key: str = "nth",
    project: str = "original.project_id",
    fewer: int = 1,
    attempts: Mapping[str, str] | None = None,
) -> None:
    """For each number a plan like this one, and for one number of so many ``fewer`` an attempt, a check, a label,
    a tally and a day's usage. All else is said in SQL, in which ``nth`` is the number: when each was, a tally's
    hour, ids, whose each is, and what is other of plans and of attempts."""
    some = numbers[: len(numbers) // fewer]
    copy_rows(plan, numbers, id=PLAN_ID, project_id=project, created_at=moment, finished_at=moment, **plans)
    attempt = Attempt.objects.create(plan=plan, number=1, planner="m", seconds=1.0)
    copy_rows(attempt, some, id=key, plan_id=PLAN_ID, created_at=moment, **(attempts or {}))
    check = HitCheck.objects.create(project=plan.project, plan=plan, origin="sample", verdict="right")
    copy_rows(check, some, id=key, plan_id=PLAN_ID, project_id=project, created_at=moment)
    label = Label.objects.create(project=plan.project, origin="miss", odds=-3.0, wrong=False)
    copy_rows(label, some, id=key, project_id=project)
    tally = Tally.objects.create(
        project=plan.project, hour=timezone.now(), decision="miss", requests=1, tokens_saved=0
    )
    copy_rows(tally, some, id=key, project_id=project, hour=hour)
    usage = DailyUsage.objects.create(project=plan.project, day=timezone.now().date())
    day = f"current_date - (nth - {numbers[0] - 1})::int"
    copy_rows(usage, some, id=key, project_id=project, day=day)
