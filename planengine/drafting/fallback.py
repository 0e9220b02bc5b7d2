"""Who makes a plan: the first planner, or the fallback while the first one's server is down.

What the fallback planned is stored under its own name, so it is never served as the first model's. While the first
is left alone, requests that the fallback has planned before are served from what it stored.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog
from django.conf import settings

from orra.base import metrics
from planengine.drafting import breaker
from planengine.drafting.attempts import Attempts
from planengine.drafting.generation import Outcome, generate
from planengine.drafting.planner_choice import current_planner, fallback_planner
from planengine.models import Plan
from planengine.planners.protocol import Job, Planner

log = structlog.get_logger(__name__)

# Of a plan's time, so that a first model that hangs leaves some for the fallback.
SHARE_OF_FIRST = 2 / 3


@dataclass(frozen=True)
class Made:
    """``planner`` is who made it, or failed as the last; the outcome's trials are those of all who tried."""

    outcome: Outcome
    planner: Planner


def make(plan: Plan, job: Job, *, served_by: Callable[[Planner], bool]) -> Made | None:
    """A plan by the first planner or the fallback. ``served_by`` is asked before the fallback is, and says whether
    the plan is finished with what it made before: then there is nothing to make."""
    deadline = time.monotonic() + settings.PLANNING_DEADLINE_SECONDS
    first, fallback = current_planner(), fallback_planner()
    if fallback is None:
        return Made(_generate(plan, first, job, deadline=deadline), first)
    failed = Outcome("failed")
    reason = "left_alone"
    seconds = SHARE_OF_FIRST * settings.PLANNING_DEADLINE_SECONDS
    if breaker.lets_through(_endpoint(), seconds=seconds):
        outcome = _generate(plan, first, job, deadline=time.monotonic() + seconds)
        breaker.note(_endpoint(), outcome)
        if not breaker.is_down(outcome):
            return Made(outcome, first)
        failed = outcome
        reason = outcome.failure.code if outcome.failure else ""
    if served_by(fallback):
        return None
    kind, _, _ = fallback.name.partition(":")
    metrics.FALLBACKS.labels(kind, reason).inc()
    log.warning("fallback plans", plan=plan.pk, project=plan.project_id, planner=fallback.name, reason=reason)
    outcome = _generate(plan, fallback, job, deadline=deadline, first=len(failed.trials) + 1)
    if breaker.is_down(outcome):
        outcome = _both_down(outcome, failed)
    return Made(replace(outcome, trials=(*failed.trials, *outcome.trials)), fallback)


def stand_in() -> Planner | None:
    """The fallback, if it may have planned what others wait for: the first one's last call failed."""
    fallback = fallback_planner()
    return fallback if fallback is not None and breaker.last_call_failed(_endpoint()) else None


def _both_down(outcome: Outcome, failed: Outcome) -> Outcome:
    """The fallback's outcome with the first model's failure in its message: otherwise a reader would look at
    the fallback only."""
    assert outcome.failure is not None
    why = failed.failure.message if failed.failure else "it gave no answer lately and is left alone for a while."
    message = f"{outcome.failure.message} This is the fallback, which was asked because of the first model: {why}"
    return replace(outcome, failure=replace(outcome.failure, message=message))


def _endpoint() -> str:
    return breaker.endpoint_of(settings.LLM_MODEL, settings.LLM_API_BASE_URL)


def _generate(plan: Plan, planner: Planner, job: Job, *, deadline: float, first: int = 1) -> Outcome:
    attempts = Attempts(plan, planner, job)
    return generate(
        planner,
        attempts.job,
        attempts=settings.PLANNING_ATTEMPTS,
        deadline=deadline,
        first=first,
        begin=attempts.begin,
        record=attempts.end,
        repair=plan.project.repair,
    )
