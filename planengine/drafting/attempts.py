"""A plan's planner calls as rows. A row exists from the beginning of its call and holds how far the call is,
what came of it and what it cost.

The rows of calls whose worker was lost stay as they were.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import structlog
from django.db import Error, transaction

from orra.base import metrics
from orra.base.strictjson import Json
from planengine.accounting import budgets
from planengine.llm.completions import Progress, storable
from planengine.models import Attempt, Plan
from planengine.planners.protocol import Feedback, Job, Planner, Trial

log = structlog.get_logger(__name__)

PROGRESS_SECONDS = 0.5
# Of what a model says, so much is written while it speaks: all of it would be written again and again.
LATEST_CHARS = 4_000


@dataclass(frozen=True)
class Latest:
    """How far a call is, in characters, and the latest of what the model has said."""

    reasoning_chars: int = 0
    answer_chars: int = 0
    reasoning: str = ""
    answer: str = ""

    def and_then(self, progress: Progress) -> Latest:
        """The latest after this progress. When a stream broke and is asked for again, the sizes start anew."""
        return Latest(
            progress.reasoning,
            progress.answer,
            _tail(self.reasoning + progress.new_reasoning, of=progress.reasoning),
            _tail(self.answer + progress.new_answer, of=progress.answer),
        )


def _tail(text: str, *, of: int) -> str:
    return text[max(0, len(text) - min(of, LATEST_CHARS)) :]


@dataclass
class Attempts:
    """The calls of one planner for one plan, one after the other. Its methods are what
    :func:`planengine.drafting.generation.generate` calls."""

    plan: Plan
    planner: Planner
    asked: Job
    clock: Callable[[], float] = time.monotonic
    _row: Attempt | None = field(default=None, init=False)
    _call: budgets.Call | None = field(default=None, init=False)
    _latest: Latest = field(default=Latest(), init=False)
    _noted_at: float = field(default=float("-inf"), init=False)

    @property
    def job(self) -> Job:
        """The job, with progress that is noted."""
        return replace(self.asked, on_progress=self.note)

    @property
    def _keeps_words(self) -> bool:
        return self.plan.project.event_contents

    def begin(self, number: int, feedback: Feedback | None) -> None:
        """Raises :class:`planengine.exceptions.BudgetExceeded`."""
        self._call = budgets.reserve(self.plan.project, self.planner, self.asked, feedback)
        self._row = Attempt.objects.create(plan=self.plan, number=number, planner=self.planner.name)
        self._latest = Latest()
        self._noted_at = float("-inf")

    def note(self, progress: Progress) -> None:
        """Writes how far the call is. A write that fails is made good by the next one, and the model's answer
        goes on."""
        self._latest = self._latest.and_then(progress)
        now = self.clock()
        if self._row is None or now - self._noted_at < PROGRESS_SECONDS:
            return
        self._noted_at = now
        try:
            Attempt.objects.filter(pk=self._row.pk).update(**self._progress())
        except Error as error:
            log.warning("progress not noted", plan=self.plan.pk, error=str(error).partition("\n")[0])

    def _progress(self) -> dict[str, int | str]:
        latest = self._latest
        sizes: dict[str, int | str] = {
            "reasoning_chars": latest.reasoning_chars,
            "answer_chars": latest.answer_chars,
        }
        if not self._keeps_words:
            return sizes
        return {**sizes, "reasoning": storable(latest.reasoning), "answer": storable(latest.answer)}

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
            Attempt.objects.create(plan=self.plan, number=trial.number, planner=trial.planner, **facts_of(trial))
            return
        row, call = self._row, self._call
        assert row is not None and call is not None, "it began"
        with transaction.atomic():
            spent = call.settle(trial)
            cost = spent.cost if self.planner.model else None
            written = {**facts_of(trial), **self._words_of(trial)}
            Attempt.objects.filter(pk=row.pk).update(cost=cost, **written)

    def _words_of(self, trial: Trial) -> dict[str, int | str]:
        """The model's words for an attempt's row; of a call that failed, the latest that had come."""
        if not self._keeps_words:
            return {}
        words = self._progress() if trial.error_code else {}
        draft = trial.draft
        if not words or draft.answer or draft.reasoning:
            words |= {"reasoning": draft.reasoning, "answer": draft.answer}
        return words


def facts_of(trial: Trial) -> dict[str, Json]:
    """What an attempt's row has of a call that has ended."""
    draft = trial.draft
    return {
        "model": draft.model,
        "prompt": draft.prompt,
        "answer": draft.answer,
        "reasons": draft.reasons,
        "problems": [problem.as_dict() for problem in trial.problems],
        "warnings": [warning.as_dict() for warning in draft.warnings],
        "error_code": trial.error_code,
        "services_shown": draft.services_shown,
        "way": draft.way,
        "prompt_tokens": draft.usage.prompt_tokens,
        "completion_tokens": draft.usage.completion_tokens,
        "seconds": trial.seconds,
    }
