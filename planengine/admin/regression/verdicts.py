"""The results of a run as they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.safestring import SafeString

from orra.operators.pages import badge
from planengine.evaluation.regression.expectations import services_in
from planengine.models import RegressionResult, RegressionRun

Verdict = RegressionResult.Verdict

TONES: dict[str, str] = {
    Verdict.SAME: "good",
    Verdict.CHANGED: "warning",
    Verdict.REFUSED: "warning",
    Verdict.FAILED: "bad",
}
ORDER = (Verdict.CHANGED, Verdict.REFUSED, Verdict.FAILED, Verdict.WAITING, Verdict.SAME)


@dataclass(frozen=True)
class Row:
    """``before``: what became of it in the run before this one."""

    result: RegressionResult
    verdict: SafeString
    expected: str
    got: str
    before: str

    @property
    def can_be_accepted(self) -> bool:
        return (
            self.result.got is not None
            and self.result.saved_id is not None
            and self.result.verdict != Verdict.SAME
        )


@dataclass(frozen=True)
class Progress:
    done: int
    total: int
    counts: Mapping[str, int]

    @property
    def told(self) -> str:
        parts = [f"{self.counts[each]} {each.label}" for each in ORDER if self.counts.get(each)]
        return ", ".join(parts) or "nothing to plan"


def rows_of(run: RegressionRun) -> list[Row]:
    """What is not as expected first."""
    before = _before(run)
    results = sorted(run.results.all(), key=lambda result: (ORDER.index(Verdict(result.verdict)), result.pk))
    return [
        Row(
            result,
            badge(TONES.get(result.verdict, "neutral"), result.get_verdict_display()),
            services_in(result.expected),
            "nothing" if result.got is None else services_in(result.got),
            _since(result, before),
        )
        for result in results
    ]


def progress_of(rows: list[Row]) -> Progress:
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.result.verdict] = counts.get(row.result.verdict, 0) + 1
    return Progress(len(rows) - counts.get(Verdict.WAITING, 0), len(rows), counts)


def _before(run: RegressionRun) -> Mapping[int, RegressionResult]:
    earlier = RegressionRun.objects.filter(project=run.project_id, pk__lt=run.pk).first()
    if earlier is None:
        return {}
    return {result.saved_id: result for result in earlier.results.exclude(saved=None) if result.saved_id}


def _since(result: RegressionResult, before: Mapping[int, RegressionResult]) -> str:
    earlier = before.get(result.saved_id or 0)
    if earlier is None:
        return "not in the run before"
    if result.verdict == Verdict.WAITING:
        return f"then {earlier.get_verdict_display()}"
    if (earlier.got, earlier.code) == (result.got, result.code):
        return "as in the run before"
    became = "nothing" if earlier.got is None else services_in(earlier.got)
    return f"other than in the run before: then {earlier.get_verdict_display()} ({became})"
