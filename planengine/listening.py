"""The stories of plans that somebody listens to: any number of plans with two statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields

from django.db.models import F

from planengine.events import AttemptFacts, PlanFacts, Story, tell
from planengine.models import Attempt, Plan

_PLAN = [field.name for field in fields(PlanFacts) if field.name != "leader_id"]
_ATTEMPT = [field.name for field in fields(AttemptFacts)]


def stories_of(plan_ids: Sequence[str]) -> Mapping[str, Story | None]:
    """By plan; ``None`` for one that is gone."""
    rows = Plan.objects.filter(pk__in=plan_ids).annotate(leader_id=F("follower__flight__leader_id"))
    plans = [PlanFacts(**row) for row in rows.order_by().values(*_PLAN, "leader_id")]
    wanted = {plan.id for plan in plans} | {plan.leader_id for plan in plans if plan.leader_id}
    attempts: dict[str, list[AttemptFacts]] = {}
    for row in Attempt.objects.filter(plan__in=wanted).order_by().values(*_ATTEMPT):
        attempts.setdefault(row["plan_id"], []).append(AttemptFacts(**row))
    told = {
        plan.id: tell(plan, attempts.get(plan.id, []) + attempts.get(plan.leader_id or "", [])) for plan in plans
    }
    return {plan_id: told.get(plan_id) for plan_id in plan_ids}
