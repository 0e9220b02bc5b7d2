"""What a project's model calls use, and how much of it they may: one counter per project and day (UTC).

    reserve ──may be──▶ the call ──▶ settle: the reservation gives way to what was used
       └──over the budget──▶ BudgetExceeded

A reservation is one conditional statement on the counter's row, so calls that begin at once cannot all see room
that is there for one of them: the budget is overshot at most by what the calls in flight use beyond their
estimates. A call whose process was lost stays reserved until the day is over: it may have been paid for.

A call whose tokens the server does not tell is not free. It counts as unknown, and is charged to the budget by its
characters, :data:`CHARACTERS_PER_TOKEN` to a token.

Every call that a model is asked for on a project's behalf goes through here: drafts, also those of hits that are
planned again, and the questions of the model check.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Greatest

from orra.base import metrics
from planengine.exceptions import BudgetExceeded
from planengine.llm.completions import Usage
from planengine.models import DailyUsage, Project
from planengine.planners.focus import CHARACTERS_PER_TOKEN
from planengine.planners.protocol import Feedback, Job, Planner, Trial

# What an answer is expected to take, the model's reasoning included, before it is there.
ANSWER_TOKENS = 1_000
# Calls that gave no draft and may have been paid for all the same: the server was at work. After other errors it
# was not.
PAID_ERRORS = ("model_timeout", "model_bad_answer")

# Parameters: reserved tokens, project, reserved tokens.
RESERVE = """
    INSERT INTO planengine_dailyusage AS usage (
        project_id, day, calls, unknown_calls, unpriced_calls, prompt_tokens, completion_tokens, estimated_tokens,
        reserved_tokens, cost, model_checks, model_check_tokens
    )
    SELECT id, (statement_timestamp() AT TIME ZONE 'UTC')::date, 0, 0, 0, 0, 0, 0, %s, 0, 0, 0
    FROM planengine_project
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

    @property
    def tokens(self) -> int:
        return (self.prompt_tokens or 0) + (self.completion_tokens or 0) + self.estimated


NOTHING = Spent(0, 0, 0, Decimal(0))


@dataclass(frozen=True)
class Room:
    """Room for one call in the budget of the ``day`` on which it began."""

    project: Project
    day: date
    tokens: int

    def settle(self, spent: Spent, *, model_check: bool = False) -> None:
        """Puts what the call used in the place of what was reserved for it."""
        checks = _as_model_check(spent) if model_check else {}
        DailyUsage.objects.filter(project=self.project, day=self.day).update(
            calls=F("calls") + 1,
            unknown_calls=F("unknown_calls") + int(not spent.known),
            unpriced_calls=F("unpriced_calls") + int(spent.cost is None),
            prompt_tokens=F("prompt_tokens") + (spent.prompt_tokens or 0),
            completion_tokens=F("completion_tokens") + (spent.completion_tokens or 0),
            estimated_tokens=F("estimated_tokens") + spent.estimated,
            reserved_tokens=Greatest(F("reserved_tokens") - self.tokens, 0),
            cost=F("cost") + (spent.cost or 0),
            **checks,
        )


@dataclass(frozen=True)
class Call:
    """One planner call; ``room`` is ``None`` for one that asks no model."""

    planner: Planner
    job: Job
    feedback: Feedback | None
    room: Room | None

    def settle(self, trial: Trial) -> Spent:
        if self.room is None:
            return NOTHING
        spent = self._spent(trial)
        self.room.settle(spent)
        return spent

    def _spent(self, trial: Trial) -> Spent:
        draft = trial.draft
        thought = draft.reasoning if draft.reasoning != draft.answer else ""
        written = thought + draft.answer
        if trial.error_code:
            prompt_tokens = partial(_prompt_tokens, self.planner, self.job, self.feedback)
            return spent_on_error(trial.error_code, prompt_tokens, written=written)
        return spent_on(self.planner.model, draft.usage, prompt=draft.prompt, answer=written)


def reserve(project: Project, planner: Planner, job: Job, feedback: Feedback | None) -> Call:
    """The right to one call of the planner's, which is to be settled. Raises :class:`BudgetExceeded`; where the
    budget is 0 for a planner without a model too, because only the cache is to answer then."""
    if not planner.model and project.tokens_per_day == 0:
        metrics.BUDGET_REFUSALS.inc()
        raise _exceeded(project, 0)
    room = make_room(project, lambda: _prompt_tokens(planner, job, feedback)) if planner.model else None
    return Call(planner, job, feedback, room)


def make_room(project: Project, prompt_tokens: Callable[[], int]) -> Room:
    """The right to one call with a prompt of so many tokens. Raises :class:`BudgetExceeded`."""
    # Only a budget needs to know how much it will be.
    tokens = prompt_tokens() + ANSWER_TOKENS if project.tokens_per_day is not None else 0
    with connection.cursor() as cursor:
        cursor.execute(RESERVE, [tokens, project.pk, tokens])
        row = cursor.fetchone()
    if row is None:
        metrics.BUDGET_REFUSALS.inc()
        raise _exceeded(project, tokens)
    return Room(project, row[0], tokens)


def spent_on(model: str, usage: Usage, *, prompt: str, answer: str) -> Spent:
    """What a call used that was answered; the texts stand for what the server did not count."""
    prompt_tokens, completion_tokens = usage.prompt_tokens, usage.completion_tokens
    uncounted = ("" if prompt_tokens is not None else prompt) + ("" if completion_tokens is not None else answer)
    cost = None
    price = settings.LLM_PRICES.get(model)
    if price is not None and prompt_tokens is not None and completion_tokens is not None:
        cost = price.of(prompt_tokens, completion_tokens, cached=usage.cached_tokens or 0)
    return Spent(prompt_tokens, completion_tokens, tokens_in(uncounted), cost)


def spent_on_error(code: str, prompt_tokens: Callable[[], int], *, written: str = "") -> Spent:
    """What a call used that was not answered, or of whose answer only so much was ``written``."""
    if code not in PAID_ERRORS and not written:
        return NOTHING
    return Spent(None, None, prompt_tokens() + tokens_in(written), None)


def tokens_in(text: str) -> int:
    """As the budget reckons where nobody counts."""
    return len(text) // CHARACTERS_PER_TOKEN


def _as_model_check(spent: Spent) -> dict[str, Combinable]:
    """The columns that tell what of a day's usage the model check was."""
    columns: dict[str, Combinable] = {
        "model_checks": F("model_checks") + 1,
        "model_check_tokens": F("model_check_tokens") + spent.tokens,
    }
    if spent.cost is not None:
        columns["model_check_cost"] = Coalesce(F("model_check_cost"), Decimal(0)) + spent.cost
    return columns


@dataclass
class Meter:
    """Holds :func:`planengine.drafting.generation.generate` to the project's budget, and counts what it uses."""

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
    return tokens_in(planner.prompt(job, feedback=feedback))


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
