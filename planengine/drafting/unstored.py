"""A plan of a request that nobody sent: made as one would be today, charged to the project, and stored nowhere."""

from __future__ import annotations

import time
from functools import partial

from django.conf import settings

from planengine.accounting import budgets
from planengine.drafting import fallback, trust
from planengine.drafting.composing import beside
from planengine.drafting.generation import Outcome, generate
from planengine.drafting.planner_choice import composer, current_planner
from planengine.models import Project
from planengine.planners.protocol import Job


def plan_unstored(project: Project, job: Job, *, seconds: float) -> Outcome:
    """What the first planner makes of the job in at most so many ``seconds``, the composer beside a model as ever.
    The fallback is not asked: its plans are its own."""
    planner = current_planner()
    meter = budgets.Meter(project, planner, job)

    def ask() -> Outcome:
        return generate(
            planner,
            job,
            attempts=settings.PLANNING_ATTEMPTS,
            deadline=time.monotonic() + seconds,
            begin=meter.begin,
            record=lambda trial: None if trial.planner else meter.end(trial),
            repair=project.repair,
            oversee=trust.overseer(planner, job, ask=partial(fallback.ask, project)),
        )

    if not planner.model or not settings.COMPOSE_REJECTED:
        return ask()
    return beside(composer(), job, ask, held=trust.is_held(planner))
