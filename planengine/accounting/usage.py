"""What a project's plans cost, and what the cache saved it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

from django.db.models import Sum
from django.db.models.functions import Coalesce

from orra.base.strictjson import Json
from planengine.accounting import budgets, tallies
from planengine.models import DailyUsage, Project
from planengine.models.states import HIT_SOURCES

COUNTED = (
    "calls",
    "unknown_calls",
    "unpriced_calls",
    "prompt_tokens",
    "completion_tokens",
    "estimated_tokens",
)


def usage_since(project: Project, since: date) -> dict[str, Json]:
    """From the beginning of a day (UTC), re-checks of hits and questions of the model check included; of these
    ``model_checks`` tells too. ``cost`` is of the calls whose cost is known, and ``None`` when no call's is."""
    rows = DailyUsage.objects.filter(project=project, day__gte=since)
    sums = rows.aggregate(**{name: Coalesce(Sum(name), 0) for name in COUNTED}, cost=Sum("cost"))
    checks = rows.aggregate(
        calls=Coalesce(Sum("model_checks"), 0),
        tokens=Coalesce(Sum("model_check_tokens"), 0),
        cost=Sum("model_check_cost"),
    )
    unpriced = sums["calls"] and sums["calls"] == sums["unpriced_calls"]
    today = datetime.now(UTC).date()
    return {
        "since": since.isoformat(),
        **sums,
        "cost": None if unpriced else float(sums["cost"] or 0),
        "model_checks": {**checks, "cost": _money(checks["cost"])},
        "saved": _saved(project, since),
        "today": {
            "tokens": budgets.used_on(project, today),
            "tokens_per_day": project.tokens_per_day,
            "resets_at": budgets.resets_at(today).isoformat(),
        },
    }


def _saved(project: Project, since: date) -> dict[str, Json]:
    """By hits: calls, and the tokens and money that planning the serving entries had cost, at the prices of then.
    ``cost`` is of the hits whose entry knows its cost, and ``None`` when no hit's does."""
    began = datetime.combine(since, time(), UTC)
    hits = [count for count in tallies.counts(project, since=began) if count.decision in HIT_SOURCES]
    known = [count.cost_saved for count in hits if count.cost_saved is not None]
    return {
        "calls": sum(count.requests for count in hits),
        "tokens": sum(count.tokens_saved for count in hits),
        "cost": _money(sum(known, Decimal(0)) if known else None),
    }


def _money(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)
