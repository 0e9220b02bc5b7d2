"""A service in one line, as people write functions:
``name(input: type, optional?: type) -> output  # text``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice

from orra.base.strictjson import Json
from orra.base.text import shorten
from planengine.catalogue.schemas import Field, ObjectSchema, type_names
from planengine.catalogue.shapes import values_named
from planengine.catalogue.specs import ServiceSpec

_MOST_FIELDS = 12
_MOST_VALUES = 8
_MOST_OUTPUTS = 6
_MOST_CHARACTERS = 110


def signature(spec: ServiceSpec) -> str:
    """One line, however long its descriptions are: about forty tokens where the schemas take two hundred."""
    inputs = _fields(spec.inputs, required=spec.required_inputs)
    outputs = ", ".join(list(spec.output_fields)[:_MOST_OUTPUTS])
    gives = f" -> {outputs}" if outputs else ""
    text = shorten(" ".join(spec.description.split()), _MOST_CHARACTERS)
    line = " ".join(f"{spec.name}({inputs}){gives}".split())
    return line + (f"  # {text}" if text else "")


def _fields(schema: ObjectSchema, *, required: Iterable[str]) -> str:
    needed = frozenset(required)
    names = sorted(schema.properties, key=lambda name: name not in needed)
    told = [f"{name}{'' if name in needed else '?'}: {_type(schema.field(name))}" for name in names[:_MOST_FIELDS]]
    return ", ".join([*told, "…"] if len(names) > _MOST_FIELDS else told)


def _type(field: Field | None) -> str:
    if field is None:
        return "any"
    values = values_named(field.schema, field.root, keywords=("enum", "const"))
    named = [shorten(value, 24) for value in islice(values, _MOST_VALUES + 1) if isinstance(value, str)]
    if named:
        return "|".join([*named[:_MOST_VALUES], "…"] if len(named) > _MOST_VALUES else named)
    return _format(field.schema) or type_names(field.types).replace(" or ", "|")


def _format(schema: Json) -> str:
    found = schema.get("format") if isinstance(schema, Mapping) else None
    return found if isinstance(found, str) and len(found) <= 16 else ""
