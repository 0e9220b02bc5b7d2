"""What the cache did for a project: its finished Plans by what was decided, and what is in the cache now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count
from django.utils import timezone

from cache.models import Entry, Verdict
from orra.base.strictjson import Json
from planengine.accounting import tallies, wrong_hits
from planengine.accounting.calibration import adjustment_of, calibration
from planengine.embeddings.calibration import floor_for
from planengine.models import Project
from planengine.models.states import HIT_SOURCES

MISS = "miss"


def cache_stats(project: Project, *, since: datetime | None = None) -> dict[str, Json]:
    """Counts from the full hour ``since`` on, or since the project began; what the cache holds and how often it
    was found wrong is as of now. ``hit_rate`` is of the requests that the cache was asked about, ``None`` before
    the first; tokens are those that planning the serving entries had cost, where the server told them."""
    counts = tallies.counts(project, since=since)
    by_decision = _sum((count.decision, count.requests) for count in counts)
    hits = {source.value: by_decision.get(source.value, 0) for source in HIT_SOURCES}
    misses = [count for count in counts if count.decision == MISS]
    served, missed = sum(hits.values()), sum(count.requests for count in misses)
    refused = [count for count in counts if count.guard and count.decision in (MISS, *HIT_SOURCES)]
    floor = floor_for(project)
    return {
        "since": None if since is None else tallies.full_hour(since).isoformat(),
        "requests": served + missed,
        "hits": {**hits, "total": served},
        "hit_rate": served / (served + missed) if served + missed else None,
        "misses": missed,
        "misses_by_reason": _sum((count.reason, count.requests) for count in misses),
        "misses_refused_by": _sum((count.guard, count.requests) for count in misses if count.guard),
        "would_be_hits": sum(count.requests for count in misses if count.guard),
        "guards": _sum((count.guard, count.requests) for count in refused),
        "calls_saved": served,
        "tokens_saved": sum(count.tokens_saved for count in counts),
        **_holdings(project),
        "observed_wrong_hit_rate": wrong_hits.observed(project).as_dict(),
        "reported_wrong_hits": wrong_hits.wrong_reports(project),
        "hits_by_meaning": "closed" if project.semantic_closed_at else "open",
        "model_check": {"setting": project.model_check, "verdicts": _verdicts(project)},
        "similarity_floor": {"value": floor.value, "from": floor.origin},
        "acceptance": adjustment_of(project).as_dict(),
        "calibration": [tenth.as_dict() for tenth in calibration(project)],
    }


def _sum(counted: Iterable[tuple[str, int]]) -> dict[str, int]:
    """The most frequent first."""
    sums: Counter[str] = Counter()
    for word, times in counted:
        sums[word] += times
    return dict(sums.most_common())


def _verdicts(project: Project) -> dict[str, int]:
    """What a model was asked and still counts, by answer."""
    known = Verdict.objects.filter(project=project, expires_at__gt=timezone.now()).order_by()
    return dict(known.values_list("answer").annotate(times=Count("id")))


def _holdings(project: Project) -> dict[str, Json]:
    """Entries that have expired count until they are deleted, about a minute: whether one has is not in the index
    that answers this."""
    entries = Entry.objects.filter(project=project)
    quarantined = entries.exclude(quarantined_at=None).count()
    kinds = entries.exclude(kind=Entry.Kind.PLAN).order_by().values_list("kind").annotate(times=Count("id"))
    others = dict(kinds)
    return {
        "entries": entries.count() - quarantined - sum(others.values()),
        "quarantined_entries": quarantined,
        "refusals": others.get(Entry.Kind.REFUSAL, 0),
        "counter_examples": others.get(Entry.Kind.COUNTER, 0),
    }
