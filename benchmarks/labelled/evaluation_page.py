"""Writes what was evaluated into ``docs/benchmarks/evaluation.md``, between its two marks, and its plots."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.labelled.evaluation import Evaluation
from benchmarks.measuring import scatter
from benchmarks.measuring.plot import Points
from orra.base.strictjson import Json

DOCS = Path(__file__).resolve().parents[2] / "docs" / "benchmarks"
MARKS = re.compile(r"(<!-- figures -->\n).*(<!-- end of figures -->)", re.DOTALL)
RULES = {
    "original": "raw text, cosine > 0.95",
    "template_0.85": "templates, cosine > 0.85",
    "template_0.90": "templates, cosine > 0.90",
    "vcache_0.01": "vCache, δ = 0.01",
    "vcache_0.02": "vCache, δ = 0.02",
}
# The stream that the plots are of: with side effects, and nothing was fitted on it.
PLOTTED = "assistant, second half"

Rows = Sequence[Sequence[str]]


def write(found: Evaluation) -> None:
    page = DOCS / "evaluation.md"
    page.write_text(MARKS.sub(lambda marks: marks[1] + figures(found) + marks[2], page.read_text()))
    if PLOTTED in found.streams:
        (DOCS / "evaluation-hits.svg").write_text(_plot_rules(found))
    if told := found.streams.get(PLOTTED, {}).get("calibration"):
        (DOCS / "evaluation-calibration.svg").write_text(_plot_calibration(told))


def figures(found: Evaluation) -> str:
    """All tables, as Markdown; what was not evaluated is left out."""
    calibrated = {name: told["calibration"] for name, told in found.streams.items() if told["calibration"]}
    parts = [
        ("Streams", streams(found.streams)),
        ("The same, by simpler rules", simpler_rules(found.streams)),
        ("Tolerances", tolerances(found.tolerances)),
        ("Without a part of the rule", without(found)),
        ("Risk, predicted and observed", calibration(calibrated)),
        ("Pairs", pairs(found.pairs)),
        ("Planned by the composer", planners(found.planners)),
    ]
    return "\n".join(f"### {title}\n\n{text}" for title, text in parts if text)


def streams(told: Mapping[str, Mapping[str, Json]]) -> str:
    head = [*("requests", "can be planned", "hits", "wrong", "of hits", "at most")]
    head += ["with side effects", "of them wrong", "lookup p50 / p95", "a perfect cache"]
    rows = [
        (
            name,
            f"{figures['plannable']:,} of {figures['n']:,}",
            *_hits(figures),
            f"{figures['side_effect_hits']:,}",
            f"{figures['wrong_side_effect_hits']:,}",
            f"{figures['latency_ms']['p50']:.1f} / {figures['latency_ms']['p95']:.1f} ms",
            f"{figures['oracle_hit_rate']:.1%}",
        )
        for name, figures in told.items()
    ]
    return markdown_table(head, rows)


def simpler_rules(told: Mapping[str, Mapping[str, Json]]) -> str:
    rows = [
        (stream, RULES[name], *_hits(figures))
        for stream, of_stream in told.items()
        for name, figures in of_stream["baselines"].items()
    ]
    return markdown_table(("requests", "rule", "hits", "wrong", "of hits", "at most"), rows)


def tolerances(told: Mapping[str, Mapping[float, Mapping[str, Json]]]) -> str:
    if not told:
        return ""
    rows = [
        (name, f"{tolerance:.1%}", *_hits(figures), f"{figures['wrong_side_effect_hits']:,}")
        for name, of_stream in told.items()
        for tolerance, figures in of_stream.items()
    ]
    return markdown_table(
        ("requests", "tolerance", "hits", "wrong", "of hits", "at most", "wrong with side effects"), rows
    )


def without(found: Evaluation) -> str:
    if not found.without:
        return ""
    whole = found.streams["assistant, second half"]
    rows = [
        (name, *_hits(figures), f"{figures['wrong_side_effect_hits']:,}")
        for name, figures in {"nothing": whole, **found.without}.items()
    ]
    return markdown_table(("left out", "hits", "wrong", "of hits", "at most", "wrong with side effects"), rows)


def calibration(told: Mapping[str, Sequence[Mapping[str, Json]]]) -> str:
    rows = [
        (name, f"{tenth['predicted']:.2%}", f"{tenth['observed']:.2%}", f"{tenth['n']:,}")
        for name, tenths in told.items()
        for tenth in tenths
    ]
    plot = "![risk, predicted and observed](evaluation-calibration.svg)\n\n" if PLOTTED in told else ""
    return plot + markdown_table(("requests", "predicted", "observed", "hits"), rows)


def pairs(told: Mapping[str, Mapping[str, Json]]) -> str:
    rows = [
        (
            name,
            rule,
            *(f"{of[one]} of {of[all_]}" for one, all_ in (("rejected", "n_different"), ("kept", "n_same"))),
        )
        for name, figures in told.items()
        for rule, of in (("orra", figures), ("raw text, cosine > 0.95", figures["baseline"]))
    ]
    return markdown_table(("pairs", "rule", "rejected of different", "kept of same"), rows)


def planners(told: Mapping[str, Mapping[str, Json]]) -> str:
    rows = [
        (
            name,
            f"{figures['right']} of {figures['plannable']} ({figures['right_rate']:.1%})",
            f"{figures['wrong']} ({figures['wrong_rate']:.1%})",
            f"{figures['wrong_side_effects']}",
            f"{figures['refused_right']} of {figures['n'] - figures['plannable']}",
            f"{figures['seconds_p50'] * 1000:.1f} / {figures['seconds_p95'] * 1000:.1f} ms",
        )
        for name, figures in told.items()
    ]
    head = ("requests", "right", "wrong", "wrong with side effects", "rightly refused", "time p50 / p95")
    return markdown_table(head, rows)


def _hits(figures: Mapping[str, Json]) -> tuple[str, str, str, str]:
    return (
        f"{figures['hit_rate']:.1%}",
        f"{figures['wrong_hits']:,}",
        f"{figures['wrong_hit_rate']:.2%}",
        f"{figures['wrong_hit_rate_upper95']:.2%}",
    )


def _plot_rules(found: Evaluation) -> str:
    baselines = found.streams[PLOTTED]["baselines"]
    of_kind = {
        "templates, > 0.85, 0.90": "template",
        "vCache, δ 0.01, 0.02": "vcache",
        "raw text, > 0.95": "original",
    }
    series: dict[str, Points] = {
        "orra": [_point(figures) for _, figures in sorted(found.tolerances.get(PLOTTED, {}).items())]
    }
    for name, kind in of_kind.items():
        series[name] = [_point(figures) for rule, figures in baselines.items() if rule.startswith(kind)]
    return scatter.draw(
        series, title=f"Hits against wrong hits, {PLOTTED}", x="hits of what can be planned", y="wrong of hits"
    )


def _point(figures: Mapping[str, Json]) -> tuple[float, float]:
    return figures["hit_rate"], figures["wrong_hit_rate"]


def _plot_calibration(tenths: Sequence[Mapping[str, Json]]) -> str:
    points = [(tenth["predicted"], tenth["observed"]) for tenth in tenths]
    return scatter.draw(
        {PLOTTED: points},
        title="Risk of each tenth of the hits",
        x="predicted",
        y="observed",
        diagonal=True,
    )


def markdown_table(head: Sequence[str], rows: Rows) -> str:
    if not rows:
        return ""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
