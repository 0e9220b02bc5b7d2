"""When the votes are clear enough: a learned risk, held against a project's tolerance.

The risk that a proposed skeleton is wrong is a logistic regression over :class:`cache.examples.votes.Numbers`. Its
weights are a prior that ships with orra (``prior.json`` says what it was fitted on). A project moves it by what it
sees: every miss that is planned tells whether the nearest skeleton would have been right, every shadow check and
report tells it of a hit. One number moves it, a shift of the log odds, with a Gaussian prior around none. A scale
besides (Platt scaling) was tried and costs a sixth of the hits at small tolerances: most labels are of misses,
and what is so learned where the risk is high does not hold where it is low.

A tolerance is a share of all hits, a risk is of one; :func:`most_risk` maps one to the other.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

import numpy as np

from cache.examples.votes import Numbers
from orra.base.strictjson import Json

PRIOR = Path(__file__).with_name("prior.json")
NAMES = tuple(each.name for each in fields(Numbers))

# What an ablation leaves out: the numbers that then count as they are on average.
PARTS: dict[str, tuple[str, ...]] = {
    "votes": ("nearer", "share", "examples", "of_fields"),
    "margin": ("margin", "described"),
    "words": ("new_words",),
}
# The shift is believed to be 0, give or take so much, before anything was seen, and is never more than this.
_SPREAD = 0.5
MOST_SHIFT = 6.0
_PRECISE = 1e-6


@dataclass(frozen=True)
class Prior:
    """``weights`` are by the numbers' names, ``means`` what a number left out counts as, ``risks`` the most risk
    of one hit by tolerance, both ascending."""

    intercept: float
    weights: tuple[float, ...]
    means: tuple[float, ...]
    risks: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Adjustment:
    """How a project moved the prior: by a ``shift`` of the log odds, which so many ``labels`` say."""

    shift: float = 0.0
    labels: int = 0

    def as_dict(self) -> dict[str, Json]:
        return {"shift": round(self.shift, 4), "labels": self.labels}

    @staticmethod
    def from_json(value: Json) -> Adjustment:
        """What :meth:`as_dict` gave; anything else counts as no adjustment."""
        match value:
            case {"shift": int() | float() as shift, "labels": int(labels)}:
                return Adjustment(float(shift), labels)
        return Adjustment()


@cache
def prior() -> Prior:
    stored = json.loads(PRIOR.read_text())
    return Prior(
        intercept=stored["intercept"],
        weights=tuple(stored["weights"][name] for name in NAMES),
        means=tuple(stored["means"][name] for name in NAMES),
        risks=tuple((each["tolerance"], each["risk"]) for each in stored["risks"]),
    )


def log_odds(numbers: Numbers, *, without: Collection[str] = ()) -> float:
    """Of the proposed skeleton's being wrong, as the prior has it. ``without``: see :data:`PARTS`."""
    shipped = prior()
    left_out = {name for part in without for name in PARTS.get(part, ())}
    values = zip(NAMES, numbers.values(), shipped.weights, shipped.means, strict=True)
    return shipped.intercept + sum(
        weight * (mean if name in left_out else value) for name, value, weight, mean in values
    )


def risk_of(odds: float, adjustment: Adjustment) -> float:
    """The probability of being wrong, from the prior's log odds."""
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, odds + adjustment.shift))))


def most_risk(tolerance: float) -> float:
    """The most risk that a single hit may have for the share of wrong hits to stay within ``tolerance``: as it was
    measured, and in between in proportion. 0 tolerates nothing, 1 everything."""
    known = [(0.0, 0.0), *prior().risks, (1.0, 1.0)]
    for (low, low_risk), (high, high_risk) in zip(known, known[1:], strict=False):
        if tolerance <= high:
            share = (tolerance - low) / (high - low)
            return low_risk + share * (high_risk - low_risk)
    return 1.0


def least_tolerance(risk: float) -> float:
    """The least tolerance whose :func:`most_risk` allows a hit of this risk."""
    known = [(0.0, 0.0), *prior().risks, (1.0, 1.0)]
    for (low, low_risk), (high, high_risk) in zip(known, known[1:], strict=False):
        if risk <= high_risk:
            span = high_risk - low_risk
            return low + ((risk - low_risk) / span if span else 0.0) * (high - low)
    return 1.0


def adjust(labels: Iterable[tuple[float, bool]]) -> Adjustment:
    """What ``labels`` (the prior's log odds, and whether the skeleton was wrong) make of the prior: the most
    probable shift, found by halving the interval that it must be in."""
    seen = list(labels)
    odds = np.array([odds for odds, _ in seen], dtype=float)
    wrong = sum(wrong for _, wrong in seen)
    low, high = -MOST_SHIFT, MOST_SHIFT
    while high - low > _PRECISE:
        shift = (low + high) / 2
        expected = float((1 / (1 + np.exp(-np.clip(odds + shift, -30, 30)))).sum())
        if expected - wrong + shift / _SPREAD**2 > 0:
            high = shift
        else:
            low = shift
    return Adjustment((low + high) / 2 if seen else 0.0, len(seen))
