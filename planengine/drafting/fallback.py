"""Who makes a plan: the first planner, or the fallback while the first one's server is down.

What the fallback planned is stored under its own name, so it is never served as the first model's. While the first
is left alone, requests that the fallback has planned before are served from what it stored.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import structlog
from django.conf import settings

from orra.base import metrics
from planengine.accounting import budgets
from planengine.drafting import breaker, trust
from planengine.drafting.attempts import Attempts
from planengine.drafting.composing import composed, numbered, that_counts
from planengine.drafting.generation import NOT_ACCOUNTED, Outcome, generate
from planengine.drafting.planner_choice import composer, current_planner, fallback_planner
from planengine.models import Plan, Project
from planengine.models.states import PlanSource
from planengine.planners.protocol import Job, Planner, Trial

log = structlog.get_logger(__name__)

# Of a plan's time, so that a first model that hangs leaves some for the fallback.
SHARE_OF_FIRST = 2 / 3


@dataclass(frozen=True)
class Made:
    """``planner`` is who was asked last, in whose scope the plan is kept; the outcome's trials are those of all
    who tried."""

    outcome: Outcome
    planner: Planner

    @property
    def source(self) -> str:
        """Who made it, as a Plan tells it."""
        return PlanSource.COMPOSER if self.outcome.composed else self.planner.source


def make(plan: Plan, job: Job, *, served_by: Callable[[Planner], bool]) -> Made | None:
    """A plan by the first planner or the fallback, and where these are models, with the composer beside them.
    ``served_by`` is asked before the fallback is, and says whether the plan is finished with what it made before:
    then there is nothing to make."""
    making = _Making(plan, job)
    deadline = time.monotonic() + settings.PLANNING_DEADLINE_SECONDS
    first, fallback = current_planner(), fallback_planner()
    if (ahead := making.ahead_of(first)) is not None:
        return ahead
    if fallback is None:
        return making.made(making.ask(first, deadline=deadline), first)
    failed: Outcome | None = None
    seconds = SHARE_OF_FIRST * settings.PLANNING_DEADLINE_SECONDS
    if breaker.lets_through(_endpoint(), seconds=seconds):
        failed = making.ask(first, deadline=time.monotonic() + seconds)
        breaker.note(_endpoint(), failed)
        if not breaker.is_down(failed):
            return making.believed(failed, first, fallback)
    if served_by(fallback):
        return None
    reason = failed.failure.code if failed and failed.failure else "left_alone"
    kind, _, _ = fallback.name.partition(":")
    metrics.FALLBACKS.labels(kind, reason).inc()
    log.warning("fallback plans", plan=plan.pk, project=plan.project_id, planner=fallback.name, reason=reason)
    outcome = making.ask(fallback, deadline=deadline)
    return making.made(_both_down(outcome, failed) if breaker.is_down(outcome) else outcome, fallback)


@dataclass
class _Making:
    """All that is tried for one plan, in the order in which it is tried. ``ahead``: what the composer made of it
    before a model that is held."""

    plan: Plan
    job: Job
    trials: list[Trial] = field(default_factory=list)
    ahead: Outcome | None = None

    def ask(self, planner: Planner, *, deadline: float) -> Outcome:
        attempts = Attempts(self.plan, planner, self.job)
        outcome = generate(
            planner,
            attempts.job,
            attempts=settings.PLANNING_ATTEMPTS,
            deadline=deadline,
            first=self.trials[-1].number + 1 if self.trials else 1,
            begin=attempts.begin,
            record=attempts.end,
            repair=self.plan.project.repair,
            oversee=trust.overseer(planner, self.job, ask=partial(ask, self.plan.project)),
        )
        self.trials += outcome.trials
        return outcome

    def ahead_of(self, planner: Planner) -> Made | None:
        """The composer's plan, if it has one, before a model that is held to the composer's rule anyway."""
        if settings.COMPOSE_REJECTED and trust.is_held(planner):
            self.ahead = composed(composer(), self.job)
        if self.ahead is None or self.ahead.plan is None:
            return None
        self._record(self.ahead, planner)
        return Made(self.ahead, planner)

    def believed(self, outcome: Outcome, first: Planner, fallback: Planner) -> Made:
        """What the fallback plans where the first model's plan was not believed, for it may be a stronger one."""
        if fallback.model and outcome.failure is not None and outcome.failure.code == NOT_ACCOUNTED:
            metrics.FALLBACKS.labels("model", NOT_ACCOUNTED).inc()
            deadline = time.monotonic() + settings.PLANNING_DEADLINE_SECONDS
            second = self.ask(fallback, deadline=deadline)
            if not breaker.is_down(second):
                return self.made(second, fallback)
        return self.made(outcome, first)

    def made(self, outcome: Outcome, planner: Planner) -> Made:
        """What came of it, or what the composer plans instead: a weak model is never worse than none."""
        if planner.model and settings.COMPOSE_REJECTED and outcome.is_left_to_composer:
            reason = outcome.failure.code if outcome.failure else ""
            instead = numbered(self.ahead or composed(composer(), self.job), after=self.trials)
            self._record(instead, planner)
            if instead.plan is not None:
                metrics.FALLBACKS.labels("composer", reason).inc()
            outcome = that_counts(outcome, instead, held=self.ahead is not None)
        return Made(replace(outcome, trials=tuple(self.trials)), planner)

    def _record(self, outcome: Outcome, planner: Planner) -> None:
        attempts = Attempts(self.plan, planner, self.job)
        for trial in outcome.trials:
            attempts.end(trial)
        self.trials += outcome.trials


def stand_in() -> Planner | None:
    """The fallback, if it may have planned what others wait for: the first one's last call failed."""
    fallback = fallback_planner()
    return fallback if fallback is not None and breaker.last_call_failed(_endpoint()) else None


def _both_down(outcome: Outcome, failed: Outcome | None) -> Outcome:
    """The fallback's outcome with the first model's failure in its message: otherwise a reader would look at
    the fallback only."""
    assert outcome.failure is not None
    why = "it gave no answer lately and is left alone for a while."
    if failed is not None and failed.failure is not None:
        why = failed.failure.message
    message = f"{outcome.failure.message} This is the fallback, which was asked because of the first model: {why}"
    return replace(outcome, failure=replace(outcome.failure, message=message))


def _endpoint() -> str:
    return breaker.endpoint_of(settings.LLM_MODEL, settings.LLM_API_BASE_URL)


def ask(project: Project, planner: Planner, job: Job, deadline: float) -> Outcome:
    """One draft that the project is charged for."""
    meter = budgets.Meter(project, planner, job)
    return generate(planner, job, attempts=1, deadline=deadline, begin=meter.begin, record=meter.end)
