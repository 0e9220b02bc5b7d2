"""What the cache asks of a project's services about one request. Implements :class:`cache.policy.Services`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cache.examples.votes import Example, Rivals
from cache.examples.wording import words_of_text
from cache.templates.slots import MAX_CHOICE, leaves
from orra.base.strictjson import Json
from planengine.catalogue.specs import Catalogue
from planengine.catalogue.takers import plain_names
from planengine.embeddings.embedders import Embedder
from planengine.exceptions import EmbeddingUnavailable
from planengine.planners.protocol import Job
from planengine.planners.relevance import describe
from planengine.planners.repair import wire
from planengine.reuse.samples import samples_of

Vector = NDArray[np.float32]


class ProjectServices:
    """A catalogue, for a request with these ``params``."""

    def __init__(
        self, catalogue: Catalogue, *, action: str, params: Mapping[str, Json], embedder: Embedder
    ) -> None:
        self._catalogue = catalogue
        self._action = action
        self._params = params
        self._embedder = embedder

    @cached_property
    def _given(self) -> frozenset[str]:
        return plain_names(self._params)

    def take(self, services: Sequence[str]) -> bool:
        return self._catalogue.can_take(services, self._given)

    def rivals_of(self, services: Sequence[str], vector: Vector) -> Rivals:
        able = self._catalogue.rivals(services, self._given)
        return Rivals(able, self._nearness(able.union(services), vector))

    def read_only(self, services: Sequence[str]) -> bool:
        found = [self._catalogue.get(name) for name in services]
        return all(spec is not None and spec.read_only for spec in found)

    def described(self, services: Sequence[str]) -> Collection[str]:
        """A value that an input allows describes a request that sends it, and no other: "a double room" is not
        accounted for where ``single`` is sent."""
        names = frozenset().union(*(self._catalogue.words_of(name) for name in services))
        allowed = frozenset().union(*(self._catalogue.words_allowed(name) for name in services))
        return names | (allowed & self._sent if allowed else allowed)

    @cached_property
    def _sent(self) -> frozenset[str]:
        """The words of the params' texts, casefolded."""
        texts = (value for _, value in leaves(self._params) if isinstance(value, str))
        return frozenset(word.casefold() for text in texts for word in words_of_text(text[:MAX_CHOICE]))

    def samples(self, vector: Vector) -> Sequence[Example]:
        return samples_of(self._catalogue, self._embedder, vector)

    def wire(self, services: Sequence[str]) -> Json | None:
        wired = wire(services, Job(self._action, self._params, self._catalogue))
        return wired if isinstance(wired, dict) else None

    def _nearness(self, names: Collection[str], vector: Vector) -> dict[str, float]:
        """How near each service's own description is to the request."""
        specs = [spec for spec in (self._catalogue.get(name) for name in sorted(names)) if spec is not None]
        if not specs:
            return {}
        try:
            described = self._embedder.embed([describe(spec) for spec in specs])
        except EmbeddingUnavailable:
            return {}
        if described.shape[1] != len(vector):
            return {}
        nearness = np.einsum("sd,d->s", described, vector).tolist()
        return {spec.name: near for spec, near in zip(specs, nearness, strict=True)}
