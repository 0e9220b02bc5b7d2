"""The page and plots of an evaluation, from figures that nobody measured."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.labelled import evaluation_page
from benchmarks.labelled.evaluation import Evaluation
from benchmarks.labelled.evaluation_page import PLOTTED, RULES, figures
from benchmarks.measuring import scatter
from orra.base.strictjson import Json


def stream(**other: Json) -> Json:
    rate: Json = {
        "hits": 8,
        "hit_rate": 0.8,
        "wrong_hits": 1,
        "wrong_hit_rate": 0.125,
        "wrong_hit_rate_upper95": 0.47,
    }
    return {
        **rate,
        "n": 12,
        "plannable": 10,
        "side_effect_hits": 3,
        "wrong_side_effect_hits": 0,
        "oracle_hit_rate": 0.9,
        "latency_ms": {"p50": 1.0, "p95": 2.0},
        "calibration": [],
        "baselines": dict.fromkeys(RULES, rate),
        **other,
    }


def test_what_was_not_evaluated_is_left_out() -> None:
    assert figures(Evaluation()) == ""
    text = figures(Evaluation(streams={"slots": stream()}))
    assert "### Streams" in text and "### Pairs" not in text and "### Tolerances" not in text
    assert "| slots | 10 of 12 | 80.0% | 1 | 12.50% | 47.00% | 3 | 0 | 1.0 / 2.0 ms | 90.0% |" in text
    assert text.count("| slots |") == 1 + len(RULES)


def test_the_page_keeps_what_stands_around_the_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = evaluation_page.DOCS / "evaluation.md"
    assert evaluation_page.MARKS.search(page.read_text()), "the figures have their place"
    monkeypatch.setattr(evaluation_page, "DOCS", tmp_path)
    copy = evaluation_page.DOCS / "evaluation.md"
    copy.write_text("before\n<!-- figures -->\nold\n<!-- end of figures -->\nbehind\n")
    tenths = [{"predicted": 0.01, "observed": 0.02, "n": 4}]

    evaluation_page.write(
        Evaluation(streams={PLOTTED: stream(calibration=tenths)}, tolerances={PLOTTED: {0.01: stream()}})
    )

    text = copy.read_text()
    assert text.startswith("before\n<!-- figures -->\n### Streams") and text.endswith("-->\nbehind\n")
    assert "old" not in text and f"| {PLOTTED} | 1.00% | 2.00% | 4 |" in text
    assert "](evaluation-calibration.svg)" in text
    for name in ("evaluation-hits.svg", "evaluation-calibration.svg"):
        ElementTree.fromstring((evaluation_page.DOCS / name).read_text())


@pytest.mark.parametrize("points", [[(0.0, 0.0)], [(0.5, 0.001), (1.0, 0.06)]])
def test_points_are_on_the_page(points: Sequence[tuple[float, float]]) -> None:
    drawing = scatter.draw({"a": points}, title="t", x="x", y="y", diagonal=True)

    circles = re.findall(r"cx='([\d.]+)' cy='([\d.]+)'", drawing)
    assert len(circles) == len(points)
    assert all(64 <= float(x) <= 530 and 40 <= float(y) <= 352 for x, y in circles)
