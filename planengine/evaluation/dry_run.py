"""Planning a request to see what would come of it, with nothing stored but what it cost the project."""

from __future__ import annotations

import time
from dataclasses import dataclass
from decimal import Decimal

from cache.decisions import Decision
from planengine.accounting.budgets import Spent
from planengine.drafting.generation import Outcome
from planengine.drafting.planner_choice import composer, current_planner
from planengine.drafting.unstored import plan_unstored
from planengine.llm.errors import ModelTimeout
from planengine.models import Project
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
    spent: list[Spent] = []
    outcome = plan_unstored(
        project,
        job,
        seconds=started + seconds - time.monotonic(),
        planner=planner,
        alone=choice != CONFIGURED,
        probes=False,
        spend=spent.append,
    )
    name = composer().name if outcome.composed else planner.name
    reported = outcome.plan is not None and plan_cache.is_reported(project, request, outcome.plan)
    return DryRun(name, outcome, time.monotonic() - started, tuple(spent), reported)
