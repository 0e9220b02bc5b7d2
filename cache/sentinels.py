"""A rehearsal before a plan is stored: fill it with values that nobody writes, and see that each lands where it
should."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from itertools import count

from cache.filling import CannotFill, fill_plan, numbered_literals, param_spellings
from cache.literals import sentinel, spellings
from cache.recipes import Recipe
from cache.slots import Path, Slot, leaves
from cache.templates import Template, fill
from cache.tokens import joined
from orra.strictjson import Json, same


def check_with_sentinels(plan: Json, recipe: Recipe, template: Template, params: Mapping[str, Json]) -> bool:
    """Whether ``recipe`` replaces every value of the request (``template`` and ``params`` are those the plan was
    made for) and nothing else. Always false for a recipe that is good for the identical request only."""
    if not recipe.reusable:
        return False
    made_params = _made_up(params, count())
    made_template = _made_up_template(template, recipe)
    try:
        if not same(fill_plan(plan, recipe, template, params), plan):
            return False
        filled = fill_plan(plan, recipe, made_template, made_params)
    except CannotFill:
        return False
    return _landed(plan, filled, params, made_params) and not _survivors(
        plan, filled, _old_values(template, recipe, params)
    )


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
        return f"{7_400_000_000 + number}" if "number" in param_spellings(value) else f"sentinel{7_400_000_000 + number}"
    return 7_400_000_000 + number + (0.5 if isinstance(value, float) and not value.is_integer() else 0)


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


def _landed(plan: Json, filled: Json, params: Mapping[str, Json], made: Mapping[str, Json]) -> bool:
    """Whether task0 bears the made-up params under their names, and the graph is untouched."""
    for old, new in zip(plan["tasks"], filled["tasks"], strict=True):
        if {**old, "input": None} != {**new, "input": None} or old["input"].keys() != new["input"].keys():
            return False
        for field, value in new["input"].items() if new["id"] == "task0" else ():
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


def _survivors(plan: Json, filled: Json, old_values: list[Json]) -> bool:
    """Whether a value of the old request is still in the plan, or a value changed that held none of them."""
    needles = [joined(value) for value in old_values if isinstance(value, str) and any(map(str.isalnum, value))]
    before = dict(_input_leaves(plan))

    def holds_old(value: Json) -> bool:
        if any(not isinstance(old, str) and same(old, value) for old in old_values):
            return True
        whole = joined(value) if isinstance(value, str) else ""
        return any(needle in whole for needle in needles)

    for path, value in _input_leaves(filled):
        if value is None or isinstance(value, bool) or (isinstance(value, str) and value.startswith("$task")):
            continue
        if holds_old(value):
            return True
        if path in before and not same(before[path], value) and not holds_old(before[path]):
            return True
    return False


def _input_leaves(plan: Json) -> list[tuple[Path, Json]]:
    return [found for index, task in enumerate(plan["tasks"]) for found in leaves(task["input"], (index,))]
