"""A request as the composer reads it: its parts, and how near each service is to each of them."""

from __future__ import annotations

import numpy as np

from cache.templates.templates import make_template
from planengine.catalogue.field_names import is_identifier, stems_of, words_of
from planengine.planners.composer.choosing import Fits
from planengine.planners.composer.decision import Request
from planengine.planners.composer.parts import Part, named, parts_of
from planengine.planners.composer.refusals import NotActionable
from planengine.planners.producers import facts_of
from planengine.planners.protocol import Job
from planengine.planners.relevance import Relevance
from planengine.planners.wiring.workbench import Workbench

# What a name's own words count for, all of them said; a word this similar to a field's name means it.
_PER_NAME = 0.10
_MEANS = 0.50


def read_request(job: Job, relevance: Relevance) -> Request:
    """Raises :class:`NotActionable` where there is nothing to plan with, or nothing is asked for."""
    if not len(job.catalogue):
        raise NotActionable(
            "No services are registered, so there is nothing to plan with. Register services first."
        )
    template = make_template(job.action, job.params)
    parts = parts_of(template, job.params)
    if not parts:
        raise NotActionable("The action asks for nothing that can be planned. Say what should be done.")
    fits = _fits(job, parts, named(template), relevance)
    whole = dict(zip(fits.names, fits.values[-1].tolist(), strict=True))
    bench = Workbench(job.catalogue, params=job.params, action=job.action, nearness=whole.__getitem__)

    def means_field(word: str, field: str) -> bool:
        return _means_field(word, field, relevance)

    return Request(bench, fits, parts, template, means_field)


def _fits(job: Job, parts: tuple[Part, ...], whole: str, relevance: Relevance) -> Fits:
    """Each text counts with its values and with their fields' names in their places, half and half. The words of a
    service's name that no other name has speak for it where they are said."""
    spoken = [*(part.text for part in parts), job.action]
    facts = facts_of(job.catalogue)
    described, owners = facts.told
    found = relevance.similarities_to([*spoken, *(part.named for part in parts), whole], described)
    each = np.mean(np.split(found.values / found.scale, 2), axis=0)
    similar = np.stack([each[:, places].max(axis=1) for places in owners], axis=1)
    said = [
        [len(words & stems_of(text)) / max(1, len(words)) for words in facts.telling.values()] for text in spoken
    ]
    return Fits(job.catalogue.names, similar, similar + _PER_NAME * np.array(said, dtype=np.float32))


def _means_field(word: str, field: str, relevance: Relevance) -> bool:
    words = words_of(field)
    if not words:
        return False
    names = [" ".join(words), *([] if is_identifier(field) else words[-1:])]
    found = relevance.similarities_to([word], names)
    return bool(found.values.max() >= _MEANS * found.scale)
