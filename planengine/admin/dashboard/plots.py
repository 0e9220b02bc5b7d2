"""The same figures over time: numbers for the plots, and a table that says as much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from orra.base.strictjson import Json
from planengine.accounting.figures.reading import Figures
from planengine.accounting.wrong_hits import Observed
from planengine.admin.dashboard.cards import PLANNED
from planengine.admin.dashboard.wording import duration, number, percent
from planengine.models.states import HIT_SOURCES

Checks = Mapping[datetime, Observed]
NONE = Observed(0, 0)


def series(known: Figures, checks: Checks, tolerance: float | None) -> dict[str, Json]:
    """Lists of equal length, one number for each slot, ``None`` where there is none. Moments are seconds since
    1970, times are seconds, rates are shares. Wrong hits are those of the window so far: one slot has few."""
    parts = list(known.slots.values())
    so_far = _so_far(known, checks)
    return {
        "moments": [int(moment.timestamp()) for moment in known.slots],
        "slot_seconds": known.window.seconds,
        "requests": [part.finished for part in parts],
        "hit_rate": [part.hit_rate for part in parts],
        "hits_p50": [part.percentile(0.5, HIT_SOURCES) for part in parts],
        "hits_p95": [part.percentile(0.95, HIT_SOURCES) for part in parts],
        "planned_p50": [part.percentile(0.5, PLANNED) for part in parts],
        "planned_p95": [part.percentile(0.95, PLANNED) for part in parts],
        "wrong": [each.rate for each in so_far],
        "wrong_low": [each.interval[0] if each.checked else None for each in so_far],
        "wrong_high": [each.interval[1] if each.checked else None for each in so_far],
        "tolerance": tolerance,
    }


@dataclass(frozen=True)
class Line:
    moment: datetime
    cells: tuple[str, ...]


HEADS = ("Plans", "Hit rate", "Hits p50", "Hits p95", "Planned p50", "Planned p95", "Checked", "Wrong")


def lines(known: Figures, checks: Checks) -> list[Line]:
    """The newest slot first; those in which nothing happened are left out."""
    return [
        Line(
            moment,
            (
                number(part.finished),
                percent(part.hit_rate),
                duration(part.percentile(0.5, HIT_SOURCES)),
                duration(part.percentile(0.95, HIT_SOURCES)),
                duration(part.percentile(0.5, PLANNED)),
                duration(part.percentile(0.95, PLANNED)),
                number(checks.get(moment, NONE).checked),
                number(checks.get(moment, NONE).wrong),
            ),
        )
        for moment, part in reversed(list(known.slots.items()))
        if part.finished or moment in checks
    ]


def _so_far(known: Figures, checks: Checks) -> list[Observed]:
    sums, checked, wrong = [], 0, 0
    for moment in known.slots:
        here = checks.get(moment, NONE)
        checked, wrong = checked + here.checked, wrong + here.wrong
        sums.append(Observed(checked, wrong))
    return sums
