"""When the votes are clear enough: a learned risk, held against a project's tolerance.

The risk that a proposed skeleton is wrong is a logistic regression over :class:`cache.examples.votes.Numbers`. Its
weights are a prior that ships with orra (``prior.json`` says what it was fitted on). A project moves it by what it
sees: every miss that is planned tells whether the nearest skeleton would have been right, every shadow check and
report tells it of a hit. Two numbers are enough to move it, a shift and a scale of the log odds (J. Platt, 1999),
fitted with a Gaussian prior around "as shipped".

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
from numpy.typing import NDArray

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
# Shift and scale are believed to be 0 and 1, each give or take so much, before anything was seen.
_BELIEVED = (0.0, 1.0)
_SPREAD = (1.0, 0.25)
_LEAST_SCALE = 0.1
_STEPS = 50
_PRECISE = 1e-7


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
    """How a project moved the prior: log odds become ``shift + scale * log odds``, by so many ``labels``."""

    shift: float = 0.0
    scale: float = 1.0
    labels: int = 0

    def as_dict(self) -> dict[str, Json]:
        return {"shift": round(self.shift, 4), "scale": round(self.scale, 4), "labels": self.labels}

    @staticmethod
    def from_json(value: Json) -> Adjustment:
        """What :meth:`as_dict` gave; anything else counts as no adjustment."""
        match value:
            case {"shift": int() | float() as shift, "scale": int() | float() as scale, "labels": int(labels)}:
                return Adjustment(float(shift), float(scale), labels)
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
    moved = adjustment.shift + adjustment.scale * odds
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, moved))))


def most_risk(tolerance: float) -> float:
    """The most risk that a single hit may have for the share of wrong hits to stay within ``tolerance``: as it was
    measured, and in between in proportion. 0 tolerates nothing, 1 everything."""
    known = [(0.0, 0.0), *prior().risks, (1.0, 1.0)]
    for (low, low_risk), (high, high_risk) in zip(known, known[1:], strict=False):
        if tolerance <= high:
            share = (tolerance - low) / (high - low)
            return low_risk + share * (high_risk - low_risk)
    return 1.0


def adjust(labels: Iterable[tuple[float, bool]]) -> Adjustment:
    """What ``labels`` (the prior's log odds, and whether the skeleton was wrong) make of the prior: the most
    probable shift and scale, by Newton's method."""
    seen = list(labels)
    if not seen:
        return Adjustment()
    odds = np.array([odds for odds, _ in seen])
    wrong = np.array([wrong for _, wrong in seen], dtype=float)
    shift, scale = _fit(odds, wrong, free=2)
    if (
        scale < _LEAST_SCALE
    ):  # odds that told the opposite are as good as none, and the shift has to make up for it
        shift, scale = _fit(odds, wrong, free=1)
    return Adjustment(shift, scale, len(seen))


def _fit(odds: NDArray[np.float64], wrong: NDArray[np.float64], *, free: int) -> tuple[float, float]:
    """Shift and scale; of the scale at its least, the shift alone (``free`` is 1). A step that leads away from
    what is more probable, as Newton's may on few labels, is halved."""
    design = np.stack([np.ones_like(odds), odds], axis=1)
    precision = 1 / np.array(_SPREAD) ** 2

    def improbability(at: NDArray[np.float64]) -> float:
        told = design @ at
        fit = np.logaddexp(0, told) - wrong * told
        return float(fit.sum() + (precision * (at - _BELIEVED) ** 2).sum() / 2)

    moved = np.array([0.0, 1.0 if free == 2 else _LEAST_SCALE])
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(design @ moved, -30, 30)))
        gradient = design.T @ (chance - wrong) + precision * (moved - _BELIEVED)
        curvature = (design * (chance * (1 - chance))[:, None]).T @ design + np.diag(precision)
        step = np.zeros(2)
        step[:free] = np.linalg.solve(curvature[:free, :free], gradient[:free])
        before = improbability(moved)
        while np.abs(step).max() > _PRECISE and improbability(moved - step) > before:
            step /= 2
        moved = moved - step
        if np.abs(step).max() <= _PRECISE:
            break
    shift, scale = moved.tolist()
    return shift, scale
