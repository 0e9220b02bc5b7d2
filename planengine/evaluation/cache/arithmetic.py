"""The arithmetic behind the figures of an evaluation. Rates are between 0 and 1."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

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
