"""The client of orra: asks for plans, and carries them out where it runs.

:class:`Orra` and :class:`AsyncOrra` have a method for each operation of the engine's API, by its name in the
OpenAPI document (``put_services``, ``explain_cache``, …), and two more: ``plan`` asks for a plan and waits for it,
``wait_for_plan`` waits for one that was asked for. :func:`run` and :func:`run_async` carry a plan out.
"""

from orra_client.carrying import HandlerFailed, HttpHandler, Outcome, Run, RunFailed, Status, Step, run, run_async
from orra_client.client import AsyncOrra, Orra
from orra_client.errors import (
    BadRequest,
    Conflict,
    EngineFailed,
    NoAnswer,
    NotAuthorized,
    NotConfigured,
    NotFound,
    OrraError,
    PlanFailed,
    PlanUnfinished,
    Problem,
    TooManyRequests,
    UnexpectedAnswer,
)
from orra_client.exchange import Retries
from orra_client.results import Event, ExecutionPlan, Plan, Service, Task

__all__ = [
    "AsyncOrra",
    "BadRequest",
    "Conflict",
    "EngineFailed",
    "Event",
    "ExecutionPlan",
    "HandlerFailed",
    "HttpHandler",
    "NoAnswer",
    "NotAuthorized",
    "NotConfigured",
    "NotFound",
    "Orra",
    "OrraError",
    "Outcome",
    "Plan",
    "PlanFailed",
    "PlanUnfinished",
    "Problem",
    "Retries",
    "Run",
    "RunFailed",
    "Service",
    "Status",
    "Step",
    "Task",
    "TooManyRequests",
    "UnexpectedAnswer",
    "run",
    "run_async",
]
