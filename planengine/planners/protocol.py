"""What every planner is: something that turns a job into a draft plan, and never decides whether it is valid.

Planners propose, :mod:`planengine.validation` decides. A draft that cannot be acted on is the one-task plan
``{"tasks": [{"id": "final", "input": {"error": reason}}], "parallel_groups": []}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from orra.base.strictjson import Json
from planengine.catalogue.specs import Catalogue
from planengine.grounding.coverage import Coverage, cover, named_in
from planengine.grounding.specs import Grounded
from planengine.llm.completions import OnProgress, Usage
from planengine.validation.problems import Problem

FULL, SELECT = "full", "select"


@dataclass(frozen=True)
class Precedent:
    """An accepted plan of a similar request, by its template, as an example to adapt; without ``services`` the
    request was refused."""

    action: str
    services: tuple[str, ...]


@dataclass(frozen=True)
class Job:
    """One request to plan: the action's text, its params by field in their order, today's services, and what was
    planned for similar requests, nearest first. ``grounding``: the use case of the domain that the plan is held
    to, and ``coverage`` which services do what it names (see :attr:`covered`). ``on_progress`` is told how far a
    draft is, as often as the planner likes, by one that can tell."""

    action: str
    params: Mapping[str, Json]
    catalogue: Catalogue
    precedents: tuple[Precedent, ...] = ()
    grounding: Grounded | None = None
    coverage: Coverage | None = None
    on_progress: OnProgress | None = field(default=None, compare=False, repr=False)

    @property
    def covered(self) -> Coverage:
        """``coverage``, or else what services declare."""
        if self.coverage is not None:
            return self.coverage
        return cover(named_in(self.grounding) if self.grounding else (), self.catalogue, None)


@dataclass(frozen=True)
class Feedback:
    """What the planner is told about its last draft: the draft as it wrote it, and what was wrong with it.
    ``cut_off``: it ended at the model's output budget, after ``completion_tokens`` where that is known.
    ``way``: how the draft was asked for (:data:`FULL` or :data:`SELECT`), and ``chosen`` the services that it
    names. ``repeated``: it is word for word the one before."""

    answer: str
    text: str
    cut_off: bool = False
    completion_tokens: int | None = None
    way: str = FULL
    chosen: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    repeated: bool = False


@dataclass(frozen=True)
class Draft:
    """One attempt's result: the draft plan (not yet validated), or the problems that kept it from being one.
    ``warnings`` are for the operator: the draft may be good in spite of them. ``reasoning`` is what a model
    thought before its ``answer``. ``services_shown``: how many services the planner was shown to choose from,
    ``None`` when it saw them all. ``way``: how a model was asked, for a whole plan or for services; ``chosen``:
    the services that it named then. ``reasons``: why a planner that asks no model chose what it chose, for
    people."""

    plan: Json | None
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    prompt: str = ""
    answer: str = ""
    reasoning: str = ""
    model: str = ""
    usage: Usage = field(default_factory=Usage)
    services_shown: int | None = None
    way: str = ""
    chosen: tuple[str, ...] = ()
    reasons: str = ""


@dataclass(frozen=True)
class Trial:
    """One planner call and what came of it. ``error_code`` is set when the planner gave no draft at all,
    ``planner`` when it was drawn up by another than the one that was asked."""

    number: int
    draft: Draft
    problems: tuple[Problem, ...]
    seconds: float
    error_code: str = ""
    planner: str = ""


def refusal(reason: str) -> Json:
    """The draft that says why there is no plan."""
    return {"tasks": [{"id": "final", "input": {"error": reason}}], "parallel_groups": []}


class Planner(Protocol):
    """``source`` is what a Plan made by it shows; ``name`` is part of the cache's scope, so it changes whenever
    the planner would plan differently (model, prompt version). ``model`` is the model's configured name and
    ``address`` its server's, both empty where none is called."""

    source: str
    name: str
    model: str
    address: str

    def draft(self, job: Job, *, feedback: Feedback | None, deadline: float) -> Draft:
        """A draft by ``deadline`` (``time.monotonic`` seconds). Raises :class:`PlannerError`."""
        ...

    def prompt(self, job: Job, *, feedback: Feedback | None) -> str:
        """What the next draft asks a model; empty where none is asked."""
        ...

    def asks_again(self, feedback: Feedback) -> bool:
        """Whether another draft, made with this feedback, may be another one."""
        ...
