"""What Prometheus is told. Labels have few values: never a project, an action or a model's own words.

Processes write into files of one folder (``PROMETHEUS_MULTIPROC_DIR``, set by the settings), so that any web
process answers for all of this machine's, the worker included. Gauges are no part of it: they are read from the
database, the truth for all machines, by what :func:`exposition` is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from math import inf

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST as OPEN_METRICS
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar, Sample

# By source and the upper bound of a bucket of :data:`PLAN_SECONDS`.
Exemplars = Mapping[tuple[str, float], Exemplar]


def _from_zero(counter: Counter, *values: Sequence[str]) -> Counter:
    """``counter`` with a series of 0 for each combination of its labels' ``values``: of a series that begins with
    the first event, Prometheus does not see that it rose."""
    for labels in product(*values):
        counter.labels(*labels)
    return counter


PLANS = _from_zero(Counter("orra_plans", "Plans finished.", ["status", "source"]), ["failed"], ["none"])
PLAN_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, inf)
PLAN_SECONDS = Histogram(
    "orra_plan_seconds", "From a request's arrival until its plan was stored.", ["source"], buckets=PLAN_BOUNDS
)
LOOKUPS = Counter("orra_cache_lookups", "Cache lookups.", ["decision", "reason"])
REFUSALS = Counter(
    "orra_cache_refusals",
    "Lookups whose best candidate was refused, by what refused it; those that end as a miss are would-be hits.",
    ["decision", "guard"],
)
CALLS_SAVED = Counter("orra_cache_calls_saved", "Plans served from the cache, each a planner call not made.")
TOKENS_SAVED = Counter("orra_cache_tokens_saved", "Tokens that planning the serving entries had cost.")
FLIGHTS = _from_zero(
    Counter(
        "orra_flights",
        "What became of flights: led, joined, passed_on, taken_over from a lost worker, landed, failed.",
        ["event"],
    ),
    ["led", "joined", "passed_on", "taken_over", "landed", "failed"],
)
LIST_READS = Counter(
    "orra_list_reads", "Lists and figures read where there is a replica, by where they came from.", ["database"]
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
HIT_CHECKS = _from_zero(
    Counter("orra_hit_checks", "Hits planned again, and plans reported.", ["origin", "verdict"]),
    ["sample", "report"],
    ["right", "wrong", "undecided"],
)
EMBEDDINGS = _from_zero(
    Counter("orra_embeddings", "Requests to the embedding endpoint; left alone after a failure.", ["outcome"]),
    ["ok", "failed", "left_alone"],
)
MODEL_CHECKS = Counter("orra_model_checks", "Whether two requests mean the same, asked of a model.", ["outcome"])
MODEL_TOKENS = Counter("orra_model_tokens", "Tokens as the model's server counted them.", ["kind"])
FALLBACKS = Counter("orra_fallbacks", "Plans made by the fallback, and why.", ["planner", "reason"])
BREAKER = _from_zero(
    Counter("orra_breaker_changes", "The first model was left alone, or answered again.", ["change"]),
    ["opened", "closed"],
)
BUDGET_REFUSALS = Counter("orra_budget_refusals", "Model calls that a project's budget did not allow.")
ATTEMPTS = Counter("orra_planning_attempts", "Drafts asked for.", ["planner", "outcome"])


class _Counted(Collector):
    """What the processes of this machine counted, with exemplars."""

    def __init__(self, exemplars: Exemplars) -> None:
        self._exemplars = exemplars

    def collect(self) -> Iterator[Metric]:
        registry = CollectorRegistry()
        for metric in MultiProcessCollector(registry).collect():  # type: ignore[no-untyped-call]
            metric.samples = [self._with_exemplar(sample) for sample in metric.samples]
            yield metric

    def _with_exemplar(self, sample: Sample) -> Sample:
        if sample.name != "orra_plan_seconds_bucket":
            return sample
        return sample._replace(exemplar=self._exemplars.get((sample.labels["source"], float(sample.labels["le"]))))


def exposition(accept: str, *collectors: Collector, exemplars: Callable[[], Exemplars]) -> tuple[bytes, str]:
    """Everything, and its content type: Prometheus' text format, or OpenMetrics if ``accept`` asks for it, with
    ``exemplars``. ``collectors`` find out what is so just now."""
    encode, content_type = choose_encoder(accept)
    is_open = content_type.startswith(OPEN_METRICS.partition(";")[0])
    registry = CollectorRegistry()
    for collector in (_Counted(exemplars() if is_open else {}), *collectors):
        registry.register(collector)
    return encode(registry), content_type
