"""How a param is typed in a form: as the schema of the input that it fills says, where that takes its value of
now."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from cache.plans.recipes import Recipe
from orra.base.strictjson import Json
from planengine.validation.references import read_reference

MAX_CHOICES = 100
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Kind:
    """``name``: ``text``, ``number``, ``integer``, ``flag``, ``choice``, ``date`` or ``json``. ``filled`` says for
    people which input it was taken from."""

    name: str
    choices: tuple[Json, ...] = ()
    filled: str = ""


def kinds_of(
    params: Mapping[str, Json], recipe: Recipe | None, plan: Json, schemas: Mapping[str, Json]
) -> dict[str, Kind]:
    """The kind of each param. ``schemas``: the input schemas of the services of today, by name."""
    found: dict[str, Kind] = {}
    for field, service, name, schema in _filled(recipe, plan, schemas):
        if field in params and field not in found:
            kind = _kind_of(schema, params[field])
            if kind is not None:
                found[field] = Kind(kind.name, kind.choices, f"{service}.{name}")
    return {field: found.get(field) or _by_value(value) for field, value in params.items()}


def _filled(
    recipe: Recipe | None, plan: Json, schemas: Mapping[str, Json]
) -> Iterator[tuple[str, str, str, Json]]:
    """Params that fill an input as they are: the field, the service, the input and its schema."""
    tasks = plan.get("tasks") if isinstance(plan, dict) else None
    tasks = [task for task in tasks if isinstance(task, dict)] if isinstance(tasks, list) else []
    for place in recipe.places if recipe else ():
        position, *inside = place.path
        part = place.parts[0]
        whole = len(place.parts) == 1 and part.kind == "param" and part.spelling == "value" and len(part.path) == 1
        if not whole or len(inside) != 1 or not isinstance(position, int) or position >= len(tasks):
            continue
        field, task = str(part.path[0]), tasks[position]
        for service, name in _takers(task, str(inside[0]), tasks):
            schema = _property(schemas.get(service), name)
            if schema is not None:
                yield field, service, name, schema


def _takers(task: Mapping[str, Json], name: str, tasks: list[dict[str, Json]]) -> Iterator[tuple[str, str]]:
    """The inputs that a value at a task's ``name`` ends in."""
    if isinstance(service := task.get("service"), str):
        yield service, name
    for other in tasks:
        inputs, service = other.get("input"), other.get("service")
        for taken, value in inputs.items() if isinstance(inputs, dict) else ():
            reference = read_reference(value, has_field=lambda task, field: True)
            if reference is None or not isinstance(service, str):
                continue
            if (reference.task, reference.field) == (task.get("id"), name):
                yield service, taken


def _property(schema: Json, name: str) -> Json:
    properties = schema.get("properties") if isinstance(schema, dict) else None
    found = properties.get(name) if isinstance(properties, dict) else None
    return found if isinstance(found, dict) else None


def _kind_of(schema: Json, value: Json) -> Kind | None:
    """``None`` for a schema that says nothing a form has a field for, or of another type than ``value`` is."""
    allowed = schema.get("enum")
    if (
        isinstance(allowed, list)
        and 0 < len(allowed) <= MAX_CHOICES
        and any(_same(value, each) for each in allowed)
    ):
        return Kind("choice", tuple(allowed))
    match schema.get("type"):
        case "boolean" if isinstance(value, bool):
            return Kind("flag")
        case "integer" if isinstance(value, int) and not isinstance(value, bool):
            return Kind("integer")
        case "number" if isinstance(value, int | float) and not isinstance(value, bool):
            return Kind("number")
        case "string" if isinstance(value, str):
            return Kind("date") if schema.get("format") == "date" and _is_date(value) else Kind("text")
    return None


def _by_value(value: Json) -> Kind:
    return Kind("text") if isinstance(value, str) else Kind("json")


def _is_date(value: str) -> bool:
    try:
        return bool(_ISO_DATE.fullmatch(value)) and bool(date.fromisoformat(value))
    except ValueError:
        return False


def _same(left: Json, right: Json) -> bool:
    return type(left) is type(right) and left == right
