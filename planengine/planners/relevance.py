"""How near texts are to services in meaning, and what to do when nobody can say."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cache.templates.slots import find_slots
from cache.templates.templates import texts_between
from orra.base.strictjson import Json
from planengine.catalogue.specs import ServiceSpec
from planengine.exceptions import EmbeddingUnavailable
from planengine.planners.composer.naming import stem, stems_of, words_of

Floats = NDArray[np.float32]

_KEPT = 8192
_MAX_CHARACTERS = 2000
_WORDS_SCALE = 0.8
_stop_stems = stems_of(
    "a an and any are as at be by can could do does for from get give has have how i if in into is it its me my "
    "of on or our please s that the their them then they this to us want was we what when where which who why "
    "will with would you your need like also him her his she he there these those so some not tell show"
)


class TextEmbedder(Protocol):
    """The part of :class:`planengine.embeddings.embedders.Embedder` that the composer needs."""

    @property
    def name(self) -> str: ...

    def embed(self, texts: Sequence[str]) -> Floats:
        """``(n, d)`` vectors of unit length. Raises :class:`planengine.exceptions.EmbeddingUnavailable`."""
        ...


@dataclass(frozen=True)
class Similarities:
    """``values`` is ``(texts, services)``. ``scale``: what is as near as 1 by meaning is as near as this here."""

    values: Floats
    scale: float = 1.0


def with_fields_named(text: str, params: Mapping[str, Json]) -> str:
    """The text with the params' values replaced by the words of their fields: "take Teardrop off Rainy Sunday" is
    about a song and a playlist, which the values do not say."""
    slots = find_slots(text, [], params)
    names = (" ".join(word for word in words_of(slot.name) if not word.isdigit()) for slot in slots)
    pieces = texts_between(text, slots)
    return pieces[0] + "".join(name + piece for name, piece in zip(names, pieces[1:], strict=True))


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
            wanted = self._embedder.embed(shortened)
            vectors = self._vectors(described, dimensions=wanted.shape[1])
            # Not `@`: for so few rows BLAS wakes all its threads, which takes 14 ms on a busy machine, not 0.1.
            return Similarities(np.einsum("td,sd->ts", wanted, vectors, dtype=np.float32))
        except EmbeddingUnavailable:
            return Similarities(_overlaps(shortened, described), scale=_WORDS_SCALE)

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


def describe(spec: ServiceSpec) -> str:
    """What is embedded of a service. Measured on 200 labelled requests: the description followed by the name's
    words ranks the right service first more often than either alone, the reverse order or the fields' names
    added."""
    name = " ".join(words_of(spec.name)) or spec.name
    description = spec.description.strip()[:_MAX_CHARACTERS]
    return f"{description} ({name})" if description else f"{name}: {', '.join(spec.input_fields)}"


def content_stems(text: str) -> frozenset[str]:
    """The stems of the words that carry meaning."""
    return frozenset(stem(word) for word in re.findall(r"[^\W_]+", text) if len(word) > 1) - _stop_stems


def _overlaps(texts: Sequence[str], described: Sequence[str]) -> Floats:
    """The cosine of two sets of words: what similarity is when meaning is not available."""
    wanted = [content_stems(text) for text in texts]
    offered = [content_stems(text) for text in described]
    return np.array(
        [[len(w & o) / max(1.0, (len(w) * len(o)) ** 0.5) for o in offered] for w in wanted], dtype=np.float32
    ).reshape(len(texts), len(described))
