"""The figures of an evaluation. Rates are between 0 and 1."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from orra.base.strictjson import Json
from planengine.evaluation.cache.arithmetic import percentile, rate, upper_bound
from planengine.evaluation.cache.baselines import BaselineFigures
from planengine.evaluation.cache.rows import Pair, StreamRow

DECILES = 10


@dataclass(frozen=True)
class Outcome:
    """What came of a row. ``kind`` and ``reason`` are the decision's. A hit was served from the row ``entry``, has
    ``side_effects`` unless all its services are known to read only, and a ``fault`` when it is wrong: ``plan`` (it
    calls other services, or gives them other things), ``values`` (the right plan with wrong values) or
    ``refusable`` (nothing could be done). ``risk``: the probability of being wrong that the cache reckoned
    with."""

    row: StreamRow
    kind: str
    reason: str
    similarity: float | None
    milliseconds: float
    plannable: bool
    entry: StreamRow | None = None
    fault: str = ""
    side_effects: bool = False
    risk: float | None = None

    @property
    def hit(self) -> bool:
        return self.kind != "miss"


@dataclass(frozen=True)
class StreamFigures:
    """``n`` rows, of which ``plannable`` have a plan that these services can carry out; the others are to be
    refused, or ``not_plannable``: their row expects what is not valid. ``floor``: the
    lowest similarity for a hit by meaning. ``milliseconds`` of an outcome are those of
    the decision without the embedding; ``embedding`` those of one text."""

    outcomes: tuple[Outcome, ...]
    baselines: Mapping[str, BaselineFigures]
    floor: float
    embedding: Sequence[float] = ()

    @cached_property
    def hits(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.hit)

    @cached_property
    def wrong(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.hits if outcome.fault)

    @property
    def similarities(self) -> list[float]:
        """Of hits by meaning."""
        return [hit.similarity for hit in self.hits if hit.kind != "exact" and hit.similarity is not None]

    @property
    def not_plannable(self) -> int:
        return sum(not outcome.plannable and bool(outcome.row.expected) for outcome in self.outcomes)

    @property
    def plannable(self) -> int:
        return sum(outcome.plannable for outcome in self.outcomes)

    def hits_of(self, kind: str) -> int:
        return sum(hit.kind == kind for hit in self.hits)

    def as_dict(self) -> dict[str, Json]:
        hits, wrong, plannable = self.hits, self.wrong, self.plannable
        return {
            "n": len(self.outcomes),
            "plannable": plannable,
            "not_plannable": self.not_plannable,
            "floor": self.floor,
            "hits": len(hits),
            "hit_rate": rate(sum(hit.plannable for hit in hits), plannable),
            "exact_hits": self.hits_of("exact"),
            "semantic_hits": self.hits_of("semantic"),
            "hits_by_kind": _by_kind(hits),
            "wrong_hits": len(wrong),
            "wrong_hit_rate": rate(len(wrong), len(hits)),
            "wrong_hit_rate_upper95": upper_bound(len(wrong), len(hits)),
            "wrong_by_kind": _by_kind(wrong),
            "wrong_values": sum(hit.fault == "values" for hit in wrong),
            "wrong_of_refusable": sum(hit.fault == "refusable" for hit in wrong),
            "side_effect_hits": sum(hit.side_effects for hit in hits),
            "wrong_side_effect_hits": sum(hit.side_effects for hit in wrong),
            "oracle_hit_rate": rate(self._seen_before(), plannable),
            "misses_by_reason": dict(
                Counter(outcome.reason for outcome in self.outcomes if not outcome.hit).most_common()
            ),
            "calibration": calibration(hits),
            "latency_ms": _spread([outcome.milliseconds for outcome in self.outcomes])
            | {"embedding": _spread(self.embedding)},
            "baseline": self.baselines["original"].as_dict() if self.baselines else None,
            "baselines": {name: figures.as_dict() for name, figures in self.baselines.items()},
        }

    def _seen_before(self) -> int:
        """The rows that can be planned and whose label came before: what a perfect cache would serve."""
        labels = [outcome.row.label for outcome in self.outcomes if outcome.plannable]
        return len(labels) - len(set(labels))


def calibration(hits: Sequence[Outcome]) -> list[dict[str, Json]]:
    """Predicted risk against the observed share of wrong hits, for each tenth of the hits by their risk, the least
    first. Hits whose decision names no risk are left out."""
    judged = sorted((hit.risk, bool(hit.fault)) for hit in hits if hit.risk is not None)
    tenths = [part for part in np.array_split(np.array(judged, float), DECILES) if len(part)] if judged else []
    return [
        {"predicted": float(part[:, 0].mean()), "observed": float(part[:, 1].mean()), "n": len(part)}
        for part in tenths
    ]


def _by_kind(outcomes: Sequence[Outcome]) -> dict[str, Json]:
    counted = Counter(outcome.kind for outcome in outcomes)
    return {kind: counted[kind] for kind in ("exact", "semantic", "example")}


def _spread(milliseconds: Sequence[float]) -> dict[str, Json]:
    return {f"p{share}": round(percentile(milliseconds, share / 100), 3) for share in (50, 95)}


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
