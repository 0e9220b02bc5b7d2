"""What Prometheus is told. Labels have few values: never a project, an action or a model's own words.

Processes write into files of one folder (``PROMETHEUS_MULTIPROC_DIR``, set by the settings), so that any web
process answers for all of this machine's, the worker included. Gauges are no part of it: they are read from the
database, the truth for all machines, by what :func:`exposition` is given.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

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
DELETED = Counter(
    "orra_deleted_rows",
    "Plans, attempts, sessions, labels, words, figures deleted because their time was over.",
    ["kind"],
)
LOOKUP_SECONDS = Histogram(
    "orra_cache_lookup_seconds",
    "Cache lookups, the embedding included.",
    ["decision"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1),
)
HIT_CHECKS = Counter("orra_hit_checks", "Hits planned again, and plans reported.", ["origin", "verdict"])
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


def exposition(*collectors: Collector) -> bytes:
    """Everything, in Prometheus' text format: what was counted, and what ``collectors`` find out just now."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    for collector in collectors:
        registry.register(collector)
    return generate_latest(registry)
