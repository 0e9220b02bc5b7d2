"""The composer beside a model: ahead of one that is held to its rule anyway, and after drafts that came to
nothing."""

from __future__ import annotations

import time
from dataclasses import replace

from planengine.drafting.generation import Outcome, generate
from planengine.planners.protocol import Job, Planner

COMPOSER_SECONDS = 10.0


def composed(composer: Planner, job: Job, *, first: int = 1) -> Outcome:
    """What the composer makes of the job; its trials are numbered from ``first`` and bear its name."""
    deadline = time.monotonic() + COMPOSER_SECONDS
    outcome = generate(composer, job, attempts=2, deadline=deadline, first=first)
    trials = tuple(replace(trial, planner=composer.name) for trial in outcome.trials)
    return replace(outcome, trials=trials, composed=outcome.plan is not None)


def after(outcome: Outcome, instead: Outcome, *, held: bool) -> Outcome:
    """Which of two counts where a model's drafts came to nothing: the composer's plan, and of a model that is held
    its refusal, which says what would make it work; else what came of the model. The trials are those of both."""
    counts = instead.plan is not None or (held and outcome.status == "failed")
    return replace(instead if counts else outcome, trials=(*outcome.trials, *instead.trials))
