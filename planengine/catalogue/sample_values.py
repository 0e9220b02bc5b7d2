"""Values that a request could have for an input, as its schema describes it: for examples that hold none.

They are plausible, not valid: types, lengths and bounds are kept where that is simple, nothing is evaluated.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import chain, count, islice

from orra.base.strictjson import Json, type_of
from planengine.catalogue.shapes import conjuncts, types_of

WRITTEN = frozenset(
    {"string", "integer", "number"}
)  # what stands in a request's text; true is said in other words
_NAMED, _MADE = 20, 60
_MAX_PARTS = 50
_LONGEST_NAMED = 60
_LONGEST_MADE = 200

Parts = Sequence[dict[str, Json]]


def samples(schema: Json, root: Json) -> tuple[Json, ...]:
    """Texts or numbers: those that the schema names first, then made-up ones. For a list, lists of one item. None
    where no value of the schema is written out in a request's text. References are relative to ``root``."""
    types, parts = types_of(schema, root), _parts(schema, root)
    if types & WRITTEN:
        return _of_written(types & WRITTEN, parts)
    if "array" not in types:
        return ()
    items = next((part["items"] for part in parts if "items" in part), True)
    # A list of lists or of objects is written like one of texts, if at all.
    return tuple([item] for item in _of_written(types_of(items, root) & WRITTEN or WRITTEN, _parts(items, root)))


def _of_written(types: frozenset[str], parts: Parts) -> tuple[Json, ...]:
    named = (value for value in _named(parts) if type_of(value) in types)
    made: Iterator[Json] = _words(parts) if "string" in types else _numbers(parts)
    return (*islice(named, _NAMED), *islice(made, _MADE))


def _parts(schema: Json, root: Json) -> Parts:
    """The schema, what applies together with it, and its alternatives; not all of them where they are many."""
    own = list(islice(conjuncts(schema, root), _MAX_PARTS))
    alternatives = chain.from_iterable(
        part[keyword] for part in own for keyword in ("anyOf", "oneOf") if isinstance(part.get(keyword), list)
    )
    each = (part for schema in islice(alternatives, _MAX_PARTS) for part in conjuncts(schema, root))
    return [*own, *islice(each, _MAX_PARTS)]


def _named(parts: Parts) -> Iterator[Json]:
    for part in parts:
        lists = (part[keyword] for keyword in ("enum", "examples") if isinstance(part.get(keyword), list))
        values = chain([part["const"]] if "const" in part else [], *(values[:_NAMED] for values in lists))
        yield from filter(_can_stand, values)


def _can_stand(value: Json) -> bool:
    text = str(value) if type_of(value) in WRITTEN else ""
    return len(text) <= _LONGEST_NAMED and any(map(str.isalnum, text))


def _words(parts: Parts) -> Iterator[str]:
    """``Aazuvak``, ``Abzuvak``, …: words of no language, which no reading of a text takes for anything else."""
    least = min(max(_bounds(parts, "minLength"), default=0), _LONGEST_MADE)
    most = max(min(_bounds(parts, "maxLength"), default=_LONGEST_MADE), 1)
    for number in range(_MADE):
        word = f"{chr(ord('A') + number // 26)}{chr(ord('a') + number % 26)}zuvak"
        yield word[: int(most)].ljust(int(least), "a")


def _numbers(parts: Parts) -> Iterator[int]:
    """17, 18, …, or what of them is within the bounds; at least one."""
    lows = [*map(math.ceil, _bounds(parts, "minimum"))]
    lows += [math.floor(bound) + 1 for bound in _bounds(parts, "exclusiveMinimum")]
    highs = [*map(math.floor, _bounds(parts, "maximum"))]
    highs += [math.ceil(bound) - 1 for bound in _bounds(parts, "exclusiveMaximum")]
    low, high = max(lows, default=None), min(highs, default=None)
    first = 17 if low is None else max(17, low)
    if high is None:
        return count(first)
    if first > high:
        first = high - _MADE + 1 if low is None else min(max(low, high - _MADE + 1), high)
    return iter(range(first, high + 1))


def _bounds(parts: Parts, keyword: str) -> list[float]:
    values = (part.get(keyword) for part in parts)
    return [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
