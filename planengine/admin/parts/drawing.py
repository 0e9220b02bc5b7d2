"""An execution plan as a picture: task0's values, then the tasks step by step, each input with its source."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from orra.base.strictjson import Json
from planengine.validation.references import Reference, read_reference

MAX_TASKS = 200
MAX_INPUTS = 100


@dataclass(frozen=True)
class Input:
    """``source`` is the task and field that gives it, ``None`` when the plan holds the value itself. ``value`` is
    known then, and when task0 gives it."""

    name: str
    source: Reference | None
    value: Json = None

    @property
    def known(self) -> bool:
        return self.source is None or self.source.task == "task0"


@dataclass(frozen=True)
class Card:
    id: str
    service: str
    inputs: tuple[Input, ...]


@dataclass(frozen=True)
class Drawing:
    """``steps`` hold what may run side by side; ``left_out`` counts tasks that are in none or too many to draw."""

    values: tuple[Input, ...]
    steps: tuple[tuple[Card, ...], ...]
    left_out: int = 0


def draw(plan: Json) -> Drawing:
    """The picture of a stored plan. Never raises: what is not of a plan's shape is left out."""
    if not isinstance(plan, dict):
        return Drawing((), ())
    tasks = {task["id"]: task for task in _list(plan.get("tasks")) if _is_task(task)}
    constants = _inputs_of(tasks.pop("task0", {}))
    groups = [group for group in _list(plan.get("parallel_groups")) if isinstance(group, list)]
    waiting = dict(islice(tasks.items(), MAX_TASKS))
    steps = [_step(group, waiting, constants) for group in groups]
    shown = tuple(step for step in steps if step)
    return Drawing(
        values=tuple(Input(name, None, value) for name, value in islice(constants.items(), MAX_INPUTS)),
        steps=shown,
        left_out=len(tasks) - sum(map(len, shown)),
    )


def _step(group: list[Json], waiting: dict[str, dict[str, Json]], constants: dict[str, Json]) -> tuple[Card, ...]:
    """The group's tasks among those waiting, which lose them: nothing is drawn twice."""
    ids = [task_id for task_id in group if isinstance(task_id, str)]
    return tuple(_card(waiting.pop(task_id), constants) for task_id in ids if task_id in waiting)


def _card(task: dict[str, Json], constants: dict[str, Json]) -> Card:
    inputs = islice(_inputs_of(task).items(), MAX_INPUTS)
    return Card(
        id=task["id"],
        service=str(task.get("service", "")),
        inputs=tuple(_input(name, value, constants) for name, value in inputs),
    )


def _input(name: str, value: Json, constants: dict[str, Json]) -> Input:
    source = read_reference(value, has_field=lambda task, field: task == "task0" and field in constants)
    if source is None:
        return Input(name, None, value)
    return Input(name, source, constants.get(source.field) if source.task == "task0" else None)


def _is_task(task: Json) -> bool:
    return isinstance(task, dict) and isinstance(task.get("id"), str)


def _inputs_of(task: Json) -> dict[str, Json]:
    found = task.get("input")
    return found if isinstance(found, dict) else {}


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
