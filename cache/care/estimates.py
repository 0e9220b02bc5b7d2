"""About how many entries a selection is for: exact for what can be counted at once, from a sample beyond."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection

from cache.care.selection import Entries, select
from cache.models import Entry
from orra.base.database.keys import newest_first, oldest_first

# So many rows of a project are counted; beyond, Postgres' statistics say how many there are.
COUNTED = 100_000
# So many entries of a larger project are looked at, half of them the newest, half the oldest.
SAMPLE = 10_000
KEY = ("created_at", "id")


@dataclass(frozen=True)
class Estimate:
    """``rows`` are a project's entries, ``found`` those that are meant, ``pinned`` the pinned ones among them.
    ``exact`` says whether these were counted."""

    rows: int
    found: int
    pinned: int
    exact: bool

    @property
    def about(self) -> str:
        """How many are meant, in words: "41", "about 41,000"."""
        return f"{self.found:,}" if self.exact else f"about {_rounded(self.found):,}"


def estimate(entries: Entries, chosen: Mapping[str, str]) -> Estimate:
    """``entries`` are those of a project that may be meant at all, ``chosen`` the filters."""
    rows = entries.order_by()[: COUNTED + 1].count()
    if rows > COUNTED:
        rows = max(rows, _known_to_statistics(entries))
    pinned = select(entries.filter(pinned=True), chosen).order_by()[:COUNTED].count()
    if rows <= SAMPLE:
        return Estimate(rows, select(entries, chosen).order_by().count(), pinned, exact=True)
    found = _found_among(newest_first(entries, KEY), chosen) + _found_among(oldest_first(entries, KEY), chosen)
    return Estimate(rows, max(pinned, round(rows * found / SAMPLE)), pinned, exact=not chosen and rows <= COUNTED)


def _found_among(ordered: Entries, chosen: Mapping[str, str]) -> int:
    """How many of the first half of a sample are meant."""
    sample = Entry.objects.filter(pk__in=ordered.values("pk")[: SAMPLE // 2])
    return select(sample, chosen).order_by().count()


def _known_to_statistics(entries: Entries) -> int:
    statement, params = entries.order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", params)
        [[plan]] = cursor.fetchall()
    told = json.loads(plan) if isinstance(plan, str) else plan
    return int(told[0]["Plan"]["Plan Rows"])


def _rounded(number: int) -> int:
    """To two digits."""
    return round(number, 2 - len(str(number))) if number >= 100 else number
