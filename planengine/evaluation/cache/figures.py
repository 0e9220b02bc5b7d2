"""The figures of an evaluation, and the arithmetic behind them. Rates are between 0 and 1."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from orra.base.strictjson import Json
from planengine.evaluation.cache.rows import Pair, StreamRow

CONFIDENCE = 0.95


def rate(count: int, total: int) -> float:
    return count / total if total else 0.0


def upper_bound(count: int, total: int, *, confidence: float = CONFIDENCE) -> float:
    """The one-sided Clopper–Pearson bound: the largest rate at which seeing ``count`` of ``total`` or fewer has a
    probability of at least ``1 - confidence``. 1 when nothing was seen."""
    if count >= total:
        return 1.0
    wrong = np.arange(count + 1)
    log_ways = np.array([math.lgamma(total + 1) - math.lgamma(k + 1) - math.lgamma(total - k + 1) for k in wrong])

    def chance_of_so_few(p: float) -> float:
        terms = np.exp(log_ways + wrong * math.log(p) + (total - wrong) * math.log1p(-p))
        return math.fsum(terms)

    low, high = count / total, 1.0
    for _ in range(60):  # halves the interval beyond a float's precision
        middle = (low + high) / 2
        if not low < middle < high:
            break
        low, high = (middle, high) if chance_of_so_few(middle) > 1 - confidence else (low, middle)
    return high


def percentile(values: Sequence[float], share: float) -> float:
    return float(np.percentile(values, 100 * share)) if values else 0.0


@dataclass(frozen=True)
class WrongHit:
    """``fault`` is ``label`` (another plan was wanted) or ``values`` (the right plan with wrong values)."""

    row: StreamRow
    entry: StreamRow
    kind: str
    similarity: float
    fault: str


@dataclass(frozen=True)
class BaselineFigures:
    """The fixed-threshold rule on the same requests."""

    n: int
    hits: int
    wrong_hits: int
    threshold: float

    def as_dict(self) -> dict[str, Json]:
        return {
            "rule": f"action and field names, nearest, cosine > {self.threshold}",
            "hits": self.hits,
            "hit_rate": rate(self.hits, self.n),
            "wrong_hits": self.wrong_hits,
            "wrong_hit_rate": rate(self.wrong_hits, self.hits),
            "wrong_hit_rate_upper95": upper_bound(self.wrong_hits, self.hits),
        }


@dataclass(frozen=True)
class StreamFigures:
    """``wrong_hits`` holds every hit with a wrong label or wrong values; ``seen_before`` counts the rows whose
    label came before, which is what a perfect cache would serve."""

    n: int
    floor: float
    exact_hits: int
    semantic_hits: int
    wrong_hits: tuple[WrongHit, ...]
    wrong_values: int
    seen_before: int
    misses_by_reason: Counter[str]
    milliseconds: tuple[float, ...]
    not_stored: int
    baseline: BaselineFigures

    @property
    def hits(self) -> int:
        return self.exact_hits + self.semantic_hits

    def as_dict(self) -> dict[str, Json]:
        wrong = len(self.wrong_hits)
        return {
            "n": self.n,
            "floor": self.floor,
            "hits": self.hits,
            "hit_rate": rate(self.hits, self.n),
            "exact_hits": self.exact_hits,
            "semantic_hits": self.semantic_hits,
            "wrong_hits": wrong,
            "wrong_hit_rate": rate(wrong, self.hits),
            "wrong_hit_rate_upper95": upper_bound(wrong, self.hits),
            "wrong_values": self.wrong_values,
            "oracle_hit_rate": rate(self.seen_before, self.n),
            "misses_by_reason": dict(self.misses_by_reason.most_common()),
            "not_stored": self.not_stored,
            "latency_ms": {
                "p50": round(percentile(self.milliseconds, 0.50), 3),
                "p95": round(percentile(self.milliseconds, 0.95), 3),
            },
            "baseline": self.baseline.as_dict(),
        }


@dataclass(frozen=True)
class PairOutcome:
    """``hit``: ``b`` was served from ``a``'s entry, with its own values; ``reason`` is the decision's."""

    pair: Pair
    hit: bool
    reason: str
    similarity: float | None

    @property
    def right(self) -> bool:
        return self.hit == self.pair.should_match


@dataclass(frozen=True)
class PairFigures:
    """``baseline`` has one answer of the fixed-threshold rule for each outcome, in their order."""

    outcomes: tuple[PairOutcome, ...]
    floor: float
    baseline: tuple[bool, ...]

    def as_dict(self) -> dict[str, Json]:
        right = [outcome.right for outcome in self.outcomes]
        right_by_rule = [
            hit == outcome.pair.should_match for hit, outcome in zip(self.baseline, self.outcomes, strict=True)
        ]
        categories = sorted({outcome.pair.category for outcome in self.outcomes})
        return {
            "n": len(self.outcomes),
            "floor": self.floor,
            **self._tally(right),
            "by_category": {category: self._tally(right, category) for category in categories},
            "baseline": self._tally(right_by_rule),
        }

    def _tally(self, right: Sequence[bool], category: str | None = None) -> dict[str, Json]:
        judged = [
            (outcome.pair.should_match, good)
            for outcome, good in zip(self.outcomes, right, strict=True)
            if category in (None, outcome.pair.category)
        ]
        same = [good for should_match, good in judged if should_match]
        different = [good for should_match, good in judged if not should_match]
        return {
            "n_same": len(same),
            "kept": sum(same),
            "kept_rate": rate(sum(same), len(same)),
            "n_different": len(different),
            "rejected": sum(different),
            "rejected_rate": rate(sum(different), len(different)),
        }
