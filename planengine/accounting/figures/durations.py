"""Durations counted in buckets whose bounds grow by the same factor, and percentiles from such counts.

Bucket ``b`` stands for ``2 ** (b / 4)`` seconds and holds what is nearer to it than to its neighbours, as ratios
go. So a percentile is told with an error of at most 2^(1/8), 9.1 % up or down, however many durations there were.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

PER_DOUBLING = 4
# Seconds: a tenth of a millisecond, and eleven days.
LEAST, MOST = 0.0001, 1_000_000.0


def bucket_of(seconds: float) -> int:
    """As the database computes it too (:mod:`planengine.accounting.figures.statements`)."""
    return round(PER_DOUBLING * math.log2(min(max(seconds, LEAST), MOST)))


def seconds_of(bucket: int) -> float:
    return float(2.0 ** (bucket / PER_DOUBLING))


def percentile(counts: Mapping[int, int], share: float) -> float | None:
    """The duration in seconds that ``share`` (0 to 1) of those counted do not exceed; ``None`` of none."""
    total = sum(counts.values())
    passed = 0
    for bucket in sorted(counts):
        passed += counts[bucket]
        if passed and passed >= share * total:
            return seconds_of(bucket)
    return None
