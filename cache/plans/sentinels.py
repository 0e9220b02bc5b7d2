"""A trial before a plan is stored: fill it with values that nobody writes, and see that each one arrives where
it should."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from itertools import count

from cache.plans.filling import CannotFill, fill_plan, numbered_literals, param_spellings
from cache.plans.recipes import Recipe
from cache.templates.literals import sentinel, spellings
from cache.templates.slots import Path, Slot, leaves
from cache.templates.templates import Template, fill
from cache.templates.tokens import joined
from orra.base.strictjson import Json, same

# Values of the plan times values of the request; beyond it the plan is not worth the rehearsal.
MAX_COMPARISONS = 200_000
_SERIALS = 7_400_000_000


def check_with_sentinels(plan: Json, recipe: Recipe, template: Template, params: Mapping[str, Json]) -> bool:
    """Whether ``recipe`` replaces every value of the request (``template`` and ``params`` are those the plan was
    made for) and nothing else. Always false for a recipe that is good for the identical request only."""
    if not recipe.reusable:
        return False
    made_params = _made_up(params, count(_SERIALS))
    made_template = _made_up_template(template, recipe)
    try:
        if not same(fill_plan(plan, recipe, template, params), plan):
            return False
        filled = fill_plan(plan, recipe, made_template, made_params)
    except CannotFill:
        return False
    if not _arrived(plan, filled, params, made_params):
        return False
    before, after = _input_leaves(plan, params), _input_leaves(filled, params)
    old_values = _old_values(template, recipe, params)
    if len(after) * len(old_values) > MAX_COMPARISONS:
        return False
    return not _survivors(before, after, old_values)


def _made_up(value: Json, serial: count[int]) -> Json:
    """The same shape with other leaves. Booleans and null have no peculiar values; they are moved by name only."""
    if isinstance(value, Mapping):
        return {key: _made_up(member, serial) for key, member in value.items()}
    if isinstance(value, list):
        return [_made_up(member, serial) for member in value]
    if value is None or isinstance(value, bool):
        return value
    number = next(serial)
    if isinstance(value, str):
        return f"{number}" if "number" in param_spellings(value) else f"sentinel{number}"
    return number + (0.5 if isinstance(value, float) and not value.is_integer() else 0)


def _made_up_template(template: Template, recipe: Recipe) -> Template:
    pinned = {(name, number) for name, number, _ in recipe.pinned}
    made: dict[Slot, str] = {
        slot: sentinel(slot.kind, slot.raw, serial)
        for serial, (at, slot) in enumerate(numbered_literals(template).items())
        if at not in pinned
    }
    slots = tuple(dataclasses.replace(slot, raw=made.get(slot, slot.raw)) for slot in template.slots)
    action = fill(template, [slot.raw if slot.kind != "param" else "sentinel" for slot in slots])
    return dataclasses.replace(template, action=action, slots=slots)


def _arrived(plan: Json, filled: Json, params: Mapping[str, Json], made: Mapping[str, Json]) -> bool:
    """Whether task0 has the made-up params under their names, and the graph is unchanged."""
    for old, new in zip(plan["tasks"], filled["tasks"], strict=True):
        if {**old, "input": None} != {**new, "input": None} or old["input"].keys() != new["input"].keys():
            return False
        for field, value in new["input"].items() if new.get("id") == "task0" else ():
            if field in params and not same(value, made[field]):
                return False
    return same({**plan, "tasks": []}, {**filled, "tasks": []})


def _old_values(template: Template, recipe: Recipe, params: Mapping[str, Json]) -> list[Json]:
    pinned = {(name, number) for name, number, _ in recipe.pinned}
    old = [written for _, leaf in leaves(params) for written in param_spellings(leaf).values()]
    for at, slot in numbered_literals(template).items():
        if at not in pinned:
            old += spellings(slot.kind, slot.raw).values()
    return old


def _survivors(before: Mapping[Path, Json], after: Mapping[Path, Json], old_values: list[Json]) -> bool:
    """Whether a value of the old request is still in the plan, or a value changed that held none of them."""
    needles = [joined(value) for value in old_values if isinstance(value, str) and any(map(str.isalnum, value))]
    numbers = [value for value in old_values if not isinstance(value, str)]

    def holds_old(value: Json) -> bool:
        if not isinstance(value, str):
            return any(same(old, value) for old in numbers)
        whole = joined(value)
        return any(needle in whole for needle in needles)

    return any(
        holds_old(value) or (path in before and not same(before[path], value) and not holds_old(before[path]))
        for path, value in after.items()
        if not (value is None or isinstance(value, bool) or (isinstance(value, str) and value.startswith("$task")))
    )


def _input_leaves(plan: Json, params: Mapping[str, Json]) -> dict[Path, Json]:
    """The values that tasks take, but for the params in task0, which have been looked at."""
    return {
        path: value
        for index, task in enumerate(plan["tasks"])
        for path, value in leaves(task["input"], (index,))
        if not (task.get("id") == "task0" and path[1] in params)
    }
