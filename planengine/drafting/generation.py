"""Draft, validate, say what was wrong, try again: how a planner's drafts become one validated plan.

Knows nothing of rows and queues; whoever calls it stores what it returns.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from orra.base import tracing
from orra.base.strictjson import Json
from planengine.catalogue.specs import Catalogue
from planengine.exceptions import PlannerError
from planengine.feedback import diagnosis
from planengine.feedback.corrections import Corrections
from planengine.grounding.checks import problems_of
from planengine.llm.errors import ModelTimeout
from planengine.planners import repair as repairing
from planengine.planners.protocol import FULL, Draft, Feedback, Job, Planner, Trial
from planengine.planners.unwrapping import with_known_names
from planengine.validation.graph import services_called
from planengine.validation.problems import Problem
from planengine.validation.rules import validate

REJECTED = "plan_rejected"
# A model's plan that does not account for all that was said, and has side effects.
NOT_ACCOUNTED = "not_accounted"


@dataclass(frozen=True)
class Failure:
    """Why there is no plan, for the developer: what a Plan shows as its ``error``."""

    code: str
    message: str
    problems: tuple[Problem, ...] = ()
    how_to_fix: tuple[str, ...] = ()
    retryable: bool = False

    def as_dict(self) -> dict[str, Json]:
        return {
            "code": self.code,
            "message": self.message,
            "problems": [problem.as_dict() for problem in self.problems],
            "how_to_fix": list(self.how_to_fix),
            "retryable": self.retryable,
        }


@dataclass(frozen=True)
class Oversight:
    """Of a valid plan: ``reason`` is what of the request it does not account for, empty where nothing is left.
    ``blocks``: it must not be carried out for that."""

    reason: str = ""
    blocks: bool = False


# Of a valid plan.
Oversee = Callable[[Json], Oversight]


def unseen(plan: Json) -> Oversight:
    """Believes every plan."""
    return Oversight()


@dataclass(frozen=True)
class Outcome:
    """``status`` is ``ready`` (with ``plan``), ``not_actionable`` or ``failed`` (with ``failure``). ``repaired``:
    the services are the planner's, the wiring is not. ``composed``: the composer's, instead of the planner's
    that was asked. ``accounted``: nothing is known to be left of the request that the plan does not account
    for."""

    status: str
    plan: Json | None = None
    failure: Failure | None = None
    trials: tuple[Trial, ...] = field(default_factory=tuple)
    repaired: bool = False
    composed: bool = False
    accounted: bool = True

    @property
    def is_left_to_composer(self) -> bool:
        """Whether a planner that needs no model may do better: the drafts were rejected or not believed, or no
        more of them came in time."""
        if self.failure is None:
            return False
        return self.failure.code in (REJECTED, NOT_ACCOUNTED) or self.ran_out_of_time

    @property
    def ran_out_of_time(self) -> bool:
        """Whether the planner answered, with drafts that were no good, and had no time left for another one."""
        answered = any(not trial.error_code for trial in self.trials)
        return answered and self.failure is not None and self.failure.code == ModelTimeout.code


def generate(
    planner: Planner,
    job: Job,
    *,
    attempts: int,
    deadline: float,
    first: int = 1,
    begin: Callable[[int, Feedback | None], None] = lambda number, feedback: None,
    record: Callable[[Trial], object] = lambda trial: None,
    repair: bool = False,
    oversee: Oversee = unseen,
) -> Outcome:
    """At most ``attempts`` drafts, numbered from ``first``, until ``deadline`` (``time.monotonic`` seconds). One
    that does not keep to the job's strict grounding is rejected like one that is not valid.
    ``begin`` is told of each before it is asked for, and forbids it by raising a :class:`PlannerError`; ``record``
    sees each trial as soon as it is over, so that nothing of it is lost when the process dies. ``repair`` allows
    the services of a rejected draft to be wired anew when all drafts were rejected. ``oversee`` is asked of a
    valid plan."""
    trials: list[Trial] = []
    feedback: Feedback | None = None
    for number in range(first, first + attempts):
        started = time.monotonic()
        if trials and started >= deadline:
            break
        try:
            begin(number, feedback)
        except PlannerError as error:
            return _planner_failed(error, trials)
        try:
            with tracing.span("attempt", {"orra.attempt.number": number, "orra.planner": planner.name}):
                draft = planner.draft(job, feedback=feedback, deadline=deadline)
        except PlannerError as error:
            trials.append(_gave_nothing(number, error, seconds=time.monotonic() - started))
            record(trials[-1])
            return _planner_failed(error, trials)
        known = partial(_is_known, job.catalogue)
        draft = replace(draft, plan=with_known_names(draft.plan, is_known=known))
        verdict = None
        problems = draft.problems
        if draft.plan is not None:
            verdict = validate(draft.plan, catalogue=job.catalogue, params=job.params, action=job.action)
            problems = verdict.problems or _not_kept(verdict.plan, job)
        trials.append(Trial(number, draft, problems, seconds=time.monotonic() - started))
        record(trials[-1])
        if verdict is not None and verdict.plan is not None and not problems:
            return overseen(verdict.plan, oversee(verdict.plan), trials)
        if verdict is not None and verdict.not_actionable is not None:
            failure = Failure("not_actionable", verdict.not_actionable)
            return Outcome("not_actionable", failure=failure, trials=tuple(trials))
        feedback = _feedback(trials, job)
        if not planner.asks_again(feedback):
            break
    if repair and planner.model:
        repaired = _repair(job, trials)
        record(repaired)
        if not repaired.problems:
            seen = oversee(repaired.draft.plan)
            return replace(overseen(repaired.draft.plan, seen, [*trials, repaired]), repaired=True)
        return replace(_rejected(job, trials), trials=(*trials, repaired))
    return _rejected(job, trials)


def _not_kept(plan: Json | None, job: Job) -> tuple[Problem, ...]:
    """What of a strict grounding a validated plan does not keep."""
    if plan is None or job.grounding is None or not job.grounding.strict:
        return ()
    # What is not known to be done is not done.
    return problems_of(plan, job.grounding, replace(job.covered, complete=True), job.params)


def overseen(plan: Json, seen: Oversight, trials: Sequence[Trial]) -> Outcome:
    """What comes of a valid plan, for all that was seen of it."""
    if not seen.blocks:
        return Outcome("ready", plan=plan, trials=tuple(trials), accounted=not seen.reason)
    services = ", ".join(services_called(plan))
    failure = Failure(
        NOT_ACCOUNTED,
        f"The model chose {services}. {seen.reason}",
        how_to_fix=(
            "Say what is to be done in the words of the service, or add an example to it that says it so.",
            "Name a stronger model as LLM_FALLBACK_MODEL, which is then asked; or believe this one with "
            "LLM_TRUST=trusted.",
        ),
    )
    return Outcome("not_actionable", failure=failure, trials=tuple(trials))


def _feedback(trials: Sequence[Trial], job: Job) -> Feedback:
    """What is told of the last trial."""
    last = trials[-1]
    draft = last.draft
    before = trials[-2].draft if len(trials) > 1 else None
    return Feedback(
        answer=draft.answer,
        text=_tell(draft, last.problems, job, first=len(trials) == 1),
        cut_off=any(problem.code == "output_truncated" for problem in last.problems),
        completion_tokens=draft.usage.completion_tokens,
        way=draft.way or FULL,
        chosen=draft.chosen,
        problems=last.problems,
        repeated=before is not None and (before.way, before.answer) == (draft.way, draft.answer),
    )


def _is_known(catalogue: Catalogue, name: str) -> bool:
    return catalogue.get(name) is not None


def _repair(job: Job, trials: list[Trial]) -> Trial:
    started = time.monotonic()
    result = repairing.repair([trial.draft.plan for trial in trials], job)
    problems: tuple[Problem, ...]
    if isinstance(result, Problem):
        draft, problems = Draft(plan=None), (result,)
    else:
        draft = Draft(plan=result, answer=json.dumps(result, ensure_ascii=False))
        problems = _not_kept(result, job)
    seconds = time.monotonic() - started
    return Trial(trials[-1].number + 1, draft, problems, seconds=seconds, planner=repairing.NAME)


def _tell(draft: Draft, problems: tuple[Problem, ...], job: Job, *, first: bool) -> str:
    corrections = Corrections(draft.plan, catalogue=job.catalogue, params=job.params, action=job.action)
    if first:
        return diagnosis.tell_briefly(problems, corrections)
    return diagnosis.tell_in_detail(
        problems, corrections, catalogue=job.catalogue, params=job.params, action=job.action
    )


def _gave_nothing(number: int, error: PlannerError, *, seconds: float) -> Trial:
    problem = Problem(code=error.code, message=error.message)
    draft = Draft(plan=None, answer=error.answer, reasoning=error.reasoning)  # what was written is kept
    return Trial(number, draft, (problem,), seconds=seconds, error_code=error.code)


def _planner_failed(error: PlannerError, trials: list[Trial]) -> Outcome:
    failure = Failure(error.code, error.message, how_to_fix=error.how_to_fix, retryable=error.retryable)
    return Outcome("failed", failure=failure, trials=tuple(trials))


def _rejected(job: Job, trials: list[Trial]) -> Outcome:
    last = trials[-1]
    known = (*last.problems, *last.draft.warnings)
    found = diagnosis.diagnose(known, draft=last.draft.plan, catalogue=job.catalogue, params=job.params)
    failure = Failure(REJECTED, found.text, problems=last.problems, how_to_fix=found.how_to_fix)
    return Outcome("failed", failure=failure, trials=tuple(trials))
