"""A project with an empty cache, and a planner that knows the right plan for what the cache lacks.

Everything goes the way of production: :mod:`planengine.reuse.plan_cache` finds and stores.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cache.decisions import Decision
from cache.models import Entry
from cache.requests import Request
from orra.base.strictjson import Json
from planengine.catalogue import registry
from planengine.catalogue.registry import catalogue_of
from planengine.embeddings.embedders import Embedder, standing_in
from planengine.evaluation.services import Facts
from planengine.exceptions import PlannerError
from planengine.models import Project
from planengine.planners.protocol import Draft, Feedback, Job
from planengine.requests import PlanRequest
from planengine.reuse import learning, plan_cache
from planengine.validation.rules import validate

# What a lookup can do without, to see what each is worth.
PARTS = ("votes", "margin", "refusals", "words", "examples")


class _StandIn:
    """Whose plans the cache is asked for. The right plans are in the rows: it is never asked itself."""

    source = "model"
    name = model = "stand-in"
    address = ""

    def draft(self, job: Job, *, feedback: Feedback | None, deadline: float) -> Draft:
        raise PlannerError("The stand-in of an evaluation plans nothing.")

    def prompt(self, job: Job, *, feedback: Feedback | None) -> str:
        return ""

    def asks_again(self, feedback: Feedback) -> bool:
        return False


PLANNER = _StandIn()


@dataclass(frozen=True)
class Bench:
    """``without``: the parts of the rule to leave out."""

    project: Project
    without: frozenset[str] = frozenset()

    def asked(self, request: PlanRequest) -> Request:
        return plan_cache.request_for(self.project, request, planner=PLANNER)

    def find(self, request: PlanRequest) -> Decision:
        return plan_cache.find(self.project, request, planner=PLANNER, without=self.without)

    def valid_plan(self, request: PlanRequest, draft: Json) -> Json:
        """The plan that a row expects, or ``None`` when these services cannot carry it out."""
        catalogue = catalogue_of(self.project)
        return validate(draft, catalogue=catalogue, params=request.params, action=request.action).plan

    def keep_plan(
        self, request: PlanRequest, plan: Json, *, vector: NDArray[np.float32] | None = None
    ) -> Entry | None:
        """Stores what was planned for a miss; ``vector`` is what the lookup made."""
        if vector is None:
            vector = plan_cache.embed(self.asked(request).template.embedding_text)
        return plan_cache.store(
            self.project, request, plan, vector=vector, planned_by=PLANNER.name, cost={}, planner=PLANNER
        )

    def keep_made(self, request: PlanRequest, plan: Json) -> Entry | None:
        """Stores what was made by example, as a worker does."""
        return plan_cache.keep_made(self.project, request, plan, planner=PLANNER)

    def keep_refusal(self, request: PlanRequest, *, vector: NDArray[np.float32] | None = None) -> None:
        """Stores that a planner refused the request."""
        plan_cache.keep_refusal(self.project, request, vector=vector, planned_by=PLANNER.source, planner=PLANNER)

    def learn(self, request: PlanRequest, decision: Decision, plan: Json | None) -> None:
        """Learns from a miss as a worker does."""
        learning.note_miss(self.project, self.asked(request), decision, plan)


@contextmanager
def empty_bench(
    services: Iterable[Facts], embedder: Embedder, *, without: frozenset[str] = frozenset(), **settings: Any
) -> Iterator[Bench]:
    """With these services, and ``settings`` of the project. Everything that is stored goes away at the end,
    however that comes about."""
    project = Project.objects.create(name="evaluate_cache (temporary)", **settings)
    try:
        with standing_in(embedder):
            for facts in services:
                registry.register(project, facts["name"], facts)
            yield Bench(project, without)
    finally:
        project.delete()
