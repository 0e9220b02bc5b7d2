"""The composer beside a model: ahead of one that is held to its rule anyway, and after drafts that came to
nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from planengine.drafting.generation import Outcome, generate
from planengine.planners.protocol import Job, Planner, Trial

COMPOSER_SECONDS = 10.0


def composed(composer: Planner, job: Job) -> Outcome:
    """What the composer makes of the job, a refusal too; its trials bear its name."""
    outcome = generate(composer, job, attempts=2, deadline=time.monotonic() + COMPOSER_SECONDS)
    trials = tuple(replace(trial, planner=composer.name) for trial in outcome.trials)
    return replace(outcome, trials=trials, composed=True)


def beside(composer: Planner, job: Job, ask: Callable[[], Outcome], *, held: bool) -> Outcome:
    """What ``ask`` makes of the job with a model, or what the composer does: ahead of a model that is ``held``,
    and after drafts that came to nothing."""
    ahead = composed(composer, job) if held else None
    if ahead is not None and ahead.plan is not None:
        return ahead
    outcome = ask()
    if not outcome.is_left_to_composer:
        return outcome
    instead = numbered(ahead or composed(composer, job), after=outcome.trials)
    return that_counts(outcome, instead, held=held)


def numbered(outcome: Outcome, *, after: Sequence[Trial]) -> Outcome:
    """With trials that follow those of others."""
    last = after[-1].number if after else 0
    trials = tuple(replace(trial, number=last + place) for place, trial in enumerate(outcome.trials, 1))
    return replace(outcome, trials=trials)


def that_counts(outcome: Outcome, instead: Outcome, *, held: bool) -> Outcome:
    """Which of two counts where a model's drafts came to nothing: the composer's plan, and of a model that is held
    its refusal, which says what would make it work; else what came of the model. The trials are those of both."""
    counts = instead.plan is not None or (held and outcome.status == "failed")
    return replace(instead if counts else outcome, trials=(*outcome.trials, *instead.trials))
