"""How near texts are to services in meaning, and what to do when nobody can say."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cache.languages import function_words
from planengine.catalogue.field_names import stem, words_of
from planengine.catalogue.specs import ServiceSpec
from planengine.exceptions import EmbeddingUnavailable

Floats = NDArray[np.float32]

_KEPT = 8192
_KEPT_EMBEDDERS = 4
_MAX_CHARACTERS = 2000
_WORDS_SCALE = 0.8


class TextEmbedder(Protocol):
    """The part of :class:`planengine.embeddings.embedders.Embedder` that the composer needs."""

    @property
    def name(self) -> str: ...

    def __hash__(self) -> int: ...

    def embed(self, texts: Sequence[str]) -> Floats:
        """``(n, d)`` vectors of unit length. Raises :class:`planengine.exceptions.EmbeddingUnavailable`."""
        ...


@dataclass(frozen=True)
class Similarities:
    """``values`` is ``(texts, services)``. ``scale``: what is as near as 1 by meaning is as near as this here."""

    values: Floats
    scale: float = 1.0


class Relevance:
    """Similarities between -1 and 1. Services' vectors are kept (the most recently used 8,192 texts), because a
    catalogue changes far more seldom than it is asked."""

    def __init__(self, embedder: TextEmbedder) -> None:
        self._embedder = embedder
        self._kept: OrderedDict[tuple[str, str], Floats] = OrderedDict()
        self._lock = Lock()

    def similarities(self, texts: Sequence[str], services: Sequence[ServiceSpec]) -> Similarities:
        """By meaning, or by shared words while no vectors are to be had."""
        return self.similarities_to(texts, [describe(spec) for spec in services])

    def similarities_to(self, texts: Sequence[str], described: Sequence[str]) -> Similarities:
        """As :meth:`similarities`, with the services as :func:`describe` tells them."""
        shortened = [text[:_MAX_CHARACTERS] for text in texts]
        try:
            return Similarities(self._by_meaning(shortened, described))
        except EmbeddingUnavailable:
            return Similarities(_overlaps(shortened, described), scale=_WORDS_SCALE)

    def by_meaning(self, texts: Sequence[str], services: Sequence[ServiceSpec]) -> Floats:
        """As :meth:`similarities`. Raises :class:`EmbeddingUnavailable`."""
        return self._by_meaning([text[:_MAX_CHARACTERS] for text in texts], [describe(spec) for spec in services])

    def _by_meaning(self, texts: Sequence[str], described: Sequence[str]) -> Floats:
        wanted = self._embedder.embed(texts)
        vectors = self._vectors(described, dimensions=wanted.shape[1])
        # Not `@`: for so few rows BLAS wakes all its threads, which takes 14 ms on a busy machine, not 0.1.
        found: Floats = np.einsum("td,sd->ts", wanted, vectors, dtype=np.float32)
        return found

    def _vectors(self, described: Sequence[str], *, dimensions: int) -> Floats:
        name = self._embedder.name
        with self._lock:
            kept = {text: self._kept[name, text] for text in described if (name, text) in self._kept}
        # The model behind an endpoint may have been exchanged.
        found = {text: vector for text, vector in kept.items() if vector.size == dimensions}
        missing = [text for text in dict.fromkeys(described) if text not in found]
        if missing:
            found |= zip(missing, self._embedder.embed(missing), strict=True)
        with self._lock:
            for text, vector in found.items():
                self._kept[name, text] = vector
                self._kept.move_to_end((name, text))
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return np.stack([found[text] for text in described])


@lru_cache(maxsize=_KEPT_EMBEDDERS)
def relevance_by(embedder: TextEmbedder) -> Relevance:
    """The one that all planners of a process share, so that a service is embedded once for all of them."""
    return Relevance(embedder)


def describe(spec: ServiceSpec) -> str:
    """What is embedded of a service. Measured on 200 labelled requests: the description followed by the name's
    words ranks the right service first more often than either alone, the reverse order or the fields' names
    added."""
    name = " ".join(words_of(spec.name)) or spec.name
    description = spec.description.strip()[:_MAX_CHARACTERS]
    return f"{description} ({name})" if description else f"{name}: {', '.join(spec.input_fields)}"


def _overlaps(texts: Sequence[str], described: Sequence[str]) -> Floats:
    """The cosine of two sets of words: what similarity is when meaning is not available."""
    idle = function_words()
    wanted, offered = (
        [frozenset(stem(word) for word in words_of(text) if len(word) > 1 and word not in idle) for text in side]
        for side in (texts, described)
    )
    return np.array(
        [[len(w & o) / max(1.0, (len(w) * len(o)) ** 0.5) for o in offered] for w in wanted], dtype=np.float32
    ).reshape(len(texts), len(described))
