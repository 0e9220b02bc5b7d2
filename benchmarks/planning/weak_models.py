"""What feedback mends: models that each make one kind of mistake, planning with and without being told of it.

The models are :mod:`tests.servers.weak`, behind HTTP; the requests are those that come with orra.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from benchmarks.measuring import table
from planengine.drafting.generation import Outcome, generate
from planengine.evaluation.expected import calls_of, comparable
from planengine.evaluation.planners.rows import Row, own_rows
from planengine.llm.client import Endpoint
from planengine.planners.model import ModelPlanner
from planengine.planners.protocol import Draft, Feedback, Job
from tests.servers.scripted import ScriptedServer
from tests.servers.weak import ALL_KINDS, WeakModel

ATTEMPTS = 3
SECONDS = 60.0
LEAST_WITH_FEEDBACK = 0.95


class Untold:
    """A planner that is never told what was wrong."""

    def __init__(self, planner: ModelPlanner) -> None:
        self.source, self.name = planner.source, planner.name
        self.model, self.address = planner.model, planner.address
        self._planner = planner

    def draft(self, job: Job, *, feedback: Feedback | None, deadline: float) -> Draft:
        return self._planner.draft(job, feedback=None, deadline=deadline)

    def prompt(self, job: Job, *, feedback: Feedback | None) -> str:
        return ""

    def asks_again(self, feedback: Feedback) -> bool:
        return True


@dataclass(frozen=True)
class Success:
    """Shares of requests: with a valid plan by the first attempt, by the last, and with the right plan."""

    first: float
    valid: float
    right: float
    failed: list[tuple[Row, Outcome]] = field(default_factory=list)


def success(kind: str, *, told: bool, seed: int = 1, rows: list[Row] | None = None) -> Success:
    """How often a weak model of that kind comes to a valid plan within three attempts."""
    asked = [row for row in rows or own_rows() if row.expected]
    model = WeakModel(kind, {row.job.action: row.draft for row in asked}, seed=seed)
    with ScriptedServer(default=model) as server:
        planner = ModelPlanner(Endpoint("weak", base_url=server.url))
        outcomes = [
            generate(
                planner if told else Untold(planner),
                row.job,
                attempts=ATTEMPTS,
                deadline=time.monotonic() + SECONDS,
            )
            for row in asked
        ]
    valid = [outcome for outcome in outcomes if outcome.plan is not None]
    right = sum(
        outcome.plan is not None and comparable(calls_of(outcome.plan)) == comparable(row.expected)
        for row, outcome in zip(asked, outcomes, strict=True)
    )
    return Success(
        first=sum(len(outcome.trials) == 1 for outcome in valid) / len(asked),
        valid=len(valid) / len(asked),
        right=right / len(asked),
        failed=[(row, outcome) for row, outcome in zip(asked, outcomes, strict=True) if outcome.plan is None],
    )


def run() -> None:
    table.heading(f"Valid plans within {ATTEMPTS} attempts, by the kind of mistake a model makes")
    table.line("", "first attempt", "untold", "told", "told, right", "")
    for kind in ALL_KINDS:
        untold, told = success(kind, told=False), success(kind, told=True)
        verdict = "ok" if told.valid >= LEAST_WITH_FEEDBACK else "UNDER"
        table.line(
            kind, *(f"{share:.1%}" for share in (told.first, untold.valid, told.valid, told.right)), verdict
        )
