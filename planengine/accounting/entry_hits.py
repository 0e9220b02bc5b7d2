"""What a cache entry was good for of late: its hits by day, and what these saved."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from cache.models import Entry
from planengine.models import Plan
from planengine.models.states import HIT_SOURCES

Number = TypeVar("Number", int, Decimal)

# So many of an entry's latest hits are looked at.
MOST = 2_000
DAYS = 30


@dataclass(frozen=True)
class Day:
    """``share`` of the day with the most hits, in percent."""

    day: date
    hits: int
    share: int

    @property
    def top(self) -> int:
        """Where its bar begins in a drawing whose ground is at 105."""
        return 105 - self.share


@dataclass(frozen=True)
class Hits:
    """``counted`` hits, ``all`` of which are there unless it is the most that are looked at. Tokens, money and
    seconds that they saved are ``None`` when nobody knows."""

    days: tuple[Day, ...]
    counted: int
    oldest: datetime | None
    complete: bool
    tokens: int | None
    money: Decimal | None
    seconds: float | None


def hits_of(entry: Entry, now: datetime) -> Hits:
    """The entry's latest hits of :data:`DAYS` days: those whose Plans are still there."""
    today = now.date()
    first = today - timedelta(days=DAYS - 1)
    served = Plan.objects.filter(cache_entry_id=entry.pk, created_at__gte=now - timedelta(days=DAYS - 1))
    rows = list(
        served.order_by("-created_at").values_list(
            *("created_at", "source", "tokens_saved", "cost_saved", "timings_ms__total")
        )[:MOST]
    )
    hits = [row for row in rows if row[1] in HIT_SOURCES]
    by_day = Counter(created_at.date() for created_at, *_ in hits)
    most = max(by_day.values(), default=1)
    days = (first + timedelta(days=number) for number in range(DAYS))
    return Hits(
        days=tuple(Day(day, by_day[day], round(100 * by_day[day] / most)) for day in days) if hits else (),
        counted=len(hits),
        oldest=rows[-1][0] if rows else None,
        complete=len(rows) < MOST,
        tokens=_sum([tokens for _, _, tokens, *_ in hits]),
        money=_sum([money for _, _, _, money, _ in hits]),
        seconds=_seconds(entry, [total for *_, total in hits]),
    )


def _sum(values: list[Number | None]) -> Number | None:
    known = [value for value in values if value is not None]
    return sum(known[1:], known[0]) if known else None


def _seconds(entry: Entry, totals: list[object]) -> float | None:
    """How much sooner the hits were answered than the entry had been planned."""
    cost = entry.cost if isinstance(entry.cost, dict) else {}
    planning = cost.get("milliseconds")
    if not isinstance(planning, int | float) or not totals:
        return None
    return sum(max(0.0, planning - total) for total in totals if isinstance(total, int | float)) / 1000
