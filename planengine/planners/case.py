"""One action laid out for choosing: its services and params on the bench, and the words that tell them apart."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from planengine.planners.clauses import Request
from planengine.planners.composer.bench import Candidate, Workbench
from planengine.planners.composer.naming import stems_of
from planengine.planners.relevance import content_stems
from planengine.planners.wording import alike, fields_said, texts_in

_pronoun = re.compile(r"\b(?:it|its|them|their|they|this|these|those|that|he|him|his|she|her)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Case:
    """``own``: by a request's text, its words but for fields, values and verbs of reading. ``belonging``: the
    stems in services' names that only tell where they belong. ``scale``: what similarities are measured by."""

    bench: Workbench
    own: Mapping[str, frozenset[str]]
    belonging: frozenset[str]
    scale: float

    @property
    def candidates(self) -> Mapping[str, Candidate]:
        return self.bench.candidates

    @cached_property
    def fields(self) -> frozenset[str]:
        """The stems of the params' names."""
        return stems_of(" ".join(self.bench.params))

    @cached_property
    def values(self) -> frozenset[str]:
        """The stems of the params' values."""
        return content_stems(" ".join(texts_in(self.bench.params.values())))

    def known(self, request: Request, name: str) -> frozenset[str]:
        """The request's own words that the service knows."""
        candidate = self.candidates[name]
        known = candidate.said | fields_said(candidate)
        return frozenset(word for word in self.own[request.text] if any(alike(word, other) for other in known))

    def is_key(self, candidate: Candidate) -> bool:
        """Whether the params are the service's inputs by name, none too many and none missing."""
        names = self.bench.exact_params(candidate.spec.name)
        return 0 < len(names) == len(self.bench.params) and all(
            self.bench.namesake(name) for name in candidate.spec.required_inputs
        )


def refers_back(text: str) -> bool:
    return _pronoun.search(text) is not None
