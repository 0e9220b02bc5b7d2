"""A planner, row by row, as production would ask it; and the figures of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, median, quantiles

from orra.base.strictjson import Json
from planengine.drafting.composing import beside
from planengine.drafting.generation import Outcome, Oversee, generate, unseen
from planengine.evaluation.expected import Call, calls_agree, calls_of, services_agree
from planengine.evaluation.planners.rows import Row
from planengine.planners.protocol import Job, Planner


class PlannerUnusable(Exception):
    """The planner could not even try the first request: going on would measure nothing."""


@dataclass(frozen=True)
class Prices:
    """What a million tokens cost, in whatever currency."""

    prompt: float
    completion: float


@dataclass(frozen=True)
class Result:
    row: Row
    outcome: Outcome
    seconds: float

    @property
    def services_exact(self) -> bool:
        """The expected services, each as often as expected, and no other; where none is expected, a refusal."""
        if not self.row.expected:
            return self.outcome.status == "not_actionable"
        return services_agree(self.calls, self.row.expected)

    @property
    def wiring_exact(self) -> bool:
        """Every expected service with exactly the expected inputs, from the expected places, where the row names
        any."""
        return self.services_exact and calls_agree(self.calls, self.row.expected)

    @property
    def right(self) -> bool:
        """A plan, and the one that is expected."""
        return self.outcome.plan is not None and bool(self.row.expected) and self.wiring_exact

    @property
    def wrong(self) -> bool:
        """A plan where another, or none, is expected."""
        return self.outcome.plan is not None and not self.right

    @property
    def side_effects(self) -> bool:
        """Whether the plan calls a service that is not known to read only."""
        specs = [self.row.job.catalogue.get(call.service) for call in self.calls]
        return any(spec is None or not spec.read_only for spec in specs)

    @property
    def valid_at(self) -> int | None:
        """The attempt, from 1, whose draft was accepted."""
        return self.attempts if self.outcome.plan is not None else None

    @property
    def attempts(self) -> int:
        """How often the planner was asked: what was wired anew from its drafts is no attempt of its own."""
        return sum(not trial.planner for trial in self.outcome.trials)

    @property
    def calls(self) -> tuple[Call, ...]:
        plan = self.outcome.plan
        return () if plan is None else calls_of(plan)


@dataclass(frozen=True)
class Figures:
    """``attempts``: how many each request had."""

    results: tuple[Result, ...]
    attempts: int
    prices: Prices | None = None

    def as_dict(self) -> dict[str, Json]:
        """Rates are shares of all rows, between 0 and 1, and ``right`` (the expected plan), ``wrong`` (another, or
        any where a refusal is expected), ``wrong_side_effects`` of them and ``refused`` counts;
        ``valid_at_attempt`` (by the first attempt, by the second, …) is of the rows that can be planned,
        ``refused_right`` and its rate of the others. Tokens appear when the server counted any, and ``cost`` when
        there are prices too."""
        results = self.results
        to_plan = [result for result in results if result.row.expected]
        seconds = [result.seconds for result in results]
        told: dict[str, Json] = {
            "n": len(results),
            "services_exact": _share(result.services_exact for result in results),
            "wiring_exact": _share(result.wiring_exact for result in results),
            "not_actionable": _share(result.outcome.status == "not_actionable" for result in results),
            "failed": _share(result.outcome.status == "failed" for result in results),
            "valid_at_attempt": [
                _share((result.valid_at or self.attempts + 1) <= number for result in to_plan)
                for number in range(1, self.attempts + 1)
            ],
            "attempts_mean": fmean(result.attempts for result in results) if results else 0.0,
            "seconds_p50": median(seconds) if seconds else 0.0,
            "seconds_p95": quantiles(seconds, n=20, method="inclusive")[-1] if len(seconds) > 1 else sum(seconds),
        }
        return told | self._judged() | self._spent()

    def _judged(self) -> dict[str, Json]:
        results = self.results
        to_refuse = [result for result in results if not result.row.expected]
        counts: dict[str, Json] = {
            "plannable": len(results) - len(to_refuse),
            "right": sum(result.right for result in results),
            "wrong": sum(result.wrong for result in results),
            "wrong_side_effects": sum(result.wrong and result.side_effects for result in results),
            "refused": sum(result.outcome.status == "not_actionable" for result in results),
            "refused_right": sum(result.services_exact for result in to_refuse),
        }
        shares = {
            "right_rate": _share(result.right for result in results if result.row.expected),
            "wrong_rate": counts["wrong"] / len(results) if results else 0.0,
            "refused_rate": counts["refused"] / len(results) if results else 0.0,
        }
        if to_refuse:
            shares["refused_right_rate"] = counts["refused_right"] / len(to_refuse)
        return counts | shares

    def _spent(self) -> dict[str, Json]:
        usages = [trial.draft.usage for result in self.results for trial in result.outcome.trials]
        spent: dict[str, Json] = {}
        for kind in ("prompt_tokens", "completion_tokens"):
            counts = [count for usage in usages if (count := getattr(usage, kind)) is not None]
            if counts:
                spent[kind] = sum(counts)
        if self.prices is not None and spent:
            cost = spent.get("prompt_tokens", 0) * self.prices.prompt
            spent["cost"] = round((cost + spent.get("completion_tokens", 0) * self.prices.completion) / 1e6, 6)
        return spent


def evaluate(
    planner: Planner,
    rows: Sequence[Row],
    *,
    attempts: int,
    seconds: float,
    prices: Prices | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
    composer: Planner | None = None,
    held: Callable[[], bool] = lambda: False,
    oversee: Callable[[Planner, Job], Oversee] = lambda planner, job: unseen,
) -> Figures:
    """Plans every row as production would, with at most ``seconds`` for each. ``composer`` plans what all drafts
    of a model came to nothing for, and goes ahead of one that is ``held``; ``oversee`` gives what is asked of
    valid plans. Raises :class:`PlannerUnusable`."""
    results: list[Result] = []
    for row in rows:
        result = plan_row(
            planner, row, attempts=attempts, seconds=seconds, composer=composer, held=held, oversee=oversee
        )
        results.append(result)
        failure = result.outcome.failure
        if len(results) == 1 and failure is not None and result.outcome.trials[0].error_code:
            raise PlannerUnusable(f"{planner.name} cannot plan: {failure.message}")
        progress(len(results), len(rows))
    return Figures(tuple(results), attempts=attempts, prices=prices)


def plan_row(
    planner: Planner,
    row: Row,
    *,
    attempts: int,
    seconds: float,
    composer: Planner | None = None,
    held: Callable[[], bool] = lambda: False,
    oversee: Callable[[Planner, Job], Oversee] = lambda planner, job: unseen,
) -> Result:
    """What comes of one row, as :func:`evaluate` has it; a planner that cannot be asked is a failure like any."""

    def ask() -> Outcome:
        return generate(
            planner,
            row.job,
            attempts=attempts,
            deadline=time.monotonic() + seconds,
            repair=True,
            oversee=oversee(planner, row.job),
        )

    started = time.perf_counter()
    outcome = ask() if composer is None else beside(composer, row.job, ask, held=held())
    return Result(row, outcome, time.perf_counter() - started)


def _share(hits: Iterable[bool]) -> float:
    found = list(hits)
    return sum(found) / len(found) if found else 0.0
