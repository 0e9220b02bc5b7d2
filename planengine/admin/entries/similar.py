"""The entries nearest to one: what they led to, and what they would say of a request of its template."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan

import numpy as np

from cache.examples.nearest import nearest_examples
from cache.examples.votes import COUNTER, REFUSAL, Example
from cache.models import Entry
from orra.base.database.time_limits import TooSlow, limited

SHOWN = 8
SECONDS = 2.0


@dataclass(frozen=True)
class Similar:
    entry_id: str
    template: str
    similarity: float
    led_to: str
    vote: str


def similar_to(entry: Entry) -> list[Similar] | None:
    """The nearest first; ``None`` when there is no vector to look from, or looking takes too long."""
    if not hasattr(entry, "vector"):
        return None
    vector = np.asarray(entry.vector.embedding, dtype=np.float32)
    try:
        with limited(seconds=SECONDS):
            found = nearest_examples(entry.scope, vector, limit=SHOWN + 1)
    except TooSlow:
        return None
    own = entry.vector.fields
    near = [each for each in found if each.entry_id != entry.pk and not isnan(each.similarity)]
    return [
        Similar(each.entry_id, each.template, each.similarity, _led_to(each), _vote(each, entry, own))
        for each in near[:SHOWN]
    ]


def _led_to(example: Example) -> str:
    if example.kind == REFUSAL:
        return "a refusal"
    services = ", ".join(example.services) or "no service"
    return f"not to {services}: found wrong" if example.kind == COUNTER else services


def _vote(example: Example, entry: Entry, fields: str) -> str:
    """For or against the entry's plan. Of params by other names only services that take these too are heard."""
    if example.kind == REFUSAL:
        return "against any plan"
    where = "" if example.fields == fields else ", where its services take these params"
    if example.kind == COUNTER:
        return (
            f"against the same plan{where}"
            if example.skeleton == entry.skeleton
            else "says nothing: of another plan"
        )
    return f"for {'the same' if example.skeleton == entry.skeleton else 'another'} plan{where}"
