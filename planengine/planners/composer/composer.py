"""The built-in planner: no model, no guessing, the same answer every time.

It cuts the request into parts (:mod:`.parts`), finds the best set of services for them (:mod:`.choosing`), wires
it by the names and types of fields (:mod:`..wiring`) and puts it in order (:mod:`.ordering`). It refuses where
another set is as likely, and, before a side effect, where a word is not accounted for (:mod:`.decision`).
"""

from __future__ import annotations

import numpy as np

from cache.templates.templates import make_template
from orra.base.strictjson import Json
from planengine.catalogue.field_names import is_identifier, stems_of, words_of
from planengine.planners.composer.choosing import Fits, rank
from planengine.planners.composer.decision import Request, decide
from planengine.planners.composer.ordering import order
from planengine.planners.composer.parts import Part, named, parts_of
from planengine.planners.composer.refusals import NotActionable
from planengine.planners.producers import facts_of
from planengine.planners.protocol import Draft, Feedback, Job
from planengine.planners.relevance import Relevance, TextEmbedder
from planengine.planners.wiring.assembly import plan_of
from planengine.planners.wiring.workbench import Workbench

# Rises whenever the same request may be planned otherwise: cached plans of an older composer are not served.
VERSION = 4
# What a name's own words count for, all of them said; a word this similar to a field's name means it.
_PER_NAME = 0.10
_MEANS = 0.50


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
            return Draft(plan=self._plan(job))
        except NotActionable as refusal:
            return Draft(plan=_refusal(str(refusal)))

    def _plan(self, job: Job) -> Json:
        if not len(job.catalogue):
            raise NotActionable(
                "No services are registered, so there is nothing to plan with. Register services first."
            )
        template = make_template(job.action, job.params)
        parts = parts_of(template, job.params)
        if not parts:
            raise NotActionable("The action asks for nothing that can be planned. Say what should be done.")
        fits = self._fits(job, parts, named(template))
        whole = dict(zip(fits.names, fits.values[-1].tolist(), strict=True))
        bench = Workbench(job.catalogue, params=job.params, action=job.action, nearness=whole.__getitem__)
        best = decide(Request(bench, fits, parts, template, self._means_field), rank(bench, fits))
        after = order(best.goals, best.assembly, bench, fits, parts)
        return plan_of(best.assembly, job.params, after=after)

    def _fits(self, job: Job, parts: tuple[Part, ...], whole: str) -> Fits:
        """Each text counts with its values and with their fields' names in their places, half and half. The words
        of a service's name that no other name has speak for it where they are said."""
        spoken = [*(part.text for part in parts), job.action]
        facts = facts_of(job.catalogue)
        described, owners = facts.told
        found = self._relevance.similarities_to([*spoken, *(part.named for part in parts), whole], described)
        each = np.mean(np.split(found.values / found.scale, 2), axis=0)
        similar = np.stack([each[:, places].max(axis=1) for places in owners], axis=1)
        said = [
            [len(words & stems_of(text)) / max(1, len(words)) for words in facts.telling.values()]
            for text in spoken
        ]
        return Fits(job.catalogue.names, similar, similar + _PER_NAME * np.array(said, dtype=np.float32))

    def _means_field(self, word: str, field: str) -> bool:
        words = words_of(field)
        if not words:
            return False
        names = [" ".join(words), *([] if is_identifier(field) else words[-1:])]
        found = self._relevance.similarities_to([word], names)
        return bool(found.values.max() >= _MEANS * found.scale)


def _refusal(reason: str) -> Json:
    return {"tasks": [{"id": "final", "input": {"error": reason}}], "parallel_groups": []}
