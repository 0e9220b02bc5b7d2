"""What simpler caches make of the same requests, from the same vectors.

A *rule* decides from the nearest stored request alone. A row whose nearest does not serve is planned and stored,
as the rule will have it; one that nothing can be done for is stored by none, and a hit for it is wrong.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cache.requests import Request, fields_digest
from orra.base.strictjson import Json
from planengine.evaluation.cache.arithmetic import rate, upper_bound
from planengine.evaluation.cache.rows import Pair
from planengine.evaluation.cache.vcache import VCache
from planengine.requests import PlanRequest

BLOCK = 64
ORIGINAL_THRESHOLD = 0.95
THRESHOLDS = (0.85, 0.90)
DELTAS = (0.01, 0.02)

Vectors = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Vectors]


class Rule(Protocol):
    """Entries and rows are numbered as the stream has them."""

    def serves(self, entry: int, similarity: float, row: int) -> bool: ...

    def learn(self, entry: int, similarity: float, *, right: bool) -> None:
        """What planning the row anew showed of the nearest entry, which did not serve."""

    def stores(self, *, right: bool) -> bool:
        """Whether a planned row becomes an entry; ``right``: the nearest entry has the same plan."""


@dataclass(frozen=True)
class Threshold:
    """Serves above a similarity, whatever the entry is."""

    threshold: float

    def serves(self, entry: int, similarity: float, row: int) -> bool:
        return similarity > self.threshold

    def learn(self, entry: int, similarity: float, *, right: bool) -> None:
        pass

    def stores(self, *, right: bool) -> bool:
        return True


@dataclass(frozen=True)
class Stream:
    """Rows in their order: ``vectors`` (rows × dimensions, unit length), the rows' ``groups`` (only requests of
    one group are compared) and the ``labels`` of the plans that they want; ``None``: nothing can be done."""

    vectors: Vectors
    groups: Sequence[str]
    labels: Sequence[str | None]


@dataclass(frozen=True)
class BaselineFigures:
    """``n`` is the number of rows that can be planned. ``hits_of_refusable`` are among ``wrong_hits``."""

    rule: str
    n: int
    hits: int
    wrong_hits: int
    hits_of_refusable: int = 0

    def as_dict(self) -> dict[str, Json]:
        return {
            "rule": self.rule,
            "hits": self.hits,
            "hit_rate": rate(self.hits - self.hits_of_refusable, self.n),
            "wrong_hits": self.wrong_hits,
            "wrong_hit_rate": rate(self.wrong_hits, self.hits),
            "wrong_hit_rate_upper95": upper_bound(self.wrong_hits, self.hits),
        }


def replay_baselines(
    requests: Sequence[Request], labels: Sequence[str | None], embed: Embed
) -> dict[str, BaselineFigures]:
    """By name: the original's rule; a fixed threshold on templates of the same fields; vCache's policy on the
    same."""
    raw = Stream(embed([original_text(request) for request in requests]), [""] * len(requests), labels)
    templates = Stream(
        embed([request.template.embedding_text for request in requests]),
        [fields_digest(request.template) for request in requests],
        labels,
    )
    found = {"original": replay_rule(raw, Threshold(ORIGINAL_THRESHOLD), original_rule(ORIGINAL_THRESHOLD))}
    for threshold in THRESHOLDS:
        name = f"templates of the same fields, nearest, cosine > {threshold}"
        found[f"template_{threshold:.2f}"] = replay_rule(templates, Threshold(threshold), name)
    for delta in DELTAS:
        name = f"vCache's policy on templates of the same fields, δ = {delta}"
        found[f"vcache_{delta}"] = replay_rule(templates, VCache(delta, rows=len(requests)), name)
    return found


def original_rule(threshold: float) -> str:
    return f"action and field names, nearest, cosine > {threshold}"


def original_text(request: Request | PlanRequest) -> str:
    """What the original embeds: the raw action with the names of its fields."""
    return f"{request.action}:::{'::'.join(sorted(request.params))}"


def replay_rule(stream: Stream, rule: Rule, name: str) -> BaselineFigures:
    """The rows in their order, against a cache that is empty at first."""
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for row, group in enumerate(stream.groups):
        groups[group].append(row)
    hits: list[tuple[int, int]] = []
    for members in groups.values():
        hits += _replay_group(stream, np.array(members), rule)
    labels = stream.labels
    return BaselineFigures(
        rule=name,
        n=sum(label is not None for label in labels),
        hits=len(hits),
        wrong_hits=sum(labels[entry] != labels[row] for row, entry in hits),
        hits_of_refusable=sum(labels[row] is None for row, _ in hits),
    )


def _replay_group(stream: Stream, members: NDArray[np.int64], rule: Rule) -> list[tuple[int, int]]:
    """Each hit as a row and the entry that served it."""
    vectors = stream.vectors[members]
    stored = np.zeros(len(members), bool)
    hits: list[tuple[int, int]] = []
    for start in range(0, len(members), BLOCK):
        similarities = vectors[start : start + BLOCK] @ vectors[: start + BLOCK].T
        for place in range(start, min(start + BLOCK, len(members))):
            row, right = int(members[place]), False
            if stored.any():
                before = np.where(stored[:place], similarities[place - start, :place], -2.0)
                nearest = int(before.argmax())
                entry, similarity = int(members[nearest]), float(before[nearest])
                if rule.serves(entry, similarity, row):
                    hits.append((row, entry))
                    continue
                right = stream.labels[entry] == stream.labels[row]
                rule.learn(entry, similarity, right=right)
            stored[place] = stream.labels[row] is not None and rule.stores(right=right)
    return hits


def match_by_threshold(
    pairs: Sequence[Pair], embed: Embed, *, threshold: float = ORIGINAL_THRESHOLD
) -> tuple[bool, ...]:
    """For each pair, whether the original's rule would serve ``b`` from ``a``."""
    left, right = (embed([original_text(request) for request in side]) for side in _sides(pairs))
    return tuple(bool(similarity > threshold) for similarity in np.einsum("nd,nd->n", left, right))


def _sides(pairs: Sequence[Pair]) -> tuple[list[PlanRequest], list[PlanRequest]]:
    return [pair.a for pair in pairs], [pair.b for pair in pairs]
