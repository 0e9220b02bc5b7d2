"""What a cache with a fixed threshold makes of the same requests: raw text, the nearest, no questions asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from planengine.evaluation.cache.figures import BaselineFigures
from planengine.evaluation.cache.rows import Pair, StreamRow
from planengine.requests import PlanRequest

THRESHOLD = 0.95
BLOCK = 64

Vectors = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Vectors]


def replay_by_threshold(
    rows: Sequence[StreamRow], embed: Embed, *, threshold: float = THRESHOLD
) -> BaselineFigures:
    """The rows in their order: the nearest stored request serves when it is nearer than the threshold, whatever it
    asked for; a miss is stored."""
    vectors = _embed_all([row.request for row in rows], embed)
    stored = np.zeros(len(rows), bool)
    hits = wrong = 0
    for start in range(0, len(rows), BLOCK):
        block = vectors[start : start + BLOCK]
        similarities = block @ vectors[: start + len(block)].T
        for index, row in enumerate(rows[start : start + BLOCK], start):
            before = np.where(stored[:index], similarities[index - start, :index], -1.0)
            nearest = int(before.argmax()) if index else -1
            if nearest < 0 or before[nearest] <= threshold:
                stored[index] = True
                continue
            hits += 1
            wrong += rows[nearest].label != row.label
    return BaselineFigures(len(rows), hits, wrong, threshold)


def match_by_threshold(pairs: Sequence[Pair], embed: Embed, *, threshold: float = THRESHOLD) -> tuple[bool, ...]:
    """For each pair, whether the rule would serve ``b`` from ``a``."""
    left = _embed_all([pair.a for pair in pairs], embed)
    right = _embed_all([pair.b for pair in pairs], embed)
    return tuple(bool(similarity > threshold) for similarity in np.einsum("nd,nd->n", left, right))


def _embed_all(requests: Sequence[PlanRequest], embed: Embed) -> Vectors:
    texts = [f"{request.action}:::{'::'.join(sorted(request.params))}" for request in requests]
    return np.concatenate([embed(texts[start : start + BLOCK]) for start in range(0, len(texts), BLOCK)])
