"""Plans to look at, for the buckets of ``orra_plan_seconds``: a dashboard leads from a slow bucket to a plan.

They are read from the rows of the newest plans: the processes that counted them cannot be asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from operator import itemgetter

import structlog
from django.db import Error
from prometheus_client.samples import Exemplar

from orra.base.metrics import PLAN_BOUNDS, Exemplars
from planengine.models import Plan
from planengine.models.states import PlanSource

log = structlog.get_logger(__name__)

# Of hits of equal template and of all others, each.
MOST_READ = 500


def newest() -> Exemplars:
    """By source, one for each bucket at most: the newest. None while the database is away."""
    try:
        return dict(_oldest_first())
    except Error as error:
        log.warning("the database tells no exemplars", error=str(error).partition("\n")[0])
        return {}


def _oldest_first() -> Iterator[tuple[tuple[str, float], Exemplar]]:
    """For source and upper bound of a bucket; a later one replaces those before it."""
    finished = Plan.objects.filter(finished_at__isnull=False).order_by("-created_at", "-id")
    of_each = (finished.filter(source=PlanSource.EXACT), finished.exclude(source=PlanSource.EXACT))
    rows = chain.from_iterable(
        found.values_list("finished_at", "created_at", "id", "source")[:MOST_READ] for found in of_each
    )
    for finished_at, created_at, plan_id, source in sorted(rows, key=itemgetter(0, 2)):
        assert finished_at is not None
        seconds = max(0.0, (finished_at - created_at).total_seconds())
        bound = min(bound for bound in PLAN_BOUNDS if seconds <= bound)
        yield (source or "none", bound), Exemplar({"plan_id": plan_id}, seconds, finished_at.timestamp())
