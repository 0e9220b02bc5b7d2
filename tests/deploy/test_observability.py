"""Every metric and label that the dashboard and the alert rules name is one that /metrics tells."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import prometheus_client
import pytest
import yaml
from prometheus_client.core import Metric

from planengine.accounting.backlog import Gauges
from planengine.models import HitCheck
from planengine.models.states import HIT_SOURCES, PlanSource, PlanStatus
from tests.deploy.compositions import ROOT

FOLDER = ROOT / "deploy/observability"
SERIES = re.compile(r"\b(orra_\w+)(?:\{([^}]*)\})?")
GROUPED = re.compile(r"\bby \(([\w, ]+)\)")
LEGEND = re.compile(r"\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}")
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FOLDER / "dashboard.json").read_text())["panels"]
    return found


def queries() -> list[tuple[str, str]]:
    """Each with the text that is shown for what it finds."""
    told = [(rule["expr"], rule["annotations"]["summary"]) for rule in rules()]
    return told + [(target["expr"], target["legendFormat"]) for panel in panels() for target in panel["targets"]]


def labels_of(metric: Metric, counted: Any = None) -> set[str]:
    names = {name for sample in metric.samples for name in sample.labels}
    return names | set(getattr(counted, "_labelnames", ()))


@pytest.fixture(scope="module")
def collectors() -> list[Any]:
    registry: Any = prometheus_client.REGISTRY
    return [one for one in set(registry._names_to_collectors.values()) if hasattr(one, "_labelnames")]


@pytest.fixture
def told(collectors: list[Any], db: None) -> dict[str, set[str]]:
    """The labels of every series, by its name."""

    def every() -> Iterator[tuple[Metric, Any]]:
        for collector in collectors:
            for metric in collector.describe():
                yield metric, collector
        for metric in Gauges().collect():
            yield metric, None

    found = {}
    for metric, collector in every():
        for suffix in SUFFIXES[metric.type]:
            extra = {"le"} if suffix == "_bucket" else set()
            found[metric.name + suffix] = labels_of(metric, collector) | extra
    return found


@pytest.mark.parametrize(("expression", "shown"), queries())
def test_what_is_asked_for_is_told(expression: str, shown: str, told: dict[str, set[str]]) -> None:
    series = SERIES.findall(expression)
    assert series
    for name, chosen in series:
        assert name in told
        assert set(re.findall(r"(\w+)\s*[=!]~?=?\s*\"", chosen)) <= told[name]
    common = set.intersection(*(told[name] for name, _ in series))
    grouped = {label.strip() for group in GROUPED.findall(expression) for label in group.split(",")}
    assert grouped <= common
    assert set(LEGEND.findall(shown)) - {"value"} <= grouped
    assert expression.count("(") == expression.count(")")


VALUES: dict[str, set[str]] = {
    "status": set(PlanStatus.values),
    "source": {*PlanSource.values, "none"},
    "origin": set(HitCheck.Origin.values),
    "verdict": set(HitCheck.Verdict.values),
    "decision": {*HIT_SOURCES, "miss"},
    "outcome": {"ok", "failed", "left_alone"},
    "change": {"opened", "closed"},
    "event": {"led", "joined", "passed_on", "taken_over", "landed", "failed"},
}


@pytest.mark.parametrize("expression", [expression for expression, _ in queries()])
def test_chosen_values_are_ones_that_occur(expression: str) -> None:
    for label, value in re.findall(r"(\w+)\s*[=!]~?\s*\"([^\"]*)\"", expression):
        assert set(value.split("|")) <= VALUES[label]


def test_every_metric_is_on_the_dashboard_or_watched(told: dict[str, set[str]]) -> None:
    named = {name for expression, _ in queries() for name, _ in SERIES.findall(expression)}
    left = {name for name in told if name.startswith("orra_") and not name.endswith(("_sum", "_count"))} - named
    assert left == {"orra_deleted_rows_total"}


def test_every_alert_says_where_it_is_told_what_to_do() -> None:
    for rule in rules():
        assert (ROOT / rule["annotations"]["page"]).exists()
        assert rule["labels"]["severity"] in {"page", "warn"}
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names)


def test_panels_do_not_cover_each_other() -> None:
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels()]
    assert len(set(places)) == len(places)
    assert len({panel["id"] for panel in panels()}) == len(places)
