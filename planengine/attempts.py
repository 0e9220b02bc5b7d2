"""A plan's planner calls as rows: there from their beginning, with how far they are, what came of them, what they
cost. The rows of calls whose worker was lost stay as they were."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import structlog
from django.db import Error, transaction

from orra import metrics
from planengine import budgets
from planengine.generation import Trial
from planengine.models import Attempt, Plan
from planengine.planners.base import Feedback, Job, Planner, Progress

log = structlog.get_logger(__name__)

PROGRESS_SECONDS = 0.5


@dataclass
class Attempts:
    """The calls of one planner for one plan, one after the other. Its methods are what
    :func:`planengine.generation.generate` calls."""

    plan: Plan
    planner: Planner
    asked: Job
    clock: Callable[[], float] = time.monotonic
    _row: Attempt | None = field(default=None, init=False)
    _call: budgets.Call | None = field(default=None, init=False)
    _noted_at: float = field(default=float("-inf"), init=False)

    @property
    def job(self) -> Job:
        """The job, with progress that is noted."""
        return replace(self.asked, on_progress=self.note)

    def begin(self, number: int, feedback: Feedback | None) -> None:
        """Raises :class:`planengine.exceptions.BudgetExceeded`."""
        self._call = budgets.reserve(self.plan.project, self.planner, self.asked, feedback)
        self._row = Attempt.objects.create(plan=self.plan, number=number, planner=self.planner.name)
        self._noted_at = float("-inf")

    def note(self, progress: Progress) -> None:
        """What does not come through is told with the next one, and the model's answer goes on without it."""
        now = self.clock()
        if self._row is None or now - self._noted_at < PROGRESS_SECONDS:
            return
        self._noted_at = now
        row = Attempt.objects.filter(pk=self._row.pk)
        try:
            row.update(reasoning_chars=progress.reasoning, answer_chars=progress.answer)
        except Error as error:
            log.warning("progress not noted", plan=self.plan.pk, error=str(error).partition("\n")[0])

    def end(self, trial: Trial) -> None:
        usage = trial.draft.usage
        kind, _, _ = (trial.planner or self.planner.name).partition(":")
        metrics.ATTEMPTS.labels(kind, trial.error_code or ("rejected" if trial.problems else "accepted")).inc()
        metrics.MODEL_TOKENS.labels("prompt").inc(usage.prompt_tokens or 0)
        metrics.MODEL_TOKENS.labels("completion").inc(usage.completion_tokens or 0)
        for warning in trial.draft.warnings:
            log.warning(
                warning.code,
                plan=self.plan.pk,
                project=self.plan.project_id,
                message=warning.message,
                hint=warning.hint,
            )
        if trial.planner:  # another's, who makes no call and so had nothing to begin
            _fill(Attempt(plan=self.plan, number=trial.number, planner=trial.planner), trial).save()
            return
        row, call = self._row, self._call
        assert row is not None and call is not None, "it began"
        with transaction.atomic():
            spent = call.settle(trial)
            row.cost = spent.cost if self.planner.model else None
            _fill(row, trial).save(update_fields=WRITTEN_AT_THE_END)


def _fill(row: Attempt, trial: Trial) -> Attempt:
    row.model = trial.draft.model
    row.prompt = trial.draft.prompt
    row.answer = trial.draft.answer
    row.problems = [problem.as_dict() for problem in trial.problems]
    row.warnings = [warning.as_dict() for warning in trial.draft.warnings]
    row.error_code = trial.error_code
    row.services_shown = trial.draft.services_shown
    row.prompt_tokens = trial.draft.usage.prompt_tokens
    row.completion_tokens = trial.draft.usage.completion_tokens
    row.seconds = trial.seconds
    return row


WRITTEN_AT_THE_END = (
    "model",
    "prompt",
    "answer",
    "problems",
    "warnings",
    "error_code",
    "services_shown",
    "prompt_tokens",
    "completion_tokens",
    "cost",
    "seconds",
)
