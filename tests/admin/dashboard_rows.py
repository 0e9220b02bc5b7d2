"""A day of a project's plans, for the dashboard to show."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from planengine.models import Attempt, Heartbeat, HitCheck, Plan, Project
from planengine.models.states import PlanStatus

HITS = (
    ("exact", "same_template", 0.004),
    ("semantic", "same_meaning", 0.018),
    ("example", "made_by_example", 0.03),
)


def a_day(project: Project, now: datetime, *, per_hour: int = 6) -> None:
    """Each hour so many hits of each kind, a plan by a model after two attempts, and a failure."""
    for hours in range(24):
        at = now - timedelta(hours=hours, minutes=10)
        for source, reason, took in HITS:
            for number in range(per_hour):
                hit = _plan(project, at, took * (1 + number), source=source, decision=source, reason=reason)
                if number == 0:
                    verdict = "wrong" if hours == 5 and source == "semantic" else "right"
                    check = HitCheck.objects.create(project=project, plan=hit, origin="sample", verdict=verdict)
                    HitCheck.objects.filter(pk=check.pk).update(created_at=at)
        planned = _plan(project, at, 2.5 + hours % 5, source="model", decision="miss", reason="nothing_similar")
        for number in (1, 2):
            Attempt.objects.create(
                plan=planned,
                number=number,
                planner="model:1:tiny",
                prompt_tokens=800,
                completion_tokens=90,
                seconds=1,
            )
        _plan(project, at, 6.0, decision="miss", reason="refused", code="plan_rejected")


def processes(now: datetime, *, age: timedelta = timedelta(seconds=4)) -> None:
    for kind in ("web", "worker", "beat", "ticks"):
        name = kind if kind == "ticks" else f"{kind}@host:17"
        Heartbeat.objects.create(name=name, kind=kind, began_at=now - timedelta(hours=5), seen_at=now - age)


def _plan(
    project: Project, at: datetime, took: float, *, decision: str, reason: str, source: str = "", code: str = ""
) -> Plan:
    hit = source in ("exact", "semantic", "example")
    return Plan.objects.create(
        project=project,
        action="Refund order ORD-17",
        status=PlanStatus.FAILED if code else PlanStatus.READY,
        plan=None if code else {},
        error={"code": code} if code else None,
        source=source or None,
        decision=decision,
        decision_reason=reason,
        tokens_saved=900 if hit else None,
        cost_saved=Decimal("0.0021") if hit else None,
        created_at=at - timedelta(seconds=took),
        finished_at=at,
    )
