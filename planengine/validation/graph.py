"""The order that dependencies force on tasks, and the services that these call."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from orra.base.strictjson import Json


def levels(dependencies: Mapping[str, Collection[str]]) -> list[list[str]]:
    """Tasks in groups that may run side by side, each after those it needs; within a group in the given order.

    What waits for itself, or for something that is not among the keys, is in no group: it can never run.
    """
    waiting = {task: set(needed) for task, needed in dependencies.items()}
    dependents: dict[str, list[str]] = {}
    for task, needed in waiting.items():
        for other in needed:
            dependents.setdefault(other, []).append(task)
    result: list[list[str]] = []
    ready = [task for task, needed in waiting.items() if not needed]
    place = {task: index for index, task in enumerate(waiting)}
    while ready:
        result.append(ready)
        freed: list[str] = []
        for done in ready:
            for task in dependents.get(done, ()):
                waiting[task].discard(done)
                if not waiting[task]:
                    freed.append(task)
        ready = sorted(freed, key=place.__getitem__)
    return result


def circles(dependencies: Mapping[str, Collection[str]]) -> list[list[str]]:
    """Groups of two or more tasks that wait for one another, in the given order."""
    tasks = list(dependencies)
    bit = {task: 1 << index for index, task in enumerate(tasks)}
    reach = {
        task: sum(bit[other] for other in set(needed) if other in bit) for task, needed in dependencies.items()
    }
    for through in tasks:
        for task in tasks:
            if reach[task] & bit[through]:
                reach[task] |= reach[through]
    result: list[list[str]] = []
    placed: set[str] = set()
    for task in tasks:
        if task in placed or not reach[task] & bit[task]:
            continue
        group = [other for other in tasks if reach[task] & bit[other] and reach[other] & bit[task]]
        placed.update(group)
        if len(group) > 1:
            result.append(group)
    return result


def services_called(plan: Json) -> list[str]:
    """The services that a validated plan calls, in the order of its tasks."""
    return [task["service"] for task in plan["tasks"] if "service" in task]
