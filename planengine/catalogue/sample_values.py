"""Values that a request could have for an input, as its schema describes it: for examples that hold none.

They are plausible, not valid: types, lengths and bounds are kept where that is simple, nothing is evaluated.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import chain, count, islice

from orra.base.strictjson import Json, type_of
from planengine.catalogue.shapes import conjuncts, types_of, values_named

WRITTEN = frozenset(
    {"string", "integer", "number"}
)  # what stands in a request's text; true is said in other words
_TRIES = 100
_LONGEST_NAMED = 60
_LONGEST_MADE = 200


def can_be_written(schema: Json, root: Json) -> bool:
    """Whether a request may have a value of this schema in its text; references are relative to ``root``."""
    return bool(types_of(schema, root) & (WRITTEN | {"array"}))


def sample_value(schema: Json, root: Json, *, is_free: Callable[[str], bool]) -> Json:
    """A value of a schema that :func:`can_be_written`: one that it names, or else a word or number made up for it;
    for a list, one of a single item. It is the first whose text ``is_free``, and where none is, any."""
    types = types_of(schema, root) & WRITTEN
    if not types and "array" in types_of(schema, root):
        return [sample_value(_items(schema, root), root, is_free=is_free)]
    made = _words(schema, root) if "string" in types or not types else _numbers(schema, root)
    candidates = list(chain(islice(_named(schema, root), _TRIES), islice(made, _TRIES)))
    return next((value for value in candidates if is_free(str(value))), candidates[0])


def _items(schema: Json, root: Json) -> Json:
    """What the items of a list are; texts if they may be lists themselves."""
    items = next((part["items"] for part in conjuncts(schema, root) if "items" in part), True)
    return items if types_of(items, root) & WRITTEN else True


def _named(schema: Json, root: Json) -> Iterator[Json]:
    for value in values_named(schema, root, keywords=("const", "enum", "examples")):
        if type_of(value) in types_of(schema, root) & WRITTEN:
            shown = str(value)
            if len(shown) <= _LONGEST_NAMED and any(map(str.isalnum, shown)):
                yield value


def _words(schema: Json, root: Json) -> Iterator[str]:
    """``Aazuvak``, ``Abzuvak``, …: words of no language, which no reading of a text takes for anything else."""
    least = min(max(_bounds(schema, root, "minLength"), default=0), _LONGEST_MADE)
    most = max(min(_bounds(schema, root, "maxLength"), default=_LONGEST_MADE), 1)
    for number in range(26 * 26):
        word = f"{chr(ord('A') + number // 26)}{chr(ord('a') + number % 26)}zuvak"
        yield word[: int(most)].ljust(int(least), "a")


def _numbers(schema: Json, root: Json) -> Iterator[int]:
    """17, 18, …, or what of them is within the bounds; at least one."""
    lows = [*map(math.ceil, _bounds(schema, root, "minimum"))]
    lows += [math.floor(bound) + 1 for bound in _bounds(schema, root, "exclusiveMinimum")]
    highs = [*map(math.floor, _bounds(schema, root, "maximum"))]
    highs += [math.ceil(bound) - 1 for bound in _bounds(schema, root, "exclusiveMaximum")]
    low, high = max(lows, default=None), min(highs, default=None)
    first = 17 if low is None else max(17, low)
    if high is None or first <= high:
        return count(first) if high is None else iter(range(first, high + 1))
    first = high - _TRIES + 1 if low is None else min(max(low, high - _TRIES + 1), high)
    return iter(range(first, high + 1))


def _bounds(schema: Json, root: Json, keyword: str) -> list[float]:
    values = (part.get(keyword) for part in conjuncts(schema, root))
    return [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
