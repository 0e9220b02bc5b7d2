"""Filling a cached plan with another request's values."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Mapping

from cache.plans.recipes import Part, Recipe
from cache.reasons import Guard
from cache.templates.literals import spellings
from cache.templates.numbers import as_json, only_reading
from cache.templates.slots import Path, Slot
from cache.templates.templates import Template
from cache.templates.tokens import fold
from orra.base.strictjson import Json, digest


class CannotFill(ValueError):
    """The cached plan cannot serve this request. The message says why."""

    def __init__(self, code: Guard, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def fill_plan(plan: Json, recipe: Recipe, template: Template, params: Mapping[str, Json]) -> Json:
    """A copy of ``plan`` with the values of the request of ``template`` and ``params`` in the recipe's places.
    Raises :class:`CannotFill`."""
    if not recipe.reusable:
        if fingerprint(template.action, params) != recipe.request:
            raise CannotFill(
                "identical_request_only", "A value of the cached plan could not be traced to the request's values."
            )
        return copy.deepcopy(plan)
    _check_fields(recipe, params)
    literals = numbered_literals(template)
    _check_literals(recipe, template, literals)
    filled = copy.deepcopy(plan)
    for place in recipe.places:
        made = [_make(part, template, literals, params) for part in place.parts]
        value = copy.deepcopy(made[0]) if len(made) == 1 else "".join(_text(item) for item in made)
        _put(filled, place.path, value)
    return filled


def _check_fields(recipe: Recipe, params: Mapping[str, Json]) -> None:
    for field in recipe.fields:
        if field not in params:
            raise CannotFill(
                "param_missing", f"The cached plan needs the param {field!r}, which the request lacks."
            )
    for field in params:
        if field not in recipe.fields:
            raise CannotFill("param_unknown", f"The cached plan has no place for the param {field!r}.")


def _check_literals(recipe: Recipe, template: Template, literals: Mapping[tuple[str, int], Slot]) -> None:
    asked, cached = Counter(slot.name for slot in template.literals), Counter(recipe.literals)
    if asked != cached:
        raise CannotFill(
            "literals_differ",
            f"The values in the action that no param has differ in kind from the cached plan's: {counted(asked)} "
            f"instead of {counted(cached)}.",
        )
    for name, number, raw in recipe.pinned:
        slot = literals.get((name, number))
        if slot is None or fold(slot.raw) != fold(raw):
            raise CannotFill(
                "literal_differs", f"No task takes {raw!r} of the cached plan's action, so it must be the same."
            )


def _make(
    part: Part, template: Template, literals: Mapping[tuple[str, int], Slot], params: Mapping[str, Json]
) -> Json:
    if part.kind == "text":
        return part.spelling
    if part.kind == "action":
        return template.action
    if part.kind == "param":
        value: Json = params
        for step in part.path:
            value = member(value, step)
        if part.spelling == "value":
            return value
        written = param_spellings(value)
    else:
        name, number = part.path
        slot = literals.get((str(name), int(number)))
        written = spellings(slot.kind, slot.raw) if slot else {}
    if part.spelling not in written:
        raise CannotFill("spelling_unknown", f"{_label(part)} cannot be written as the cached plan writes it.")
    return written[part.spelling]


def counted(found: Counter[str]) -> str:
    """How many of which, for people."""
    named = (name if count == 1 else f"{count} × {name}" for name, count in sorted(found.items()))
    return ", ".join(named) or "none"


def member(value: Json, step: str | int) -> Json:
    if isinstance(value, Mapping) and step in value:
        return value[step]
    if isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
        return value[step]
    raise CannotFill("param_missing", f"The request's params have no {step!r} where the cached plan takes one.")


def _put(plan: Json, path: Path, value: Json) -> None:
    task, *inside = path
    holder, steps = member(member(plan, "tasks"), task), ["input", *inside]
    for step in steps[:-1]:
        holder = member(holder, step)
    member(holder, steps[-1])
    holder[steps[-1]] = value


def _label(part: Part) -> str:
    name = ".".join(map(str, part.path)) if part.kind == "param" else str(part.path[0])
    return f"The {part.kind} {name}"


def _text(value: Json) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CannotFill("not_text", "Part of a text is no longer a text or a number.")
    return str(value)


def fingerprint(action: str, params: Mapping[str, Json]) -> str:
    return digest([action, dict(params)])


def numbered_literals(template: Template) -> dict[tuple[str, int], Slot]:
    """The free literals by name and number among those of that name: texts in other words may order kinds
    otherwise."""
    seen: Counter[str] = Counter()
    numbered: dict[tuple[str, int], Slot] = {}
    for slot in template.literals:
        numbered[slot.name, seen[slot.name]] = slot
        seen[slot.name] += 1
    return numbered


def param_spellings(value: Json) -> dict[str, Json]:
    """What a planner may write for a leaf of a param, by the name of the spelling."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return {}
    if not isinstance(value, str):
        return {"value": value, "text": str(value)}
    number = only_reading(value)
    made = as_json(number) if number is not None else None
    return {"value": value} if made is None else {"value": value, "number": made}
