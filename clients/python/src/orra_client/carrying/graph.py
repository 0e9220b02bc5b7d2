"""A plan as steps: what each takes, and what it waits for."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orra_client.carrying.facts import Facts
from orra_client.errors import OrraError
from orra_client.reading import Json, read
from orra_client.results.plans import ExecutionPlan, Plan, Task

CONSTANTS = "task0"
_REFERENCE = re.compile(r"\$(task(?:0|[1-9][0-9]{0,5}))\.(.+)", re.ASCII | re.DOTALL)


class PlanInvalid(OrraError):
    """The plan cannot be carried out as it is. Nothing was done."""


class Unresolved(OrraError):
    """A step needs what another one did not give."""


@dataclass(frozen=True)
class Step:
    """A task with a service. ``input``: its values, or ``$taskN.field`` where they are not known yet. ``needs``:
    the tasks that come first."""

    task: str
    service: str
    input: Mapping[str, Json]
    needs: frozenset[str] = frozenset()
    facts: Facts = field(default_factory=Facts)


@dataclass(frozen=True)
class Graph:
    """``steps`` in the order of the plan, ``constants`` what task0 holds."""

    steps: tuple[Step, ...]
    constants: Mapping[str, Json]


def graph_of(plan: Plan | ExecutionPlan | Mapping[str, Any], facts: Mapping[str, Facts]) -> Graph:
    """Raises :class:`PlanInvalid`, and :class:`~orra_client.errors.PlanFailed` for a plan without tasks."""
    tasks = _tasks_of(plan)
    ids = [task.id for task in tasks]
    if len(set(ids)) < len(ids):
        raise PlanInvalid("Two tasks of the plan have the same id.")
    constants = {name: value for task in tasks if task.id == CONSTANTS for name, value in task.input.items()}
    steps = tuple(_step(task, frozenset(ids), facts) for task in tasks if task.id != CONSTANTS)
    for step in steps:
        _check_constants(step, constants)
    _refuse_circles(steps)
    return Graph(steps, constants)


def resolve(
    step: Step, constants: Mapping[str, Json], outputs: Mapping[str, Mapping[str, Json]]
) -> dict[str, Json]:
    """The step's inputs with the values that they refer to, each a copy of its own. Those of tasks that have given
    nothing yet stay references. Raises :class:`Unresolved` for what a task did not give."""
    known = {CONSTANTS: constants, **outputs}
    resolved = {}
    for name, value in step.input.items():
        reference = _reference(value)
        if reference is None or reference[0] not in known:
            resolved[name] = copy.deepcopy(value)
            continue
        task, member = reference
        if member not in known[task]:
            raise Unresolved(f"'{name}' is to be {task}'s '{member}', which {task} did not give.")
        resolved[name] = copy.deepcopy(known[task][member])
    return resolved


def _tasks_of(plan: Plan | ExecutionPlan | Mapping[str, Any]) -> Sequence[Task]:
    if isinstance(plan, Mapping):
        plan = read(ExecutionPlan, plan) if "tasks" in plan else read(Plan, plan)
    return (plan.execution_plan() if isinstance(plan, Plan) else plan).tasks


def _step(task: Task, ids: frozenset[str], facts: Mapping[str, Facts]) -> Step:
    if not task.service:
        raise PlanInvalid(f"{task.id} names no service.")
    referred = {reference[0] for value in task.input.values() if (reference := _reference(value))}
    needs = (referred | set(task.after)) - {CONSTANTS}
    if unknown := sorted(needs - ids):
        raise PlanInvalid(f"{task.id} waits for {', '.join(unknown)}, which the plan does not have.")
    return Step(task.id, task.service, task.input, frozenset(needs), facts.get(task.service, Facts()))


def _reference(value: Json) -> tuple[str, str] | None:
    """The task and the member that an input refers to; ``None``: it is a value."""
    match = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
    return (match[1], match[2]) if match else None


def _check_constants(step: Step, constants: Mapping[str, Json]) -> None:
    for name, value in step.input.items():
        reference = _reference(value)
        if reference and reference[0] == CONSTANTS and reference[1] not in constants:
            raise PlanInvalid(
                f"{step.task}'s '{name}' is to be task0's '{reference[1]}', which task0 does not hold."
            )


def _refuse_circles(steps: Sequence[Step]) -> None:
    waiting = {step.task: set(step.needs) for step in steps}
    while free := [task for task, needs in waiting.items() if not needs]:
        for task in free:
            del waiting[task]
        for needs in waiting.values():
            needs.difference_update(free)
    if waiting:
        raise PlanInvalid(f"{', '.join(sorted(waiting))} wait for one another.")
