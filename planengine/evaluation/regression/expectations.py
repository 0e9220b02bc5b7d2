"""What a saved request is expected to become, and in words how a plan differs from that. Pure.

An expectation is a list of ``{"service", "input"}`` as :mod:`planengine.evaluation.expected` reads it, with
``after`` where calls are put in an order: ``"$task2"`` is the second call. A call without ``input`` expects its
service only. An empty list is a refusal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orra.base.strictjson import Json, same
from orra.base.text import quote, shorten
from planengine.catalogue.specs import Catalogue
from planengine.evaluation.expected import read_expected
from planengine.exceptions import BadRequest
from planengine.validation.comparison import Call, differences
from planengine.validation.references import Reference, read_reference

MAX_CALLS = 200
MEMBERS = ("service", "input", "after")
SIDES = ("in what is expected", "in the plan")


def check_expected(expected: Json, catalogue: Catalogue) -> None:
    """Raises :class:`BadRequest`."""
    read_expected(expected, catalogue)
    if len(expected) > MAX_CALLS:
        raise BadRequest(f"It expects {len(expected):,} calls, {MAX_CALLS} is the most.")
    for call in expected:
        if unknown := [name for name in call if name not in MEMBERS]:
            raise BadRequest(f"{quote(unknown[0])} is unknown. A call has {', '.join(MEMBERS)}.")
        after = call.get("after", [])
        known = [f"$task{number}" for number in range(1, len(expected) + 1)]
        if not isinstance(after, list) or not all(each in known for each in after):
            raise BadRequest("`after` must be a list of calls: `$task1` is the first.")


def expected_of(plan: Json, params: Mapping[str, Json]) -> list[Json]:
    """A validated plan as an expectation. Values that a param has are named by it."""
    tasks = {task["id"]: task for task in plan["tasks"]}
    order = [task_id for group in plan["parallel_groups"] for task_id in group]
    numbers = {task_id: number for number, task_id in enumerate(order, 1)}
    constants = tasks["task0"]["input"]

    def source(value: Json) -> Json:
        reference = _reference(value)
        if reference is None:
            return value
        if reference.task != "task0":
            return f"$task{numbers[reference.task]}.{reference.field}"
        return _param_or_value(reference.field, constants[reference.field], params)

    calls: list[Json] = []
    for task_id in order:
        task = tasks[task_id]
        call = {"service": task["service"], "input": {name: source(each) for name, each in task["input"].items()}}
        if task.get("after"):
            call["after"] = sorted(f"$task{numbers[before]}" for before in task["after"])
        calls.append(call)
    return calls


def _param_or_value(field: str, value: Json, params: Mapping[str, Json]) -> Json:
    named = [name for name in (field, *params) if name in params and same(params[name], value)]
    return f"$task0.{named[0]}" if named else value


def otherwise(expected: Sequence[Json], got: Sequence[Json], params: Mapping[str, Json]) -> list[str]:
    """What ``got`` has otherwise, in words; nothing where it is as expected. Both are of the same ``params``."""
    if not expected or not got:
        return _refusals(expected, got)
    return differences(_calls(expected, params), _calls(got, params), SIDES)


def services_in(expected: Sequence[Json]) -> str:
    """The services in words, in their order."""
    return ", ".join(shorten(call["service"]) for call in expected) or "a refusal"


def _refusals(expected: Sequence[Json], got: Sequence[Json]) -> list[str]:
    if not expected and not got:
        return []
    if not got:
        return [f"is refused, where {services_in(expected)} was expected"]
    return [f"calls {services_in(got)}, where a refusal was expected"]


def _calls(expected: Sequence[Json], params: Mapping[str, Json]) -> list[Call]:
    services = {f"task{number}": call["service"] for number, call in enumerate(expected, 1)}

    def source(value: Json) -> Json:
        reference = _reference(value)
        if reference is None:
            return ["value", value]
        if reference.task == "task0":
            return ["value", params[reference.field]] if reference.field in params else ["value", value]
        return ["output", services.get(reference.task, reference.task), reference.field]

    return [
        Call(
            call["service"],
            {name: source(value) for name, value in call["input"].items()} if "input" in call else None,
            [services.get(each.lstrip("$"), each) for each in call.get("after", ())],
        )
        for call in expected
    ]


def _reference(value: Json) -> Reference | None:
    # In an accepted plan, and in an expectation that was checked, whatever looks like a reference is one.
    return read_reference(value, has_field=lambda task, field: True)
