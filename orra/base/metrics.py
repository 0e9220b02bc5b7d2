"""What Prometheus is told. Labels have few values: never a project, an action or a model's own words.

Processes write into files of one folder (``PROMETHEUS_MULTIPROC_DIR``, set by the settings), so that any web
process answers for all of this machine's, the worker included. Gauges are read from the database, the truth for
all machines.
"""

from __future__ import annotations

from collections.abc import Iterator

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

log = structlog.get_logger(__name__)

PLANS = Counter("orra_plans", "Plans finished.", ["status", "source"])
PLAN_SECONDS = Histogram(
    "orra_plan_seconds",
    "From request to outcome.",
    ["source"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120),
)
LOOKUPS = Counter("orra_cache_lookups", "Cache lookups.", ["decision", "reason"])
REFUSALS = Counter(
    "orra_cache_refusals",
    "Lookups whose best candidate was refused, by what refused it; those that end as a miss are would-be hits.",
    ["decision", "guard"],
)
CALLS_SAVED = Counter("orra_cache_calls_saved", "Plans served from the cache, each a planner call not made.")
TOKENS_SAVED = Counter("orra_cache_tokens_saved", "Tokens that planning the serving entries had cost.")
FLIGHTS = Counter(
    "orra_flights",
    "What became of flights: led, joined, passed_on, taken_over from a lost worker, landed, failed.",
    ["event"],
)
DELETED = Counter("orra_deleted_rows", "Plans, attempts, sessions deleted because their time was over.", ["kind"])
LOOKUP_SECONDS = Histogram(
    "orra_cache_lookup_seconds",
    "Cache lookups, the embedding included.",
    ["decision"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1),
)
HIT_CHECKS = Counter("orra_hit_checks", "Hits planned again or reported.", ["origin", "verdict"])
EMBEDDINGS = Counter(
    "orra_embeddings", "Requests to the embedding endpoint; left alone after a failure.", ["outcome"]
)
MODEL_CHECKS = Counter("orra_model_checks", "Whether two requests mean the same, asked of a model.", ["outcome"])
# led, joined, passed_on, taken_over (its worker was lost), failed
MODEL_TOKENS = Counter("orra_model_tokens", "Tokens as the model's server counted them.", ["kind"])
FALLBACKS = Counter("orra_fallbacks", "Plans made by the fallback, and why.", ["planner", "reason"])
BREAKER = Counter("orra_breaker_changes", "The first model was left alone, or answered again.", ["change"])
BUDGET_REFUSALS = Counter("orra_budget_refusals", "Model calls that a project's budget did not allow.")
ATTEMPTS = Counter("orra_planning_attempts", "Drafts asked for.", ["planner", "outcome"])


def exposition() -> bytes:
    """Everything, in Prometheus' text format."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    registry.register(Waiting())
    return generate_latest(registry)


class Waiting(Collector):
    """How many plans wait, and for how long the oldest has: the two numbers to wake somebody up for."""

    def collect(self) -> Iterator[Metric]:
        """Nothing while the database is away: the counters are wanted most just then."""
        from django.db import Error

        try:
            yield from self._ask()
        except Error as error:
            log.warning("the database tells no metrics", error=str(error).partition("\n")[0])

    def _ask(self) -> Iterator[Metric]:
        from django.db.models import Count, Min
        from django.utils import timezone

        from planengine.models import Plan

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
