"""Who makes a plan: the first planner, or the fallback while the first one's server is down.

What the fallback planned is stored under its own name, so it is never served as the first model's. While the first
is left alone, requests that the fallback has planned before are served from what it stored.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import structlog
from django.conf import settings

from orra.base import metrics
from planengine.accounting import budgets
from planengine.drafting import breaker, trust
from planengine.drafting.attempts import Attempts
from planengine.drafting.generation import NOT_ACCOUNTED, Outcome, generate
from planengine.drafting.planner_choice import composer, current_planner, fallback_planner
from planengine.models import Plan
from planengine.planners.protocol import Job, Planner

log = structlog.get_logger(__name__)

# Of a plan's time, so that a first model that hangs leaves some for the fallback.
SHARE_OF_FIRST = 2 / 3
COMPOSER_SECONDS = 10.0


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
        return _or_composed(plan, job, Made(_generate(plan, first, job, deadline=deadline), first))
    failed = Outcome("failed")
    reason = "left_alone"
    seconds = SHARE_OF_FIRST * settings.PLANNING_DEADLINE_SECONDS
    if breaker.lets_through(_endpoint(), seconds=seconds):
        outcome = _generate(plan, first, job, deadline=time.monotonic() + seconds)
        breaker.note(_endpoint(), outcome)
        if not breaker.is_down(outcome):
            return _or_composed(plan, job, _or_trusted(plan, job, Made(outcome, first), fallback))
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
    outcome = replace(outcome, trials=(*failed.trials, *outcome.trials))
    return _or_composed(plan, job, Made(outcome, fallback))


def _or_trusted(plan: Plan, job: Job, made: Made, fallback: Planner) -> Made:
    """What the fallback plans where the first model's plan was not believed: it may be a stronger model."""
    held = made.outcome.failure is not None and made.outcome.failure.code == NOT_ACCOUNTED
    if not held or not fallback.model:
        return made
    metrics.FALLBACKS.labels("model", NOT_ACCOUNTED).inc()
    trials, seconds = made.outcome.trials, settings.PLANNING_DEADLINE_SECONDS
    deadline = time.monotonic() + seconds
    outcome = _generate(plan, fallback, job, deadline=deadline, first=trials[-1].number + 1)
    if breaker.is_down(outcome):
        return Made(replace(made.outcome, trials=(*trials, *outcome.trials)), made.planner)
    return Made(replace(outcome, trials=(*trials, *outcome.trials)), fallback)


def _or_composed(plan: Plan, job: Job, made: Made) -> Made:
    """What the composer plans where all of a model's drafts were rejected, or its plan was not believed: a weak
    model is never worse than none. What the composer cannot plan either ends as the model's drafts did."""
    if not (made.outcome.is_left_to_composer and made.planner.model and settings.COMPOSE_REJECTED):
        return made
    planner, trials = composer(), made.outcome.trials
    deadline = time.monotonic() + COMPOSER_SECONDS
    composed = _generate(plan, planner, job, deadline=deadline, first=trials[-1].number + 1)
    if composed.plan is None:
        return Made(replace(made.outcome, trials=(*trials, *composed.trials)), made.planner)
    reason = made.outcome.failure.code if made.outcome.failure else ""
    metrics.FALLBACKS.labels("composer", reason).inc()
    return Made(replace(composed, trials=(*trials, *composed.trials)), planner)


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
    base_url = settings.LLM_API_BASE_URL if planner is current_planner() else settings.LLM_FALLBACK_API_BASE_URL
    return generate(
        planner,
        attempts.job,
        attempts=settings.PLANNING_ATTEMPTS,
        deadline=deadline,
        first=first,
        begin=attempts.begin,
        record=attempts.end,
        repair=plan.project.repair,
        oversee=trust.overseer(planner, job, base_url=base_url, ask=partial(_ask, plan)),
    )


def _ask(plan: Plan, planner: Planner, job: Job, deadline: float) -> Outcome:
    """One draft that the plan's project is charged for."""
    meter = budgets.Meter(plan.project, planner, job)
    return generate(planner, job, attempts=1, deadline=deadline, begin=meter.begin, record=meter.end)
