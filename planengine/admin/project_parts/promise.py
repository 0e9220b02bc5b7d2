"""Whether a project's promise holds, in words, and its calibration as a plot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from planengine.accounting import tallies, wrong_hits
from planengine.accounting.calibration import Tenth
from planengine.accounting.wrong_hits import BROKEN, HOLDS, Observed
from planengine.models import Project

DAYS = 7
# Of the plot, in units of its view box.
WIDTH, HEIGHT, LEFT, BOTTOM, MARGIN = 440, 280, 56, 40, 28
DECADES = 4  # from 0.01 % to all: what is served has a risk of a few thousandths


@dataclass(frozen=True)
class Promise:
    """``tone`` is a badge's kind."""

    verdict: str
    tone: str
    sentence: str


@dataclass(frozen=True)
class Point:
    x: float
    y: float
    told: str


@dataclass(frozen=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True)
class Plot:
    """Tenths as points, and the ``tolerance`` as a height; scales are logarithmic."""

    width: int
    height: int
    left: float
    right: float
    top: float
    bottom: float
    points: tuple[Point, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    tolerance: float


def promise_of(seen: Observed, tolerance: float) -> Promise:
    low, high = seen.interval
    share = f"at most {tolerance:.2%} of all hits wrong"
    if not seen.checked:
        unseen = f"Promised: {share}. No hit was checked. {_needed(tolerance)}"
        return Promise("cannot be judged yet", "neutral", unseen)
    told = (
        f"Promised: {share}. Observed: {seen.wrong:,} of {seen.checked:,} checked hits were wrong, "
        f"{seen.rate:.2%}; the true share is between {low:.2%} and {high:.2%} (95 %)."
    )
    match wrong_hits.judge(seen, tolerance):
        case state if state == HOLDS:
            return Promise("holds", "good", f"{told} All of that is within the promise.")
        case state if state == BROKEN:
            return Promise("is broken", "bad", f"{told} All of that is above what was promised.")
    return Promise(f"cannot be judged yet ({seen.checked:,} checks)", "warning", f"{told} {_needed(tolerance)}")


def _needed(tolerance: float) -> str:
    needed = wrong_hits.least_checks(tolerance)
    if needed is None:
        return "A tolerance of 0 is never proven by samples."
    return f"With none wrong it takes {needed:,} checks to say that the promise holds."


def plot(tenths: Sequence[Tenth], tolerance: float) -> Plot:
    right, bottom = WIDTH - MARGIN, HEIGHT - BOTTOM

    def across(value: float) -> float:
        return round(LEFT + _share(value) * (right - LEFT), 1)

    def up(value: float) -> float:
        return round(bottom - _share(value) * (bottom - MARGIN), 1)

    marks = [10.0**-decade for decade in range(DECADES, -1, -1)]
    points = tuple(
        Point(
            across(each.predicted),
            up(each.observed),
            f"predicted {each.predicted_percent}, observed {each.observed_percent} of {each.n}",
        )
        for each in tenths
    )
    return Plot(
        **{"width": WIDTH, "height": HEIGHT, "left": LEFT, "right": right, "top": MARGIN, "bottom": bottom},
        points=points,
        across=tuple(Tick(across(mark), f"{mark:.2%}") for mark in marks),
        up=tuple(Tick(up(mark), f"{mark:.2%}") for mark in marks),
        tolerance=up(tolerance),
    )


def _share(value: float) -> float:
    """Of the way from the least that is drawn to 1."""
    return 1 + math.log10(max(value, 10.0**-DECADES)) / DECADES


def near_misses(project: Project) -> str:
    """What the misses of late tell of the threshold, in words; empty where there was none."""
    counts = tallies.counts(project, since=timezone.now() - timedelta(days=DAYS))
    misses = [count for count in counts if count.decision == "miss"]
    total = sum(count.requests for count in misses)
    near = sum(count.requests for count in misses if count.guard)
    if not total:
        return ""
    if not near:
        return (
            f"Of the {total:,} misses of the last {DAYS} days none had an entry that was near enough: only more "
            "entries or examples make these hits."
        )
    return (
        f"Of the {total:,} misses of the last {DAYS} days, {near:,} had an entry that similarity alone would have "
        "served, and something else spoke against it: a word that nothing accounts for, a rival, or too much "
        "risk. A lower threshold makes none of these a hit; examples in the users' words do."
    )
