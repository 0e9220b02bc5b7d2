"""Values held against schemas by the ``jsonschema`` library: its own keywords, counted and with decimals, and what
it finds as plain sentences."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend
from referencing import Registry
from referencing.exceptions import Unresolvable

from orra.base.strictjson import Json, canonical, type_of
from orra.base.text import quote, show

_MAX_FAULTS = 5
_MAX_STEPS = 20_000

_steps = threading.local()


def validator_of(document: Json) -> Any:
    """``document`` is one of :func:`planengine.catalogue.schemas.knowledge.document_of`."""
    # Without a registry of its own the library would fetch what it cannot resolve.
    return _Validator(document, registry=Registry())


def faults(validator: Any, value: Json) -> list[str]:
    """What is refused about ``value``, at most five sentences; empty when accepted. Never raises for a checked
    schema."""
    _steps.left = _MAX_STEPS
    try:
        return [sentence(error) for error in islice(validator.iter_errors(value), _MAX_FAULTS)]
    except (_TooMuchWork, RecursionError):
        return ["it is too intricate to be checked against the schema"]
    except (Unresolvable, ArithmeticError, TypeError, ValueError) as error:
        return [f"the schema cannot be evaluated ({type(error).__name__})"]


def refuses(validator: Any, value: Json, *, undecided: bool) -> bool:
    """Whether ``value`` is refused; ``undecided`` where that takes too much work."""
    _steps.left = _MAX_STEPS
    try:
        return not validator.is_valid(value)
    except (_TooMuchWork, RecursionError, Unresolvable, ArithmeticError, TypeError, ValueError):
        return undecided


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


def _multiple_of(validator: Any, step: Json, instance: Json, schema: Json) -> Iterator[ValidationError]:
    # The library divides binary fractions, in which 19.99 is no multiple of 0.01.
    if validator.is_type(instance, "number") and (Fraction(str(instance)) / Fraction(str(step))).denominator != 1:
        yield ValidationError("it is between two steps")


_Validator: Any = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {"uniqueItems": _unique_items, "multipleOf": _multiple_of}
    | {keyword: _bounded(keyword) for keyword in ("$ref", "anyOf", "oneOf", "allOf")},
)


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


def sentence(error: ValidationError) -> str:
    """What the library found, in plain words."""
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
