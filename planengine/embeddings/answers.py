"""What an embeddings endpoint sent, read in the shapes that servers have for it."""

from __future__ import annotations

import base64

import numpy as np
from numpy.typing import NDArray

from orra.base.strictjson import Json
from planengine.llm.refusals import Site, quote, read_json, read_refusal

# As many numbers as the database keeps in a vector of half precision.
MOST_DIMENSIONS = 16_000


class Unusable(Exception):
    """The message says what the endpoint answered with, after "answered with"."""


def read_vectors(body: bytes, *, count: int, site: Site) -> NDArray[np.float32]:
    """(count, dimensions), unit length, in the order of the texts. Raises :class:`Unusable`."""
    answer = read_json(body)
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
        raise Unusable(f"no embeddings ({quote(read_refusal(body).message, site)})")
    if len(data) != count:
        raise Unusable(f"{len(data)} embeddings for {count} texts")
    positions = [item.get("index", place) for place, item in enumerate(data)]
    if sorted(position for position in positions if type(position) is int) != list(range(count)):
        raise Unusable("embeddings whose indexes are not those of the texts")
    if any(_is_per_token(item.get("embedding")) for item in data):
        raise Unusable(
            f"one vector per token instead of one per text: {site.model!r} is no embedding model, or is served "
            "without pooling (llama.cpp: --embeddings --pooling mean); set EMBEDDINGS_MODEL to one that is"
        )
    vectors = [vector for item in data if (vector := _numbers(item.get("embedding"))) is not None]
    if len(vectors) != count or len({vector.size for vector in vectors}) != 1:
        raise Unusable("embeddings that are not lists of numbers of one length")
    if vectors[0].size > MOST_DIMENSIONS:
        raise Unusable(
            f"embeddings of {vectors[0].size:,} numbers, of which the cache can keep {MOST_DIMENSIONS:,}: use a "
            "model with fewer dimensions"
        )
    return np.stack([vectors[place] for place in np.argsort(positions)])


def _is_per_token(value: Json) -> bool:
    """What a chat model's server gives where it knows no embeddings: the states of all its tokens."""
    return isinstance(value, list) and bool(value) and all(isinstance(row, list) for row in value)


def _numbers(value: Json) -> NDArray[np.float32] | None:
    """A unit-length vector out of a list of numbers, or of the base64 that some servers send unasked."""
    try:
        if isinstance(value, str):
            vector = np.frombuffer(base64.b64decode(value, validate=True), "<f4").astype(np.float64)
        elif isinstance(value, list) and all(type(number) in (int, float) for number in value):
            vector = np.array(value, np.float64)
        else:
            return None
    except (ValueError, OverflowError):
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        length = np.linalg.norm(vector)
    if not vector.size or not np.isfinite(length) or length == 0:
        return None
    return (vector / length).astype(np.float32)
