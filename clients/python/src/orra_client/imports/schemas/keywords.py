"""Which keywords of a schema are kept, and what their values must look like for the server to take them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from orra_client.imports.services import Json

TYPES = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})
ONE = (
    "items",
    "additionalProperties",
    "contains",
    "propertyNames",
    "not",
    "if",
    "then",
    "else",
    "unevaluatedItems",
    "unevaluatedProperties",
)
LISTED = ("allOf", "anyOf", "oneOf", "prefixItems")
NAMED = ("properties", "patternProperties", "dependentSchemas")
MOST_VALUE_CHARACTERS = 2_000


def is_schema(value: Json) -> bool:
    return isinstance(value, dict | bool)


def _is_count(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and _is_exact(value)


def _is_exact(value: Json) -> bool:
    """The server keeps numbers exactly or refuses them: of a double, what it is written as is what it is."""
    return not isinstance(value, float) or abs(value) < 2.0**53


def _is_type(value: Json) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(each, str) and each in TYPES for each in value)
    return isinstance(value, str) and value in TYPES


def _are_names(value: Json) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def is_plain_value(value: Json) -> bool:
    """A value that a schema may name: no number that would not be kept, and not too long."""
    if isinstance(value, list | dict):
        members = value.values() if isinstance(value, dict) else value
        flat = all(not isinstance(each, list | dict) and is_plain_value(each) for each in members)
        return flat and len(json.dumps(value)) <= MOST_VALUE_CHARACTERS
    if isinstance(value, str):
        return len(value) <= MOST_VALUE_CHARACTERS and is_text(value)
    return value is None or isinstance(value, bool | int) or _is_number(value)


def is_text(value: Json) -> bool:
    """Text that can be stored: no NUL, no half of a surrogate pair."""
    if not isinstance(value, str) or "\x00" in value:
        return False
    return not any("\ud800" <= letter <= "\udfff" for letter in value)


def _are_values(value: Json) -> bool:
    return isinstance(value, list) and bool(value) and all(map(is_plain_value, value))


def _are_dependencies(value: Json) -> bool:
    return isinstance(value, dict) and all(map(_are_names, value.values()))


# What says something about values; the rest of a schema (titles, examples, x-…) is left out.
KEPT: dict[str, Callable[[Any], bool]] = {
    "type": _is_type,
    "description": is_text,
    "enum": _are_values,
    "const": is_plain_value,
    "default": is_plain_value,
    "format": is_text,
    "pattern": is_text,
    "minLength": _is_count,
    "maxLength": _is_count,
    "minimum": _is_number,
    "maximum": _is_number,
    "exclusiveMinimum": _is_number,
    "exclusiveMaximum": _is_number,
    "multipleOf": lambda value: _is_number(value) and value > 0,
    "minItems": _is_count,
    "maxItems": _is_count,
    "uniqueItems": lambda value: isinstance(value, bool),
    "minContains": _is_count,
    "maxContains": _is_count,
    "minProperties": _is_count,
    "maxProperties": _is_count,
    "required": _are_names,
    "dependentRequired": _are_dependencies,
    **dict.fromkeys(ONE, is_schema),
    **dict.fromkeys(LISTED, lambda value: isinstance(value, list) and bool(value) and all(map(is_schema, value))),
    **dict.fromkeys(NAMED, lambda value: isinstance(value, dict) and all(map(is_schema, value.values()))),
}
