"""Every metric and label that the dashboard and the alert rules name is one that /metrics tells."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
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


def test_the_rules_are_tested_by_what_they_fire_on_and_what_not() -> None:
    """promtool runs the tests themselves (``make alerts``)."""
    text = yaml.safe_load((FOLDER / "alerts.test.yaml").read_text())
    cases = [case for test in text["tests"] for case in test["alert_rule_test"]]
    names = {rule["alert"] for rule in rules()}
    assert {case["alertname"] for case in cases if case["exp_alerts"]} == names
    assert {case["alertname"] for case in text["tests"][0]["alert_rule_test"] if not case["exp_alerts"]} == names


def test_a_first_event_is_a_rise_of_what_is_counted_from_zero(tmp_path: Path) -> None:
    program = "from orra.base.metrics import exposition; print(exposition('', exemplars=dict)[0].decode())"
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    new = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    risen = [each for rule in rules() for each in re.findall(r"increase\((orra_\w+(?:\{[^}]*\})?)", rule["expr"])]
    assert 'orra_breaker_changes_total{change="opened"}' in risen
    for series in risen:
        name, _, chosen = series.rstrip("}").partition("{")
        lines = [line for line in new.stdout.splitlines() if line.startswith(name)]
        assert any(set(filter(None, chosen.split(","))) <= set(re.findall(r"\w+=\"\w+\"", line)) for line in lines)


def test_panels_do_not_cover_each_other() -> None:
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels()]
    assert len(set(places)) == len(places)
    assert len({panel["id"] for panel in panels()}) == len(places)
