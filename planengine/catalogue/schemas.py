"""JSON Schemas (Draft 2020-12) as services declare them: checked once, then compiled and asked often.

Schemas are strangers' input. Nothing here fetches anything or evaluates a regular expression from a schema
(``pattern``, ``patternProperties`` and ``format`` are notes for people and models), and work is bounded.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match
from jsonschema.validators import extend
from referencing import Registry
from referencing.exceptions import Unresolvable

from orra.base.strictjson import InvalidJson, Json, canonical, check, type_of
from orra.base.text import quote, show
from planengine.catalogue.errors import SchemaInvalid
from planengine.catalogue.sample_values import samples
from planengine.catalogue.shapes import (
    ALL_TYPES,
    IN_PLACE,
    can_fit,
    conjuncts,
    follow,
    pointer,
    subschemas,
    types_of,
    values_named,
)

__all__ = [
    "Field",
    "ObjectSchema",
    "SchemaInvalid",
    "can_fit",
    "check_schema",
    "compile_schema",
    "type_names",
    "types_of",
    "value_faults",
]

MAX_CHARACTERS = 100_000
MAX_DEPTH = 40
MAX_SUBSCHEMAS = 2_000
_MAX_FAULTS = 5
_MAX_STEPS = 20_000

_meta_schema = Draft202012Validator(Draft202012Validator.META_SCHEMA)
_steps = threading.local()


def check_schema(schema: Json) -> None:
    """Raises :class:`SchemaInvalid` unless ``schema`` is one that a service may have for its input or output."""
    if not isinstance(schema, dict):
        raise SchemaInvalid("A schema must be a JSON object.", "")
    try:
        check(schema, max_depth=MAX_DEPTH)
    except InvalidJson as error:
        raise SchemaInvalid(str(error), "") from None
    if len(canonical(schema)) > MAX_CHARACTERS:
        raise SchemaInvalid(f"The schema is longer than {MAX_CHARACTERS} characters.", "")
    places = dict(islice(_places(schema), MAX_SUBSCHEMAS + 1))
    if len(places) > MAX_SUBSCHEMAS:
        raise SchemaInvalid(f"The schema has more than {MAX_SUBSCHEMAS} subschemas.", "")
    _check_against_meta_schema(schema)
    _check_references(schema, places)
    if not any(part.get("type") == "object" for part in conjuncts(schema, schema)):
        raise SchemaInvalid('The schema must describe an object: its "type" must be "object".', "/type")


def value_faults(schema: Json, value: Json, *, root: Json = None) -> list[str]:
    """What ``schema`` refuses about ``value``, at most five sentences; empty when accepted. Never raises for a
    checked schema.

    ``root`` is the document that local references are relative to, ``schema`` itself when not given.
    """
    return _faults(
        _validator(_evaluable(schema if root is None else root)).evolve(schema=_evaluable(schema)), value
    )


def type_names(types: frozenset[str]) -> str:
    """``string or null``; a number is named once although it includes the integers."""
    names = types - {"integer"} if "number" in types else types
    return " or ".join(sorted(names, key=lambda name: (name == "null", name))) or "nothing"


@dataclass(frozen=True, eq=False)
class Field:
    """The compiled schema of one top-level property; ``root`` is the document its references are relative to."""

    schema: Json
    root: Json
    _validator: Any

    @cached_property
    def types(self) -> frozenset[str]:
        return types_of(self.schema, self.root)

    @cached_property
    def fixed(self) -> tuple[Json, ...]:
        """The values that the schema itself settles on: its ``const`` and ``default``."""
        return tuple(values_named(self.schema, self.root, keywords=("const", "default")))

    @cached_property
    def constants(self) -> tuple[Json, ...]:
        """Every value that the schema itself offers: those, and the members of its ``enum``."""
        return self.fixed + tuple(values_named(self.schema, self.root, keywords=("enum",)))

    @cached_property
    def samples(self) -> tuple[Json, ...]:
        """Values that a request could have in its text for it; none where there is no such value."""
        return samples(self.schema, self.root)

    def faults(self, value: Json) -> list[str]:
        return _faults(self._validator, value)

    def takes(self, producer: Field) -> bool:
        """False only when no value of ``producer`` can be right here."""
        return can_fit(producer.schema, self.schema, producer_root=producer.root, consumer_root=self.root)


class ObjectSchema:
    """The schema of an object, compiled: its top-level properties and which of them are required."""

    def __init__(self, schema: Mapping[str, Json]) -> None:
        root = dict(schema)
        declared: dict[str, Json] = {}
        required: dict[str, None] = {}
        self._others: Json = False
        for part in conjuncts(root, root):
            declared |= part.get("properties", {})
            required |= dict.fromkeys(part.get("required", ()))
            self._others = part.get("additionalProperties", self._others)
        self.properties: Mapping[str, Json] = declared | {name: True for name in required if name not in declared}
        self.required = tuple(required)
        self._root = root
        self._fields: dict[str, Field] = {}

    def field(self, name: str) -> Field | None:
        """The property of this name. One that is not declared exists only if the schema says in so many words, by
        ``additionalProperties``, that others are welcome."""
        found = self._fields.get(name)
        if found is None and (name in self.properties or self._others is not False):
            schema = self.properties.get(name, self._others)
            found = Field(schema, self._root, self._base.evolve(schema=_evaluable(schema)))
            if name in self.properties:
                self._fields[name] = found
        return found

    @cached_property
    def _base(self) -> Any:
        return _validator(_evaluable(self._root))


def compile_schema(schema: Mapping[str, Json]) -> ObjectSchema:
    """The compiled form of a checked schema, kept for the next time the same text comes by."""
    return _compile(json.dumps(schema))


@lru_cache(maxsize=512)
def _compile(text: str) -> ObjectSchema:
    return ObjectSchema(json.loads(text))


# --- checking ----------------------------------------------------------------------------------------------------


def _places(schema: Json) -> Iterator[tuple[str, Json]]:
    """Every subschema with its JSON pointer, the schema itself first."""
    stack = [("", schema)]
    while stack:
        at, current = stack.pop()
        yield at, current
        stack.extend((at + pointer(steps), member) for steps, member in subschemas(current))


def _check_against_meta_schema(schema: Json) -> None:
    error = best_match(islice(_meta_schema.iter_errors(schema), 50))
    if error is None:
        return
    path = pointer(error.absolute_path)
    if path.endswith("/type") and error.validator == "anyOf":
        raise SchemaInvalid(f'The "type" must be one of {", ".join(sorted(ALL_TYPES))}, or a list of them.', path)
    raise SchemaInvalid(f"{_sentence(error)} (not a Draft 2020-12 schema)", path)


def _check_references(schema: Json, places: Mapping[str, Json]) -> None:
    for at, part in places.items():
        if not isinstance(part, dict):
            continue
        for keyword in ("$dynamicRef", "$recursiveRef", *(("$id",) if at else ())):
            if keyword in part:
                raise SchemaInvalid(
                    f"{keyword} is not supported: use local references (#/$defs/…).", f"{at}/{keyword}"
                )
        if "$ref" in part:
            _check_reference(part["$ref"], schema, at)
    _check_for_loops(schema, places)


def _check_reference(reference: str, schema: Json, at: str) -> None:
    if reference != "#" and not reference.startswith("#/"):
        raise SchemaInvalid(f"Only local references (#/…) are supported, not {quote(reference)}.", f"{at}/$ref")
    if follow(reference, schema) is None:
        raise SchemaInvalid(f"{quote(reference)} points at no schema in this document.", f"{at}/$ref")


def _check_for_loops(schema: Json, places: Mapping[str, Json]) -> None:
    """Refuses a schema that comes back to itself without having gone into a property or an item."""
    finished: set[int] = set()
    for start_at, start in places.items():
        path: set[int] = set()
        stack: list[tuple[Json, bool]] = [(start, False)]
        while stack:
            part, leaving = stack.pop()
            if leaving:
                path.discard(id(part))
                finished.add(id(part))
            elif id(part) in path:
                raise SchemaInvalid("The schema refers to itself without end.", start_at)
            elif isinstance(part, dict) and id(part) not in finished:
                path.add(id(part))
                stack.append((part, True))
                stack.extend((member, False) for steps, member in subschemas(part) if steps[0] in IN_PLACE)
                if "$ref" in part:
                    stack.append((follow(part["$ref"], schema), False))


# --- evaluating --------------------------------------------------------------------------------------------------


class _TooMuchWork(Exception):
    pass


def _bounded(keyword: str) -> Any:
    """The library's own keyword, counted: recursive alternatives can take time exponential in a value's depth."""
    evaluate = Draft202012Validator.VALIDATORS[keyword]

    def counted(validator: Any, wanted: Json, instance: Json, schema: Json) -> Iterator[ValidationError]:
        _steps.left = getattr(_steps, "left", _MAX_STEPS) - 1
        if _steps.left < 0:
            raise _TooMuchWork
        yield from evaluate(validator, wanted, instance, schema) or ()

    return counted


def _unique_items(validator: Any, wanted: Json, instance: Json, schema: Json) -> Iterator[ValidationError]:
    # The library compares each with each when items cannot be sorted.
    if wanted and isinstance(instance, list) and len(set(map(canonical, instance))) != len(instance):
        yield ValidationError("the items are not unique")


_Validator: Any = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {"uniqueItems": _unique_items}
    | {keyword: _bounded(keyword) for keyword in ("$ref", "anyOf", "oneOf", "allOf")},
)


def _validator(root: Json) -> Any:
    # Without a registry of its own the library would fetch what it cannot resolve.
    return _Validator(root, registry=Registry())


def _evaluable(schema: Json) -> Json:
    """A copy without what is not evaluated, and without what would swap the validator for the library's own."""
    if not isinstance(schema, dict):
        return schema
    dropped = {"pattern", "patternProperties", "format", "$schema", "$id", "$dynamicRef"}
    if "patternProperties" in schema:
        dropped |= {"additionalProperties", "unevaluatedProperties"}
    result = {keyword: value for keyword, value in schema.items() if keyword not in dropped}
    for steps, member in subschemas(result):
        keyword, *rest = steps
        if not rest:
            result[keyword] = _evaluable(member)
            continue
        if result[keyword] is schema[keyword]:
            result[keyword] = schema[keyword].copy()
        result[keyword][rest[0]] = _evaluable(member)
    return result


def _faults(validator: Any, value: Json) -> list[str]:
    _steps.left = _MAX_STEPS
    try:
        return [_sentence(error) for error in islice(validator.iter_errors(value), _MAX_FAULTS)]
    except (_TooMuchWork, RecursionError):
        return ["it is too intricate to be checked against the schema"]
    except (Unresolvable, ArithmeticError, TypeError, ValueError) as error:
        return [f"the schema cannot be evaluated ({type(error).__name__})"]


_comparisons = {
    "minimum": "must be at least",
    "maximum": "must be at most",
    "exclusiveMinimum": "must be greater than",
    "exclusiveMaximum": "must be less than",
    "multipleOf": "must be a multiple of",
    "minLength": "must have a length of at least",
    "maxLength": "must have a length of at most",
    "minItems": "must have at least this many items:",
    "maxItems": "must have at most this many items:",
    "const": "must be",
}


def _sentence(error: ValidationError) -> str:
    where = ".".join(str(step) for step in error.absolute_path)
    subject = f"{quote(where)} " if where else ""
    rule: str = str(error.validator)
    wanted: Any = error.validator_value
    instance: Any = error.instance
    if rule == "type":
        types = [wanted] if isinstance(wanted, str) else list(wanted)
        return f"{subject}must be {' or '.join(types)}, not {type_of(instance)}"
    if rule == "enum":
        shown = ", ".join(show(member, 40) for member in wanted[:8])
        return f"{subject}must be one of {shown}{', …' if len(wanted) > 8 else ''}"
    if rule in _comparisons:
        return f"{subject}{_comparisons[rule]} {show(wanted)}"
    if rule == "required":
        missing = [name for name in wanted if name not in instance]
        return f"{subject}lacks the member {', '.join(map(quote, missing[:3]))}"
    if rule in ("anyOf", "oneOf"):
        return f"{subject}has none of the allowed forms"
    return f"{subject}breaks the rule {quote(rule)}"
