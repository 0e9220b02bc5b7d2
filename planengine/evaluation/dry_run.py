"""Planning a request to see what would come of it, with nothing stored but what it cost the project."""

from __future__ import annotations

import time
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings

from cache.decisions import Decision
from planengine.accounting import budgets
from planengine.accounting.budgets import Spent
from planengine.drafting import trust
from planengine.drafting.composing import composed, numbered, that_counts
from planengine.drafting.generation import Outcome, generate
from planengine.drafting.overseeing import Overseer
from planengine.drafting.planner_choice import composer, current_planner
from planengine.embeddings.embedders import get_embedder
from planengine.llm.errors import ModelTimeout
from planengine.models import Project
from planengine.planners.protocol import Job, Planner, Trial
from planengine.planners.relevance import relevance_by
from planengine.requests import PlanRequest
from planengine.reuse import grounding, plan_cache

# Who plans: the configured planner with the composer beside it, or one of them alone.
CONFIGURED, COMPOSER, MODEL = "configured", "composer", "model"
MOST_SECONDS = 30.0


@dataclass(frozen=True)
class DryRun:
    """``spent`` is of each call of a model, in their order. ``reported``: the plan was found wrong for such a
    request before, and would be refused. ``exceeded``: the time did not suffice."""

    planner: str
    outcome: Outcome
    seconds: float
    spent: tuple[Spent, ...] = ()
    reported: bool = False

    @property
    def exceeded(self) -> bool:
        return self.outcome.failure is not None and self.outcome.failure.code == ModelTimeout.code

    @property
    def tokens(self) -> int:
        return sum(each.tokens for each in self.spent)

    @property
    def cost(self) -> Decimal | None:
        """In the money of LLM_PRICES; ``None`` where a price or the tokens of a call are not known."""
        costs = [each.cost for each in self.spent if each.cost is not None]
        return sum(costs, Decimal(0)) if len(costs) == len(self.spent) else None


def run(
    project: Project,
    request: PlanRequest,
    decision: Decision | None,
    *,
    choice: str = CONFIGURED,
    seconds: float = MOST_SECONDS,
) -> DryRun:
    """What planning would make of the request within so many seconds. ``decision`` is the cache's, whose nearest
    examples a planner is shown. A model is charged to the project's budget and is not probed for this. Raises
    :class:`planengine.exceptions.EmbeddingUnavailable` where a strict grounding cannot be told."""
    started = time.monotonic()
    match = grounding.match_of(project, request)
    if (refused := grounding.refusal(project, match)) is not None:
        return DryRun("", Outcome("not_actionable", failure=refused), time.monotonic() - started)
    precedents = () if decision is None else plan_cache.precedents_of(decision)
    job = grounding.job_for(project, request, match, precedents=precedents)
    planner = composer() if choice == COMPOSER else current_planner()
    outcome, spent = _planned(project, planner, job, started + seconds, alone=choice != CONFIGURED)
    name = composer().name if outcome.composed else planner.name
    reported = outcome.plan is not None and plan_cache.is_reported(project, request, outcome.plan)
    return DryRun(name, outcome, time.monotonic() - started, tuple(spent), reported)


def _planned(
    project: Project, planner: Planner, job: Job, deadline: float, *, alone: bool
) -> tuple[Outcome, list[Spent]]:
    """As a worker would have it, without a fallback."""
    beside = bool(planner.model) and settings.COMPOSE_REJECTED and not alone
    ahead = composed(composer(), job) if beside and trust.is_held(planner) else None
    if ahead is not None and ahead.plan is not None:
        return ahead, []
    meter, spent = budgets.Meter(project, planner, job), list[Spent]()

    def record(trial: Trial) -> None:
        if trial.planner:  # another's, who makes no call
            return
        of_call = meter.end(trial)
        if planner.model:
            spent.append(of_call)

    outcome = generate(
        planner,
        job,
        attempts=settings.PLANNING_ATTEMPTS,
        deadline=deadline,
        begin=meter.begin,
        record=record,
        repair=project.repair,
        oversee=Overseer(
            planner, job, relevance_by(get_embedder()), lambda: trust.known_of(planner), settings.LLM_TRUST
        ),
    )
    if not beside or not outcome.is_left_to_composer:
        return outcome, spent
    instead = numbered(ahead or composed(composer(), job), after=outcome.trials)
    return that_counts(outcome, instead, held=ahead is not None), spent
