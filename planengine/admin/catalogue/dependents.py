"""What depends on a service: cache entries, plans, groundings, examples. Each look is bounded."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q

from cache.models import Entry
from orra.base.text import fold
from planengine.catalogue.field_names import words_of
from planengine.grounding.coverage import named_in
from planengine.grounding.registry import groundings_of
from planengine.grounding.specs import Grounded, GroundingSpec
from planengine.models import Grounding, Plan, Service

LATEST_PLANS = 1_000  # of the project, that are looked through
LATEST_ENTRIES = 10_000
MAX_SHOWN = 10


@dataclass(frozen=True)
class LatestEntries:
    """Of so many of the project's latest entries so many use the service, and so many of these are pinned."""

    looked_at: int
    using: int
    pinned: int


@dataclass(frozen=True)
class LatestPlans:
    """Of so many of the project's latest plans so many call the service; some of them."""

    looked_at: int
    using: int
    shown: tuple[Plan, ...]


def latest_entries(service: Service) -> LatestEntries:
    latest = Entry.objects.filter(project=service.project_id).order_by("-created_at", "-id")[:LATEST_ENTRIES]
    using = Q(services__has_key=service.name)
    counts = latest.aggregate(
        looked_at=Count("pk"), using=Count("pk", filter=using), pinned=Count("pk", filter=using & Q(pinned=True))
    )
    return LatestEntries(**counts)


def latest_plans(service: Service) -> LatestPlans:
    latest = list(Plan.objects.filter(project=service.project_id).values_list("pk", flat=True)[:LATEST_PLANS])
    calls = Q(plan__tasks__contains=[{"service": service.name}])
    using = list(Plan.objects.filter(calls, pk__in=latest).values_list("pk", flat=True))
    shown = Plan.objects.filter(pk__in=using[:MAX_SHOWN]).only("pk", "action", "created_at")
    return LatestPlans(len(latest), len(using), tuple(shown))


def groundings_naming(service: Service) -> list[Grounding]:
    """Those that hold and name the service, or a capability that it declares."""
    own = {fold(text) for text in (service.name, " ".join(words_of(service.name)), *service.capabilities)}
    named = [kept.id for kept in groundings_of(service.project) if own & _named_in(kept.spec)]
    return list(Grounding.objects.filter(pk__in=named[:MAX_SHOWN]).defer("content"))


def _named_in(spec: GroundingSpec) -> set[str]:
    grounded = (Grounded(spec, use_case) for use_case in spec.use_cases)
    return {fold(name) for each in grounded for name in named_in(each)}
