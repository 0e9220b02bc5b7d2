"""Whose plans a hit rests on."""

from __future__ import annotations

from cache.models import Entry
from planengine.models import Plan


def planner_of(plan: Plan) -> str | None:
    """The name of the planner whose entry served the plan, or was the nearest of the examples that it was made by.
    ``None`` where that entry is gone, or a service's developer gave the example."""
    entry_id = plan.cache_entry_id or _nearest(plan)
    entry = Entry.objects.filter(pk=entry_id).only("scope_facts").first()
    return entry.scope_facts.get("planner") if entry is not None else None


def _nearest(plan: Plan) -> str | None:
    """As the plan tells of its decision."""
    match plan.cache:
        case {"votes": {"nearest": {"entry_id": str(entry_id)}}}:
            return entry_id
    return None
