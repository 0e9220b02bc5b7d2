"""vCache's policy as published ("vCache: Verified Semantic Prompt Caching", ICLR 2026,
arXiv:2502.03771), written anew from the paper to compare with.

Each entry learns for itself how similar a request must be. What planning anew showed of it (the similarity, and
whether its plan was the same) is fitted by a logistic regression: P(right | s) = σ(γ (s − t)). The entry is not
used with probability τ, its *exploration*, which is the least that keeps the chance of a wrong answer within δ:

    τ = min over ε of 1 − δ / (1 − (1 − ε) σ(γ (s − t′(ε)))),

where t′(ε) is the upper end of the one-sided confidence band of t at 1 − ε. An entry begins with the observations
that 0 is wrong and 1 is right, and serves nobody before it has six.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FIRST = ((0.0, False), (1.0, True))
LEAST_OBSERVATIONS = 6
EPSILONS = np.linspace(1e-6, 1 - 1e-6, 50)
QUANTILES = np.array([NormalDist().inv_cdf(1 - epsilon) for epsilon in EPSILONS])
# The policy fits without a penalty. Where the observations are separable the likelihood has no maximum, and the
# slope would grow without end; the smaller this is, the steeper it may become, and the more is served (of 4,423
# requests at δ = 0.02: 33.5 % with 1e-4, 38.6 % with 1e-6, 41.5 % with 1e-8, and 1.0 to 1.2 % of it wrong).
RIDGE = 1e-8
NEWTON_STEPS = 50
# The variance of t where they are separable, which the delta method cannot tell. The policy's authors use one
# measured for each number of observations, which falls from 0.035 for 6 to about 0.01 for 15 and stays there.
SEPARABLE_VARIANCE = 0.21  # divided by the number of observations
LEAST_SEPARABLE_VARIANCE = 0.0105


@dataclass(frozen=True)
class Fit:
    """``threshold`` is t, ``slope`` γ, and ``variance`` that of t."""

    threshold: float
    slope: float
    variance: float


class VCache:
    """A rule for :func:`planengine.evaluation.cache.baselines.replay_rule`, over a stream of ``rows`` rows. Chance
    is drawn once for each row, so that a run can be repeated."""

    def __init__(self, delta: float, *, rows: int, seed: int = 0) -> None:
        self._delta = delta
        self._chance = np.random.default_rng(seed).random(rows)
        self._observed: defaultdict[int, list[tuple[float, bool]]] = defaultdict(
            lambda: [(0.0, False), (1.0, True)]
        )
        self._fits: dict[int, Fit] = {}

    def serves(self, entry: int, similarity: float, row: int) -> bool:
        observed = self._observed[entry]
        if len(observed) < LEAST_OBSERVATIONS:
            return False
        if entry not in self._fits:
            self._fits[entry] = fit(np.array(observed, float))
        return bool(self._chance[row] > exploration(self._fits[entry], similarity, delta=self._delta))

    def learn(self, entry: int, similarity: float, *, right: bool) -> None:
        self._observed[entry].append((min(similarity, 1.0), right))
        self._fits.pop(entry, None)

    def stores(self, *, right: bool) -> bool:
        return not right


def exploration(fitted: Fit, similarity: float, *, delta: float) -> float:
    """τ, the probability with which the entry must not be used; 0 or less: it may always be."""
    thresholds = np.clip(fitted.threshold + QUANTILES * np.sqrt(fitted.variance), 0.0, 1.0)
    right = (1 - EPSILONS) * _sigmoid(fitted.slope * (similarity - thresholds))
    return float(np.min(1 - delta / (1 - right)))


def fit(observed: Floats) -> Fit:
    """``observed``: rows of a similarity and whether it was right (1) or not (0), both kinds among them."""
    similarities, right = observed[:, 0], observed[:, 1]
    design = np.stack([np.ones_like(similarities), similarities], axis=1)
    weights = _maximise(design, right)
    slope = max(float(weights[1]), 1e-6)
    threshold = float(np.clip(-weights[0] / slope, 0.0, 1.0))
    if similarities[right == 1].min() > similarities[right == 0].max():
        variance = max(SEPARABLE_VARIANCE / len(observed), LEAST_SEPARABLE_VARIANCE)
    else:
        gradient = np.array([-1 / slope, weights[0] / slope**2])
        variance = max(0.0, float(gradient @ np.linalg.inv(_information(design, weights)) @ gradient))
    return Fit(threshold, slope, variance)


def _maximise(design: Floats, right: Floats) -> Floats:
    """The logistic regression's weights, by Newton's method; each step is halved until it helps."""
    weights = np.zeros(design.shape[1])
    for _ in range(NEWTON_STEPS):
        slope = design.T @ (right - _sigmoid(design @ weights)) - RIDGE * weights
        step = np.linalg.solve(_information(design, weights), slope)
        while _loss(design, right, weights + step) > _loss(design, right, weights) and np.abs(step).max() > 1e-9:
            step /= 2
        weights = weights + step
        if np.abs(step).max() < 1e-8:
            break
    return weights


def _information(design: Floats, weights: Floats) -> Floats:
    chance = _sigmoid(design @ weights)
    information: Floats = design.T @ ((chance * (1 - chance))[:, None] * design)
    return information + RIDGE * np.eye(len(weights))


def _loss(design: Floats, right: Floats, weights: Floats) -> float:
    scores = design @ weights
    return float(np.sum(np.logaddexp(0, scores) - right * scores) + RIDGE / 2 * weights @ weights)


def _sigmoid(values: Floats) -> Floats:
    halves: Floats = 0.5 * (1 + np.tanh(np.clip(values, -700, 700) / 2))
    return halves
