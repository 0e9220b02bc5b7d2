"""What the cache did for a project, counted from its Plans, which are the truth about every request."""

from __future__ import annotations

from django.db.models import Count, F, IntegerField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from cache.models import Entry
from orra.strictjson import Json
from planengine import honesty
from planengine.models import Plan, Project
from planengine.states import HIT_SOURCES


def cache_stats(project: Project) -> dict[str, Json]:
    """Counts since the project began. ``hit_rate`` is of the requests that the cache was asked about, ``None``
    before the first; tokens are those that planning the serving entries had cost, where the server told them."""
    asked = Plan.objects.filter(project=project, cache__decision__in=["exact", "semantic", "miss"])
    by_decision = _count(asked, "decision")
    hits = {source.value: by_decision.get(source.value, 0) for source in HIT_SOURCES}
    total = sum(by_decision.values())
    return {
        "requests": total,
        "hits": {**hits, "total": sum(hits.values())},
        "hit_rate": sum(hits.values()) / total if total else None,
        "misses": by_decision.get("miss", 0),
        "misses_by_reason": _count(asked.filter(cache__decision="miss"), "reason"),
        "calls_saved": sum(hits.values()),
        "tokens_saved": _tokens_saved(project),
        "entries": Entry.objects.usable().filter(project=project).count(),
        "quarantined_entries": Entry.objects.filter(project=project).exclude(quarantined_at=None).count(),
        "observed_wrong_hit_rate": honesty.observed(project).as_dict(),
        "reported_wrong_hits": honesty.reported(project).wrong,
        "hits_by_meaning": "closed" if project.semantic_closed_at else "open",
    }


def _count(plans: QuerySet[Plan], member: str) -> dict[str, int]:
    counted = plans.order_by().annotate(word=KT(f"cache__{member}")).values_list("word")
    return dict(counted.annotate(times=Count("id")).order_by("-times"))


def _tokens_saved(project: Project) -> int:
    cost = Entry.objects.filter(pk=OuterRef("cache_entry_id"))
    tokens = [
        Subquery(cost.annotate(count=Cast(KT(f"cost__{kind}"), IntegerField())).values("count"))
        for kind in ("prompt_tokens", "completion_tokens")
    ]
    served = Plan.objects.filter(project=project, source__in=HIT_SOURCES, cache_entry_id__isnull=False)
    sums = served.annotate(prompt=tokens[0], completion=tokens[1]).aggregate(
        prompt_sum=Sum(F("prompt")), completion_sum=Sum(F("completion"))
    )
    return sum(count or 0 for count in sums.values())
