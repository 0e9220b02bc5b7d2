"""The plan in the wrappings that models and servers put around it: JSON in a string, tasks without the object
around them, names with what a chat template added. What is wrapped is taken out; what is missing stays so.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from orra.base.strictjson import InvalidJson, Json, parse

# A plan as a string, which is a string's value once more.
MAX_LAYERS = 2

_FENCED = re.compile(r"```[a-z]*\s*(\".*\")\s*```", re.DOTALL)
# What models that were taught to call functions put before a function's name.
_PREFIX = re.compile(r"(?:functions?|tools?|services?|default_api|api)[.:/]")


def unquoted(answer: str) -> str:
    """The text that an answer is as a JSON string, or the answer itself."""
    for _ in range(MAX_LAYERS):
        text = answer.strip()
        fenced = _FENCED.fullmatch(text) if text.startswith("```") else None
        text = fenced[1] if fenced else text
        if len(text) < 2 or text[0] != '"' or text[-1] != '"':
            break
        value = _parsed(text)
        if not isinstance(value, str):
            break
        answer = value
    return answer


def plan_in(value: Json) -> Json | None:
    """The plan that a value is or directly holds, be it as a string; ``None`` when it is something else."""
    value = _decoded(value)
    members = list(value.values()) if isinstance(value, dict) else []
    for candidate in (value, *members):
        candidate = _decoded(candidate)
        if isinstance(candidate, dict) and isinstance(tasks := _decoded(candidate.get("tasks")), list):
            read = {"tasks": [_task(task) for task in tasks]}
            if "parallel_groups" in candidate:
                read["parallel_groups"] = _decoded(candidate["parallel_groups"])
            return candidate | read
    return None


def is_task(value: Json) -> bool:
    """Whether a value is one task of a plan."""
    value = _task(value)
    if not isinstance(value, dict) or not isinstance(value.get("input"), dict):
        return False
    return any(isinstance(value.get(name), str) for name in ("id", "service"))


def with_known_names(plan: Json, *, is_known: Callable[[str], bool]) -> Json:
    """The plan with the names of services that nobody knows freed from what a chat template put around them, where
    somebody knows the rest."""
    tasks = plan.get("tasks") if isinstance(plan, dict) else None
    if not isinstance(tasks, list):
        return plan
    return plan | {"tasks": [_with_known_name(task, is_known) for task in tasks]}


def _with_known_name(task: Json, is_known: Callable[[str], bool]) -> Json:
    name = task.get("service") if isinstance(task, dict) else None
    return task | {"service": known_name(name, is_known)} if isinstance(name, str) else task


def known_name(name: str, is_known: Callable[[str], bool]) -> str:
    """A service's name, freed of what a chat template put around it where only the rest is known."""
    if is_known(name):
        return name
    bare = name.partition("<|")[0].strip()
    bare = bare if is_known(bare) else _PREFIX.sub("", bare, count=1)
    return bare if is_known(bare) else name


def _task(value: Json) -> Json:
    value = _decoded(value)
    if isinstance(value, dict) and isinstance(given := _decoded(value.get("input")), dict):
        return value | {"input": given}
    return value


def _decoded(value: Json) -> Json:
    """What a string holds as JSON, where that is an object or a list; else the value."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return value
    inner = _parsed(value)
    return value if inner is None else inner


def _parsed(text: str) -> Json | None:
    try:
        return parse(text)
    except InvalidJson:
        return None
