"""Everything that the client raises on purpose.

OrraError
├── NotConfigured          no address, or no key, was given
├── NoAnswer               the engine could not be reached, or did not answer in time
├── UnexpectedAnswer       what answered is not orra, or speaks another version of it
├── Problem                the engine refused the request: status, code, detail, problems, how_to_fix
│   ├── BadRequest         400, 413, 415, 422 and other 4xx: what was sent is wrong
│   ├── NotAuthorized      401, 403: the key is missing, unknown, revoked or may not do this
│   ├── NotFound           404
│   ├── Conflict           409
│   ├── TooManyRequests    429: ``retry_after`` seconds
│   └── EngineFailed       5xx: trying again may help
├── PlanUnfinished         a plan was not finished in the time that there was; ``plan`` is it as it was
└── PlanFailed             there is no execution plan: ``plan.error`` says why

No message holds an API key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orra_client.results.plans import Plan


class OrraError(Exception):
    """``how_to_fix``: what to do about it, in sentences."""

    how_to_fix: tuple[str, ...] = ()


class NotConfigured(OrraError):
    pass


class NoAnswer(OrraError):
    pass


class UnexpectedAnswer(OrraError):
    pass


class Problem(OrraError):
    """A problem as RFC 9457 describes it. ``code`` is stable and for programs, ``detail`` says what is wrong and
    what to do, ``problems`` are the single faults (``field``, ``code``, ``message``), ``pointer`` is the JSON
    pointer of the faulty part, ``body`` all that was answered."""

    def __init__(self, status: int, body: Mapping[str, Any], *, retry_after: float | None = None) -> None:
        self.status = status
        self.body = body
        self.code = _text(body.get("code")) or f"http_{status}"
        self.detail = _text(body.get("detail")) or _text(body.get("title")) or f"The engine answered {status}."
        self.problems: tuple[Mapping[str, Any], ...] = tuple(_objects(body.get("problems")))
        self.how_to_fix = tuple(_texts(body.get("how_to_fix")))
        self.pointer = _text(body.get("pointer"))
        self.retry_after = retry_after
        super().__init__(f"{self.detail} ({self.code})")


class BadRequest(Problem):
    pass


class NotAuthorized(Problem):
    pass


class NotFound(Problem):
    pass


class Conflict(Problem):
    pass


class TooManyRequests(Problem):
    pass


class EngineFailed(Problem):
    pass


KINDS: Mapping[int, type[Problem]] = {
    401: NotAuthorized,
    403: NotAuthorized,
    404: NotFound,
    409: Conflict,
    429: TooManyRequests,
}


def problem_of(status: int, body: Any, *, retry_after: float | None = None) -> Problem:
    """The exception for an answer of this status; ``body`` is its JSON, or anything else."""
    kind = KINDS.get(status) or (EngineFailed if status >= 500 else BadRequest)
    return kind(status, body if isinstance(body, dict) else {}, retry_after=retry_after)


class PlanUnfinished(OrraError):
    def __init__(self, plan: Plan, seconds: float) -> None:
        super().__init__(f"Plan {plan.id} is still {plan.status} after {seconds:.0f} s. It goes on being planned.")
        self.plan = plan


class PlanFailed(OrraError):
    def __init__(self, plan: Plan) -> None:
        error = plan.error
        super().__init__(
            error.message if error else f"Plan {plan.id} is {plan.status}: it has no tasks to carry out."
        )
        self.plan = plan
        self.how_to_fix = error.how_to_fix if error else ()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: Any) -> Sequence[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _objects(value: Any) -> Sequence[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
