"""What a project's plans cost, and what the cache saved it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from django.db.models import Count, DecimalField, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce

from cache.models import Entry
from orra.strictjson import Json
from planengine import budgets, tallies
from planengine.models import DailyUsage, Plan, Project
from planengine.states import HIT_SOURCES

COUNTED = (
    "calls",
    "unknown_calls",
    "unpriced_calls",
    "prompt_tokens",
    "completion_tokens",
    "estimated_tokens",
)


def usage_since(project: Project, since: date) -> dict[str, Json]:
    """From the beginning of a day (UTC), re-checks of hits included. ``cost`` is of the calls whose cost is known,
    and ``None`` when no call's is."""
    rows = DailyUsage.objects.filter(project=project, day__gte=since)
    sums = rows.aggregate(**{name: Coalesce(Sum(name), 0) for name in COUNTED}, cost=Sum("cost"))
    unpriced = sums["calls"] and sums["calls"] == sums["unpriced_calls"]
    today = datetime.now(UTC).date()
    return {
        "since": since.isoformat(),
        **sums,
        "cost": None if unpriced else float(sums["cost"] or 0),
        "saved": _saved(project, since),
        "today": {
            "tokens": budgets.used_on(project, today),
            "tokens_per_day": project.tokens_per_day,
            "resets_at": budgets.resets_at(today).isoformat(),
        },
    }


def _saved(project: Project, since: date) -> dict[str, Json]:
    """By hits: calls, and the tokens that planning the serving entries had cost. The money is of the entries that
    are still there."""
    began = datetime.combine(since, time(), UTC)
    hits = [count for count in tallies.counts(project, since=began) if count.decision in HIT_SOURCES]
    return {
        "calls": sum(count.requests for count in hits),
        "tokens": sum(count.tokens_saved for count in hits),
        "cost": _money_saved(project, began),
    }


def _money_saved(project: Project, since: datetime) -> float | None:
    served = Plan.objects.filter(project=project, created_at__gte=since, source__in=HIT_SOURCES)
    times = dict(served.order_by().values_list("cache_entry_id").annotate(Count("id")))
    money = Cast(KT("cost__cost"), DecimalField(max_digits=20, decimal_places=10))
    entries = Entry.objects.filter(project=project, pk__in=[entry for entry in times if entry])
    known = [times[pk] * cost for pk, cost in entries.values_list("pk", money) if cost is not None]
    return float(sum(known)) if known else None
