"""What a project's model calls use, and how much of it they may: one counter per project and day (UTC).

    reserve ──may be──▶ the call ──▶ settle: the reservation gives way to what was used
       └──over the budget──▶ BudgetExceeded

A reservation is one conditional statement on the counter's row, so calls that begin at once cannot all see room
that is there for one of them: the budget is overshot at most by what the calls in flight use beyond their
estimates. A call whose process was lost stays reserved until the day is over: it may have been paid for.

A call whose tokens the server does not tell is not free. It counts as unknown, and is charged to the budget by its
characters, :data:`CHARACTERS_PER_TOKEN` to a token.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.db.models.functions import Greatest

from orra import metrics
from planengine.exceptions import BudgetExceeded
from planengine.generation import Trial
from planengine.models import DailyUsage, Project
from planengine.planners.base import Feedback, Job, Planner
from planengine.planners.focus import CHARACTERS_PER_TOKEN, Focused
from planengine.prompts import build_messages

# What an answer is expected to take, the model's reasoning included, before it is there.
ANSWER_TOKENS = 1_000
# Calls that gave no draft and may have been paid for all the same: the server was at work. After other errors it
# was not.
PAID_ERRORS = ("model_timeout", "model_bad_answer")

# Parameters: reserved tokens, project, reserved tokens.
RESERVE = """
    INSERT INTO planengine_dailyusage AS usage (
        project_id, day, calls, unknown_calls, unpriced_calls, prompt_tokens, completion_tokens, estimated_tokens,
        reserved_tokens, cost
    )
    SELECT id, (statement_timestamp() AT TIME ZONE 'UTC')::date, 0, 0, 0, 0, 0, 0, %s, 0 FROM planengine_project
    WHERE id = %s AND (tokens_per_day IS NULL OR tokens_per_day >= %s)
    ON CONFLICT (project_id, day) DO UPDATE SET reserved_tokens = usage.reserved_tokens + excluded.reserved_tokens
    WHERE (
        SELECT tokens_per_day IS NULL OR tokens_per_day >= usage.prompt_tokens + usage.completion_tokens
            + usage.estimated_tokens + usage.reserved_tokens + excluded.reserved_tokens
        FROM planengine_project WHERE id = usage.project_id
    )
    RETURNING day
"""


@dataclass(frozen=True)
class Spent:
    """What one call used. Tokens and ``cost`` are ``None`` where they are not known; ``estimated`` stands for the
    tokens that are not."""

    prompt_tokens: int | None
    completion_tokens: int | None
    estimated: int
    cost: Decimal | None

    @property
    def known(self) -> bool:
        return self.prompt_tokens is not None and self.completion_tokens is not None


NOTHING = Spent(0, 0, 0, Decimal(0))


@dataclass(frozen=True)
class Call:
    """One planner call, with room for it in the budget of the ``day`` on which it began."""

    project: Project
    planner: Planner
    job: Job
    feedback: Feedback | None
    day: date | None = None
    reserved: int = 0

    def settle(self, trial: Trial) -> Spent:
        """Puts what the call used in the place of what was reserved for it."""
        if self.day is None:
            return NOTHING
        spent = self._spent(trial)
        DailyUsage.objects.filter(project=self.project, day=self.day).update(
            calls=F("calls") + 1,
            unknown_calls=F("unknown_calls") + int(not spent.known),
            unpriced_calls=F("unpriced_calls") + int(spent.cost is None),
            prompt_tokens=F("prompt_tokens") + (spent.prompt_tokens or 0),
            completion_tokens=F("completion_tokens") + (spent.completion_tokens or 0),
            estimated_tokens=F("estimated_tokens") + spent.estimated,
            reserved_tokens=Greatest(F("reserved_tokens") - self.reserved, 0),
            cost=F("cost") + (spent.cost or 0),
        )
        return spent

    def _spent(self, trial: Trial) -> Spent:
        if trial.error_code:
            paid = trial.error_code in PAID_ERRORS
            return (
                Spent(None, None, _prompt_tokens(self.planner, self.job, self.feedback), None) if paid else NOTHING
            )
        draft = trial.draft
        prompt, completion = draft.usage.prompt_tokens, draft.usage.completion_tokens
        price = settings.LLM_PRICES.get(self.planner.model)
        cost = None if price is None or prompt is None or completion is None else price.of(prompt, completion)
        uncounted = ("" if prompt is not None else draft.prompt) + ("" if completion is not None else draft.answer)
        return Spent(prompt, completion, len(uncounted) // CHARACTERS_PER_TOKEN, cost)


def reserve(project: Project, planner: Planner, job: Job, feedback: Feedback | None) -> Call:
    """The right to one call of the planner's, which is to be settled. Raises :class:`BudgetExceeded`."""
    if not planner.model:
        return Call(project, planner, job, feedback)
    # Only a budget needs to know how much it will be.
    limited = project.tokens_per_day is not None
    tokens = _prompt_tokens(planner, job, feedback) + ANSWER_TOKENS if limited else 0
    with connection.cursor() as cursor:
        cursor.execute(RESERVE, [tokens, project.pk, tokens])
        row = cursor.fetchone()
    if row is None:
        metrics.BUDGET_REFUSALS.inc()
        raise _exceeded(project, tokens)
    return Call(project, planner, job, feedback, day=row[0], reserved=tokens)


@dataclass
class Meter:
    """Holds :func:`planengine.generation.generate` to the project's budget, and counts what it uses."""

    project: Project
    planner: Planner
    job: Job
    _call: Call | None = field(default=None, init=False)

    def begin(self, number: int, feedback: Feedback | None) -> None:
        """Raises :class:`BudgetExceeded`."""
        self._call = reserve(self.project, self.planner, self.job, feedback)

    def end(self, trial: Trial) -> Spent:
        assert self._call is not None, "it began"
        return self._call.settle(trial)


def resets_at(day: date) -> datetime:
    """When a day's budget gives way to the next one's."""
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def used_on(project: Project, day: date) -> int:
    """The tokens that a day's budget has given away, those of calls in flight included."""
    used = DailyUsage.objects.filter(project=project, day=day).first()
    if used is None:
        return 0
    return used.prompt_tokens + used.completion_tokens + used.estimated_tokens + used.reserved_tokens


def _prompt_tokens(planner: Planner, job: Job, feedback: Feedback | None) -> int:
    if isinstance(planner, Focused):
        job = replace(job, catalogue=planner.shown(job, feedback=feedback))
    messages = build_messages(job, feedback=feedback)
    return sum(len(message["content"]) for message in messages) // CHARACTERS_PER_TOKEN


def _exceeded(project: Project, tokens: int) -> BudgetExceeded:
    day = datetime.now(UTC).date()
    budget = Project.objects.values_list("tokens_per_day", flat=True).get(pk=project.pk)
    reset = resets_at(day)
    if budget == 0:
        message = "The project may use no tokens (`tokens_per_day` is 0), so only the cache answers its requests."
    else:
        message = (
            f"The project's budget for today does not suffice: a call takes about {tokens:,} tokens, and "
            f"{used_on(project, day):,} of {budget or 0:,} are used or reserved. "
            f"It resets at {reset:%Y-%m-%d %H:%M} UTC."
        )
    return BudgetExceeded(
        message,
        how_to_fix=(
            'Raise the budget, or lift it with null: PATCH /v1/project {"tokens_per_day": …}.',
            f"Or send the request again after {reset.isoformat()}. What the cache has is served meanwhile.",
        ),
    )
