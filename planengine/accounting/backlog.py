"""Gauges of the plans that wait, for Prometheus. They are read from the database, the truth for all machines."""

from __future__ import annotations

from collections.abc import Iterator

import structlog
from django.db import Error
from django.db.models import Count, Min
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from planengine.models import Plan

log = structlog.get_logger(__name__)


class Waiting(Collector):
    """How many plans wait, and for how long the oldest has: the two numbers to wake somebody up for."""

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
        rows = Plan.objects.unfinished().order_by().values_list("status").annotate(Count("id"), Min("created_at"))
        found = {status: (count, since) for status, count, since in rows}
        for status in ("pending", "planning"):
            waiting.add_metric([status], found.get(status, (0, None))[0])
        since = min((since for _, since in found.values()), default=None)
        oldest.add_metric([], (timezone.now() - since).total_seconds() if since else 0.0)
        yield waiting
        yield oldest
