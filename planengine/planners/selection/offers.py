"""What a model is offered to choose from: at first all that can be called, then what may put the last choice
right."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from orra.base.text import shorten
from planengine.catalogue.specs import ServiceSpec
from planengine.grounding.checks import CURED_BY_CHOOSING
from planengine.planners.prompts.selection import Hint
from planengine.planners.protocol import SELECT, Feedback, Job
from planengine.planners.wiring.assembling import assemble
from planengine.planners.wiring.workbench import Workbench
from planengine.validation.problems import Problem

UNWIRED = "selection_incomplete"
# What another choice of services may put right. The rest needs a plan that says more than names.
_CURED_BY_CHOOSING = CURED_BY_CHOOSING.union(
    ("unused_param", "unknown_service", "no_selection", "output_truncated", "only_reasoning", UNWIRED)
)


@dataclass(frozen=True)
class Offer:
    """``may_refuse``: whether the model may say that none of the ``services`` does it. ``hint`` is told of the
    last choice."""

    services: Sequence[ServiceSpec]
    may_refuse: bool = True
    hint: Hint | None = None

    @property
    def is_first(self) -> bool:
        return self.hint is None


def chooses_again(feedback: Feedback) -> bool:
    """Whether a selection is asked for once more: when it can differ, and that may be enough."""
    codes = {problem.code for problem in feedback.problems}
    return feedback.way == SELECT and not feedback.repeated and bool(codes) and codes <= _CURED_BY_CHOOSING


def offer_for(job: Job, able: Sequence[ServiceSpec], feedback: Feedback | None) -> Offer:
    """After a choice that left params over, what takes them, and no refusal: the model wanted something done.
    After one that cannot be called, the others."""
    if feedback is None:
        return Offer(able)
    hint = _hint(feedback)
    bench = Workbench(job.catalogue, params=job.params, action=job.action)
    if left := {problem.field for problem in feedback.problems if problem.code == "unused_param"}:
        names = {*feedback.chosen, *_takers(bench, able, left)}
        if len(names) > len(set(feedback.chosen)):
            return Offer([spec for spec in able if spec.name in names], may_refuse=False, hint=hint)
    unwired = set(_unwired(bench, feedback))
    return Offer([spec for spec in able if spec.name not in unwired], hint=hint)


def _takers(bench: Workbench, able: Sequence[ServiceSpec], left: Collection[str | None]) -> Iterator[str]:
    for spec in able:
        if any(shorten(param) in left for param in bench.takeable_params(spec.name)):
            yield spec.name


def _unwired(bench: Workbench, feedback: Feedback) -> Iterator[str]:
    if any(problem.code == UNWIRED for problem in feedback.problems):
        known = [name for name in feedback.chosen if name in bench.candidates]
        yield from (missing.goal for missing in assemble(bench, known).missing)


def _hint(feedback: Feedback) -> Hint:
    return Hint(feedback.chosen, ". ".join(_told(problem) for problem in feedback.problems[:3]))


def _told(problem: Problem) -> str:
    return f"{problem.message.rstrip('.')}. {problem.hint}".strip()
