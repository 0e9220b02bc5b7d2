"""What a project's plans cost, and what the cache saved it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from django.db.models import Count, DecimalField, F, IntegerField, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce

from cache.models import Entry
from orra.strictjson import Json
from planengine import budgets
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
    """By hits whose entry is still there: what planning it had cost, once for each."""
    served = Plan.objects.filter(
        project=project, created_at__gte=datetime.combine(since, time(), UTC), source__in=HIT_SOURCES
    )
    times = dict(served.order_by().values_list("cache_entry_id").annotate(Count("id")))
    number, money = IntegerField(), DecimalField(max_digits=20, decimal_places=10)
    entries = Entry.objects.filter(project=project, pk__in=[entry for entry in times if entry]).annotate(
        tokens=Coalesce(Cast(KT("cost__prompt_tokens"), number), 0)
        + Coalesce(Cast(KT("cost__completion_tokens"), number), 0),
        money=Cast(KT("cost__cost"), money),
    )
    costs = {row[0]: row[1:] for row in entries.values_list("pk", F("tokens"), F("money"))}
    known = [times[entry] * money for entry, (_, money) in costs.items() if money is not None]
    return {
        "calls": sum(times.values()),
        "tokens": sum(times[entry] * tokens for entry, (tokens, _) in costs.items()),
        "cost": float(sum(known)) if known else None,
    }
