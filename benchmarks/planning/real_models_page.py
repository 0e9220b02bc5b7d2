"""Writes what real models planned into ``docs/benchmarks/weak-models.md``, between its two marks."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.labelled.evaluation_page import markdown_table
from benchmarks.planning.real_models import ALONE, HELD, SAME, WHOLE, Measured

PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks" / "weak-models.md"
MARKS = re.compile(r"(<!-- real models -->\n).*(<!-- end of real models -->)", re.DOTALL)
WAYS = {
    ALONE: "the model's choice, believed",
    HELD: "held, the composer ahead",
    WHOLE: "whole plans",
    SAME: "held, of the same requests",
}
HEAD = (
    *("model", "requests", "way", "right", "wrong", "with side effects"),
    *("refused rightly", "refused", "failed", "median", "95 %", "prompt tokens"),
)


def write(found: Measured) -> None:
    if found.figures:
        PAGE.write_text(MARKS.sub(lambda marks: marks[1] + text(found) + marks[2], PAGE.read_text()))


def text(found: Measured) -> str:
    rows = [
        (
            model,
            f"{name} ({figures['n']})",
            WAYS[way],
            f"{figures['right']} of {figures['plannable']}",
            str(figures["wrong"]),
            str(figures["wrong_side_effects"]),
            f"{figures['refused_right']} of {figures['n'] - figures['plannable']}",
            str(figures["refused"]),
            f"{figures['failed'] * figures['n']:.0f}",
            f"{figures['seconds_p50']:.1f} s",
            f"{figures['seconds_p95']:.1f} s",
            f"{figures['prompt_tokens_p50']:,}",
        )
        for (model, name, way), figures in found.figures.items()
    ]
    probed = ", ".join(
        f"{model} {'passed it' if trust.trusted else 'fell for it'} ({trust.wrong} of {trust.asked})"
        for model, trust in found.trust.items()
    )
    day = datetime.now(UTC).date().isoformat()
    return f"Measured on {day}. The probe: {probed}.\n\n{markdown_table(HEAD, rows)}\n"
