"""Everything that orra's own code raises on purpose.

OrraError                  code, message, retryable
├── BadRequest             the caller's input; becomes a 4xx problem
│   ├── GroundingInvalid   a grounding's, with everything that is wrong with it
│   └── TooManyWaiting     a project's plans that are not finished; becomes 429
├── PlannerError           a planner could not give a draft
│   ├── ModelError         the model's endpoint answered wrongly, late or not at all
│   └── BudgetExceeded     the project may use no more tokens today
└── EmbeddingUnavailable   no vector now: exact lookups and planning go on without
"""

from __future__ import annotations

from collections.abc import Mapping


class OrraError(Exception):
    """``code`` is stable and for programs, the message is for people, ``retryable`` says whether trying the
    same again can help."""

    code = "internal_error"
    retryable = False

    def __init__(self, message: str, *, code: str | None = None, retryable: bool | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code
        if retryable is not None:
            self.retryable = retryable


class BadRequest(OrraError):
    code = "bad_request"

    def __init__(
        self, message: str, *, code: str | None = None, status: int = 400, pointer: str | None = None
    ) -> None:
        super().__init__(message, code=code)
        self.status = status
        self.pointer = pointer


class GroundingInvalid(BadRequest):
    """``problems``: what is wrong, each as ``{field, code, message}``; ``how_to_fix``: what to write instead."""

    code = "invalid_grounding"

    def __init__(
        self,
        message: str,
        *,
        problems: tuple[Mapping[str, str], ...],
        how_to_fix: tuple[str, ...],
        code: str | None = None,
        status: int = 400,
    ) -> None:
        super().__init__(message, code=code, status=status)
        self.problems = problems
        self.how_to_fix = how_to_fix


class TooManyWaiting(BadRequest):
    """``retry_after``: seconds after which it is worth another try."""

    code = "too_many_waiting"
    retryable = True

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message, status=429)
        self.retry_after = retry_after


class PlannerError(OrraError):
    """``how_to_fix`` is for the developer who asked for the plan; ``answer`` and ``reasoning`` are what the
    planner had written when it failed."""

    code = "planner_failed"
    how_to_fix: tuple[str, ...] = ()
    answer: str = ""
    reasoning: str = ""


class ModelError(PlannerError):
    code = "model_failed"


class BudgetExceeded(PlannerError):
    code = "budget_exceeded"

    def __init__(self, message: str, *, how_to_fix: tuple[str, ...]) -> None:
        super().__init__(message)
        self.how_to_fix = how_to_fix


class EmbeddingUnavailable(OrraError):
    """``retry_after``: for so many seconds trying again would not even ask the endpoint."""

    code = "embedding_unavailable"
    retryable = True
    retry_after: float = 0.0
