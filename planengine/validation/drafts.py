"""The shape of a draft plan, before anything is asked about its services: task0, and tasks with ids and inputs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from orra.base.strictjson import InvalidJson, Json, check
from orra.base.text import quote, shorten
from planengine.validation.problems import Problem
from planengine.validation.references import is_task_id

MAX_TASKS = 200
MAX_INPUTS = 200
MAX_INPUTS_IN_ALL = 2_000
_MAX_REASON = 500


@dataclass(frozen=True)
class Task:
    """``service`` is what the draft says, a name or an id, ``""`` when it names none. ``after``: the tasks that it
    is ordered behind although it may take nothing from them."""

    id: str
    service: str
    input: Mapping[str, Json]
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shape:
    """A draft taken apart. ``task0`` is its input, ``None`` when there is no task0; ``tasks`` are the others in
    their order, without those that could not be read. All ids are distinct."""

    task0: Mapping[str, Json] | None
    tasks: tuple[Task, ...]
    problems: tuple[Problem, ...]


def read_shape(draft: Json) -> Shape:
    fatal = _unreadable(draft)
    if fatal is not None:
        return Shape(None, (), (fatal,))
    task0: Task | None = None
    tasks: list[Task] = []
    problems: list[Problem] = []
    ids: set[str] = set()
    for place, item in enumerate(draft["tasks"]):
        task = _read_task(item, place)
        if isinstance(task, Problem):
            problems.append(task)
        elif task.id in ids:
            problems.append(
                Problem(
                    "duplicate_task",
                    f"More than one task has the id '{task.id}'",
                    task.id,
                    "id",
                    "Give each task its own id.",
                )
            )
        elif task.id == "task0":
            task0 = task
        else:
            tasks.append(task)
        if isinstance(task, Task):
            ids.add(task.id)
    problems.extend(_about_task0(task0))
    if sum(len(task.input) for task in tasks) > MAX_INPUTS_IN_ALL:
        problems.append(Problem("too_large", f"The tasks have more than {MAX_INPUTS_IN_ALL} inputs in all"))
        tasks = []
    return Shape(task0.input if task0 else None, tuple(tasks), tuple(problems))


def not_actionable_reason(draft: Json) -> str | None:
    """Why the planner says that the action cannot be carried out, ``None`` when it does not say so.

    It says so by a task with the id ``final`` and no service.
    """
    tasks = draft.get("tasks") if isinstance(draft, dict) else None
    for task in tasks[:MAX_TASKS] if isinstance(tasks, list) else ():
        if isinstance(task, dict) and task.get("id") == "final" and not task.get("service"):
            reason = " ".join(
                re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]", " ", _reason(task))[: 4 * _MAX_REASON].split()
            )
            return shorten(reason, _MAX_REASON) or "The planner gave no reason."
    return None


def _reason(task: Mapping[str, Json]) -> str:
    told = task.get("input")
    texts = [told.get("error"), *list(told.values())[:20]] if isinstance(told, dict) else [told]
    for text in (*texts, task.get("error")):
        if isinstance(text, str) and text.strip():
            return text
    structured = next((text for text in texts if isinstance(text, dict | list) and text), None)
    try:
        return "" if structured is None else json.dumps(structured, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return ""


def _unreadable(draft: Json) -> Problem | None:
    if not isinstance(draft, dict):
        return Problem("plan_not_an_object", "The plan is not a JSON object", hint='Answer {"tasks": […]}.')
    tasks = draft.get("tasks")
    if not isinstance(tasks, list) or not tasks:
        return Problem(
            "tasks_missing", "The plan has no list of tasks", field="tasks", hint='Answer {"tasks": […]}.'
        )
    if len(tasks) > MAX_TASKS:
        return Problem(
            "too_large", f"The plan has {len(tasks)} tasks; at most {MAX_TASKS} are allowed", field="tasks"
        )
    try:
        check(tasks)
    except InvalidJson as error:
        return Problem(error.code, str(error), field="tasks")
    return None


def _read_task(item: Json, place: int) -> Task | Problem:
    where = f"tasks[{place}]"
    if not isinstance(item, dict):
        return Problem(
            "task_malformed", f"{where} is not a JSON object", hint='A task is {"id", "service", "input"}.'
        )
    task, service, inputs = item.get("id"), item.get("service"), item.get("input")
    if not isinstance(task, str) or not is_task_id(task):
        said = quote(task) if isinstance(task, str) else "none"
        return Problem(
            "task_malformed",
            f"{where} needs an id like 'task1', not {said}",
            field="id",
            hint="Ids are task0, task1, task2, …",
        )
    if not isinstance(service, str | None):
        return Problem("task_malformed", f"The service of '{task}' is not a string", task, "service")
    if not isinstance(inputs, dict | None):
        return Problem("task_malformed", f"The input of '{task}' is not a JSON object", task, "input")
    after = item.get("after")
    if after is not None and not (isinstance(after, list) and all(isinstance(each, str) for each in after)):
        hint = 'Write "after": ["task1"], or leave it out.'
        return Problem(
            "task_malformed", f"What '{task}' comes after is not a list of task ids", task, "after", hint
        )
    if inputs and len(inputs) > MAX_INPUTS:
        return Problem(
            "too_large", f"'{task}' has {len(inputs)} inputs; at most {MAX_INPUTS} are allowed", task, "input"
        )
    return Task(task, service or "", inputs or {}, tuple(dict.fromkeys(after or ())))


def _about_task0(task0: Task | None) -> list[Problem]:
    if task0 is None:
        return [
            Problem(
                "task0_missing",
                "The plan has no task 'task0'",
                "task0",
                hint="Begin with task0: no service, and every action parameter in its input.",
            )
        ]
    if task0.service:
        return [
            Problem(
                "task0_has_service",
                f"'task0' must not have a service, but names {quote(task0.service)}",
                "task0",
                "service",
                "task0 only holds constants; call services in task1 and later.",
            )
        ]
    return []
