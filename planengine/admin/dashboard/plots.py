"""The same figures over time: numbers for the plots, and a table that says as much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from orra.base.strictjson import Json
from planengine.accounting.figures.reading import Figures
from planengine.accounting.wrong_hits import Observed
from planengine.admin.dashboard.cards import PLANNED
from planengine.admin.dashboard.wording import duration, number, percent
from planengine.models.states import HIT_SOURCES

Checks = Mapping[datetime, Observed]
NONE = Observed(0, 0)
HEADS = ("Plans", "Hit rate", "Hits p50", "Hits p95", "Planned p50", "Planned p95", "Checked", "Wrong")


@dataclass(frozen=True)
class Point:
    """What is drawn and told of one slot. Times are in seconds; checks are its own and those of the window so far,
    because one slot has few."""

    moment: datetime
    finished: int
    hit_rate: float | None
    hits: tuple[float | None, float | None]
    planned: tuple[float | None, float | None]
    checks: Observed
    so_far: Observed


def points(known: Figures, checks: Checks) -> list[Point]:
    found, checked, wrong = [], 0, 0
    for moment, part in known.slots.items():
        here = checks.get(moment, NONE)
        checked, wrong = checked + here.checked, wrong + here.wrong
        found.append(
            Point(
                moment,
                part.finished,
                part.hit_rate,
                hits=(part.percentile(0.5, HIT_SOURCES), part.percentile(0.95, HIT_SOURCES)),
                planned=(part.percentile(0.5, PLANNED), part.percentile(0.95, PLANNED)),
                checks=here,
                so_far=Observed(checked, wrong),
            )
        )
    return found


def series(points: Sequence[Point], *, slot_seconds: int, tolerance: float | None) -> dict[str, Json]:
    """Lists of equal length, one number for each slot, ``None`` where there is none. Moments are seconds since
    1970, times are seconds, rates are shares."""
    return {
        "moments": [int(point.moment.timestamp()) for point in points],
        "slot_seconds": slot_seconds,
        "requests": [point.finished for point in points],
        "hit_rate": [point.hit_rate for point in points],
        "hits_p50": [point.hits[0] for point in points],
        "hits_p95": [point.hits[1] for point in points],
        "planned_p50": [point.planned[0] for point in points],
        "planned_p95": [point.planned[1] for point in points],
        "wrong": [point.so_far.rate for point in points],
        "wrong_low": [point.so_far.interval[0] if point.so_far.checked else None for point in points],
        "wrong_high": [point.so_far.interval[1] if point.so_far.checked else None for point in points],
        "tolerance": tolerance,
    }


def lines(points: Sequence[Point]) -> SafeString:
    """Rows of the table, the newest slot first; those in which nothing happened are left out."""
    return format_html_join(
        "\n",
        '<tr><th scope="row">{}</th>' + len(HEADS) * "<td>{}</td>" + "</tr>",
        (
            (
                f"{point.moment:%m-%d %H:%M}",
                number(point.finished),
                percent(point.hit_rate),
                *map(duration, (*point.hits, *point.planned)),
                number(point.checks.checked),
                number(point.checks.wrong),
            )
            for point in reversed(points)
            if point.finished or point.checks.checked
        ),
    )
