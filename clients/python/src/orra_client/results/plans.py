"""Plans, and what happens to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from orra_client.errors import PlanFailed
from orra_client.reading import Json, Result

FINISHED = frozenset({"ready", "not_actionable", "failed"})


@dataclass(frozen=True)
class Task(Result):
    """``task0`` has no service and holds constants. The others' inputs are references, ``$taskN.field``; ``after``
    names tasks that come first although nothing is taken from them."""

    id: str
    input: Mapping[str, Json] = field(default_factory=dict)
    service: str | None = None
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class ExecutionPlan(Result):
    """``parallel_groups``: ids of tasks that may run side by side, group after group."""

    tasks: tuple[Task, ...]
    parallel_groups: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class PlanError(Result):
    """``retryable``: the same request, sent again, may succeed."""

    code: str = ""
    message: str = ""
    problems: tuple[Mapping[str, Json], ...] = ()
    how_to_fix: tuple[str, ...] = ()
    retryable: bool = False


@dataclass(frozen=True)
class CacheDecision(Result):
    """``decision``: ``exact``, ``semantic``, ``example``, ``miss``, ``bypass``, ``refresh`` or ``replay``."""

    decision: str = ""
    reason: str = ""
    entry_id: str | None = None
    similarity: float | None = None
    votes: Mapping[str, Json] | None = None
    guards: tuple[Mapping[str, Json], ...] = ()


@dataclass(frozen=True)
class Attempt(Result):
    """One call of a planner; ``problems`` are those of its draft."""

    number: int = 0
    planner: str = ""
    model: str = ""
    problems: tuple[Mapping[str, Json], ...] = ()
    error_code: str = ""
    seconds: float | None = None
    cost: float | None = None


@dataclass(frozen=True)
class Param(Result):
    field: str
    value: Json = None


@dataclass(frozen=True)
class Plan(Result):
    """One request and its outcome. ``status``: ``pending``, ``planning``, ``ready``, ``not_actionable`` or
    ``failed``. ``plan`` is there when it is ready, ``error`` when it is one of the last two."""

    id: str
    status: str
    action: str = ""
    params: tuple[Param, ...] = ()
    plan: ExecutionPlan | None = None
    source: str | None = None
    repaired: bool = False
    cache: CacheDecision = field(default_factory=CacheDecision)
    grounding: Mapping[str, Json] | None = None
    attempts: tuple[Attempt, ...] = ()
    usage: Mapping[str, int | None] = field(default_factory=dict)
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    error: PlanError | None = None
    created_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def is_finished(self) -> bool:
        return self.status in FINISHED

    @property
    def is_ready(self) -> bool:
        return self.plan is not None

    def execution_plan(self) -> ExecutionPlan:
        """What is to be carried out. Raises :class:`~orra_client.errors.PlanFailed` where there is nothing."""
        if self.plan is None:
            raise PlanFailed(self)
        return self.plan


@dataclass(frozen=True)
class Event:
    """``id`` is the place to go on after; an event of how things are just now has that of the one before it."""

    name: str
    data: Mapping[str, Json]
    id: str = ""
