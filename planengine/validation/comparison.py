"""Whether two execution plans say the same: the order of independent tasks, the names of tasks and of task0's
fields, and the order of fields make no difference."""

from __future__ import annotations

from collections import Counter

from orra.base.strictjson import Json, canonical
from planengine.validation.references import read_reference


def same_graph(one: Json, other: Json) -> bool:
    """For two accepted plans."""
    return Counter(_calls(one)) == Counter(_calls(other))


def _calls(plan: Json) -> list[str]:
    """Each service call as text, with what flows into it spelled out down to the values of task0."""
    tasks = {task["id"]: task for task in plan["tasks"]}
    told: dict[str, str] = {}
    for group in plan["parallel_groups"]:  # in dependency order
        for task_id in group:
            task = tasks[task_id]
            flows = {name: _source(value, tasks["task0"]["input"], told) for name, value in task["input"].items()}
            after = sorted(told[before] for before in task.get("after", ()))
            told[task_id] = canonical([task["service"], flows, *([after] if after else [])])
    return list(told.values())


def _source(value: Json, constants: Json, told: dict[str, str]) -> Json:
    # In an accepted plan whatever looks like a reference is one.
    reference = read_reference(value, has_field=lambda task, field: True)
    if reference is None:
        return ["value", value]
    if reference.task == "task0":
        return ["value", constants[reference.field]]
    return ["output", told[reference.task], reference.field]
