"""Everything that orra's own code raises on purpose.

OrraError                  code, message, retryable
├── BadRequest             the caller's input; becomes a 4xx problem
├── PlannerError           a planner could not give a draft
│   └── ModelError         the model's endpoint answered wrongly, late or not at all
└── EmbeddingUnavailable   no vector now: exact lookups and planning go on without
"""

from __future__ import annotations


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


class PlannerError(OrraError):
    code = "planner_failed"


class ModelError(PlannerError):
    code = "model_failed"


class EmbeddingUnavailable(OrraError):
    """``retry_after``: for so many seconds trying again would not even ask the endpoint."""

    code = "embedding_unavailable"
    retryable = True
    retry_after: float = 0.0
