"""JSON from strangers: one strict way in, one canonical way out.

Everything that reaches orra from outside (requests, model answers) goes through :func:`parse`, so that
what is stored is always storable and comparable: no NaN, no duplicate keys, no lone surrogates, no
``NUL`` (Postgres refuses it), bounded depth and bounded numbers. No digit is lost: a number is kept as it was
written, or refused.
"""

from __future__ import annotations

import hashlib
import json
import math
from decimal import Decimal, InvalidOperation
from typing import Any

type_names = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
    type(None): "null",
}

# A JSON value as Python's json module gives it. Kept as Any: a recursive alias costs more than it tells.
Json = Any

MAX_DEPTH = 32
MAX_INTEGER_DIGITS = 309  # the largest double, written out
_EXACT_INTEGERS = 2.0**53  # doubles beyond it skip integers

# What a body begins with that is not the UTF-8 text it ought to be, and what to do about it.
BEGINNINGS = (
    (b"\xef\xbb\xbf", "The body begins with a byte-order mark. Send UTF-8 without one."),
    (b"\xff\xfe", "The body is UTF-16 text. Send UTF-8, without a byte-order mark."),
    (b"\xfe\xff", "The body is UTF-16 text. Send UTF-8, without a byte-order mark."),
    (b"\x1f\x8b", "The body is compressed with gzip. Send it as it is."),
    (b"\x28\xb5\x2f\xfd", "The body is compressed with zstd. Send it as it is."),
)


class InvalidJson(ValueError):
    """The text is not JSON that orra accepts. ``code`` is stable, the message says what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def parse(text: str | bytes, *, max_depth: int = MAX_DEPTH) -> Json:
    """One JSON value out of ``text``. Raises :class:`InvalidJson`."""
    if isinstance(text, bytes):
        text = decode(text)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_unique_keys,
            parse_constant=_refuse_constant,
            parse_int=_bounded_int,
            parse_float=_exact_number,
        )
    except json.JSONDecodeError as error:
        raise InvalidJson(
            "invalid_json", f"The JSON is malformed: {error.msg} at line {error.lineno} column {error.colno}."
        ) from None
    except RecursionError:
        raise InvalidJson("json_too_deep", f"The JSON is nested deeper than {max_depth} levels.") from None
    check(value, max_depth=max_depth)
    return value


def decode(body: bytes, *, code: str = "invalid_json") -> str:
    """UTF-8 text without a byte-order mark. Raises :class:`InvalidJson`, which says what it is instead."""
    for beginning, what_to_do in BEGINNINGS:
        if body.startswith(beginning):
            raise InvalidJson(code, what_to_do)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidJson(code, f"The body is not UTF-8 text (byte {error.start}).") from None


def parse_number(digits: str) -> int | float:
    """The number that JSON's notation of one says. Raises :class:`InvalidJson` where it cannot be kept exactly."""
    return _bounded_int(digits) if digits.lstrip("-").isdigit() else _exact_number(digits)


def check(value: Json, *, max_depth: int = MAX_DEPTH) -> None:
    """Raises :class:`InvalidJson` when an already decoded value could not be stored or compared."""
    stack: list[tuple[Json, int]] = [(value, 1)]
    while stack:
        item, depth = stack.pop()
        if depth > max_depth:
            raise InvalidJson("json_too_deep", f"The JSON is nested deeper than {max_depth} levels.")
        if isinstance(item, str):
            _check_text(item)
        elif isinstance(item, float):
            if not math.isfinite(item):
                raise InvalidJson("invalid_json", "NaN and Infinity are not JSON numbers.")
        elif isinstance(item, dict):
            for key, member in item.items():
                if not isinstance(key, str):
                    raise InvalidJson("invalid_json", "Object keys must be strings.")
                _check_text(key)
                stack.append((member, depth + 1))
        elif isinstance(item, list):
            stack.extend((member, depth + 1) for member in item)
        elif not (item is None or isinstance(item, bool | int)):
            raise InvalidJson("invalid_json", f"{type(item).__name__} is not a JSON type.")


def canonical(value: Json) -> str:
    """The same text for equal values, whatever the order of keys: for hashes and for comparing."""
    return json.dumps(_plain_numbers(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(value: Json) -> str:
    """Of :func:`canonical`, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical(value).encode("utf-8", "surrogatepass")).hexdigest()


def same(left: Json, right: Json) -> bool:
    """Equality as JSON means it: ``1`` is ``1.0`` but neither ``"1"`` nor ``true``."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, int | float) and isinstance(right, int | float):
        return _plain_number(left) == _plain_number(right)
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


def type_of(value: Json) -> str:
    """The JSON Schema name of a value's type; whole floats count as ``integer``, as JSON Schema has it."""
    if isinstance(value, float) and value.is_integer():
        return "integer"
    return type_names[type(value)]


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise InvalidJson("invalid_text", "Text must not contain the NUL character (\\u0000).")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise InvalidJson("invalid_text", "Text contains a lone surrogate, which is not valid Unicode.") from None


def _unique_keys(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                shown = key[:80].encode("utf-8", "replace").decode()
                raise InvalidJson("duplicate_key", f"The key {shown!r} appears twice in one object.")
            seen.add(key)
    return result


def _refuse_constant(name: str) -> Json:
    raise InvalidJson("invalid_json", f"{name} is not a JSON number.")


def _bounded_int(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_INTEGER_DIGITS:
        raise InvalidJson("number_too_large", f"Integers may have at most {MAX_INTEGER_DIGITS} digits.")
    return int(digits)


def _exact_number(digits: str) -> int | float:
    """The number that ``digits`` with a point or an exponent say, not one next to it: whole numbers that a double
    has no room for become integers, other such numbers are refused."""
    number = float(digits)
    shown = digits if len(digits) <= 40 else digits[:39] + "…"
    if not math.isfinite(number):
        raise InvalidJson("number_too_large", f"The number {shown} is out of range.")
    try:
        wanted = Decimal(digits)
    except InvalidOperation:  # an exponent beyond all bounds
        wanted = Decimal("NaN")
    if wanted == Decimal(repr(number)) and abs(number) < _EXACT_INTEGERS:
        return number
    # A number in the range of doubles has at most 309 digits before the point.
    if abs(number) >= _EXACT_INTEGERS and wanted == wanted.to_integral_value():
        return int(wanted)
    raise InvalidJson(
        "number_too_precise",
        f"The number {shown} cannot be kept exactly: {number!r} would be left of it. Send it as text, in quotes.",
    )


def _plain_numbers(value: Json) -> Json:
    if isinstance(value, int | float):
        return _plain_number(value)
    if isinstance(value, dict):
        return {key: _plain_numbers(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_plain_numbers(member) for member in value]
    return value


def _plain_number(value: int | float) -> int | float:
    """Whole floats as the integer that JSON writes for them: 10²³ for 1e23, not the double next to it."""
    if not (isinstance(value, float) and value.is_integer()):
        return value
    return int(value) if abs(value) < _EXACT_INTEGERS else int(Decimal(repr(value)))
