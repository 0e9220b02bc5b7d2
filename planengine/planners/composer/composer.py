"""The built-in planner: no model, no guessing, the same answer every time.

Reads what the action asks for (:mod:`planengine.planners.clauses`), chooses services by meaning
(:mod:`planengine.planners.choosing`) and wires them by the names and types of their fields
(:mod:`planengine.planners.composer.chaining`). What it cannot cover it says, with the input or the capability
that is missing.
"""

from __future__ import annotations

from orra.base.strictjson import Json
from planengine.planners import clauses
from planengine.planners.choosing import choose
from planengine.planners.composer.chaining import Assembly, plan_of
from planengine.planners.protocol import Draft, Feedback, Job
from planengine.planners.refusals import NotActionable
from planengine.planners.relevance import Relevance, TextEmbedder, with_fields_named

# Rises whenever the same request may be planned otherwise: cached plans of an older composer are not served.
VERSION = 2


def composer_name(embedding_model: str) -> str:
    """What the composer that chooses services with an embedding model's vectors is known by."""
    return f"composer:{VERSION}:{embedding_model}"


class Composer:
    """Implements :class:`planengine.planners.protocol.Planner`. Safe to share between threads."""

    source = "composer"
    model = ""
    heeds_feedback = False

    def __init__(self, embedder: TextEmbedder) -> None:
        self._relevance = Relevance(embedder)
        self.name = composer_name(embedder.name)

    def draft(self, job: Job, *, feedback: Feedback | None, deadline: float) -> Draft:
        """The plan, or a ``final`` task with the reason why there is none."""
        try:
            return Draft(plan=plan_of(self._assembly(job), job.params))
        except NotActionable as refusal:
            return Draft(plan=_refusal(str(refusal)))

    def _assembly(self, job: Job) -> Assembly:
        if not len(job.catalogue):
            raise NotActionable(
                "No services are registered, so there is nothing to plan with. Register services first."
            )
        reading = clauses.read(job.action, job.params)
        if not reading.requests:
            raise NotActionable(_nothing_to_do(reading))
        services = tuple(job.catalogue)
        asked = [request.text for request in reading.requests]
        named = [with_fields_named(text, job.params) for text in asked]
        texts = list(dict.fromkeys([*asked, *named, *(request.text for request in reading.forbidden), job.action]))
        found = self._relevance.similarities(texts, services)
        names = [spec.name for spec in services]
        rows = {
            text: dict(zip(names, row, strict=True))
            for text, row in zip(texts, found.values.tolist(), strict=True)
        }
        return choose(
            reading, services, action=job.action, params=job.params, named=named, rows=rows, scale=found.scale
        )


def _nothing_to_do(reading: clauses.Reading) -> str:
    if reading.forbidden:
        return (
            f"The action only says what must not be done ('{reading.forbidden[0].text[:120]}'), and a plan can"
            " only do things. Say what should be done instead."
        )
    return "The action asks for nothing that can be planned. Say what should be done."


def _refusal(reason: str) -> Json:
    return {"tasks": [{"id": "final", "input": {"error": reason}}], "parallel_groups": []}
