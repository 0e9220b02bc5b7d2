"""A plan of a request that nobody sent: made as one would be today, charged to the project, and stored nowhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from django.conf import settings

from planengine.accounting import budgets
from planengine.accounting.budgets import Spent
from planengine.drafting import fallback, trust
from planengine.drafting.composing import beside
from planengine.drafting.generation import Outcome, generate
from planengine.drafting.planner_choice import composer, current_planner
from planengine.models import Project
from planengine.planners.protocol import Job, Planner, Trial


def plan_unstored(
    project: Project,
    job: Job,
    *,
    seconds: float,
    planner: Planner | None = None,
    alone: bool = False,
    probes: bool = True,
    spend: Callable[[Spent], None] = lambda spent: None,
) -> Outcome:
    """What a planner (else the first one) makes of the job in at most so many ``seconds``, the composer beside a
    model as ever unless it is ``alone``. A model that is not known yet is probed unless ``probes`` is false.
    ``spend`` is told of each call of a model. The fallback is not asked: its plans are its own."""
    planner = planner or current_planner()
    meter = budgets.Meter(project, planner, job)
    deadline = time.monotonic() + seconds

    def record(trial: Trial) -> None:
        if trial.planner:  # another's, who makes no call
            return
        spent = meter.end(trial)
        if planner.model:
            spend(spent)

    def ask() -> Outcome:
        return generate(
            planner,
            job,
            attempts=settings.PLANNING_ATTEMPTS,
            deadline=deadline,
            begin=meter.begin,
            record=record,
            repair=project.repair,
            oversee=trust.overseer(planner, job, ask=partial(fallback.ask, project) if probes else None),
        )

    if alone or not planner.model or not settings.COMPOSE_REJECTED:
        return ask()
    return beside(composer(), job, ask, held=trust.is_held(planner))
