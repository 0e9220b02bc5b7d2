"""The plans that wait: for operators' pages, alerts and Prometheus. They are read from the database, the truth for
all machines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import Error
from django.db.models import Count, Min
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from planengine.models import AlertRule, Plan

log = structlog.get_logger(__name__)

MOST_COUNTED = 10_000


@dataclass(frozen=True)
class Backlog:
    """How many plans wait, counted up to ``MOST_COUNTED``, and since when the oldest does."""

    waiting: int
    oldest: datetime | None

    @property
    def is_cut(self) -> bool:
        return self.waiting >= MOST_COUNTED

    def age(self, now: datetime) -> float:
        """Of the oldest, in seconds; 0 when none waits."""
        return max(0.0, (now - self.oldest).total_seconds()) if self.oldest else 0.0


def backlog(project_id: str = "") -> Backlog:
    """Of one project, or without one of all."""
    waiting = Plan.objects.unfinished().order_by("created_at")
    if project_id:
        waiting = waiting.filter(project=project_id)
    moments = list(waiting.values_list("created_at", flat=True)[:MOST_COUNTED])
    return Backlog(len(moments), moments[0] if moments else None)


class Gauges(Collector):
    """How many plans wait, for how long the oldest has, and how many alerts fire: the numbers to wake somebody up
    for."""

    def collect(self) -> Iterator[Metric]:
        """Gives nothing while the database is away, so that the counters are still served: they are needed most
        just then."""
        try:
            yield from self._ask()
        except Error as error:
            log.warning("the database tells no metrics", error=str(error).partition("\n")[0])

    def _ask(self) -> Iterator[Metric]:
        waiting = GaugeMetricFamily("orra_plans_waiting", "Plans not finished.", labels=["status"])
        oldest = GaugeMetricFamily("orra_oldest_waiting_seconds", "Age of the oldest plan not finished.")
        firing = GaugeMetricFamily("orra_alerts_firing", "Thresholds of projects crossed.", labels=["measure"])
        rows = Plan.objects.unfinished().order_by().values_list("status").annotate(Count("id"), Min("created_at"))
        found = {status: (count, since) for status, count, since in rows}
        for status in ("pending", "planning"):
            waiting.add_metric([status], found.get(status, (0, None))[0])
        since = min((since for _, since in found.values()), default=None)
        oldest.add_metric([], (timezone.now() - since).total_seconds() if since else 0.0)
        rules = AlertRule.objects.filter(state=AlertRule.State.FIRING).order_by()
        fires = dict(rules.values_list("measure").annotate(Count("id")))
        for measure in AlertRule.Measure.values:
            firing.add_metric([measure], fires.get(measure, 0))
        yield from (waiting, oldest, firing)
