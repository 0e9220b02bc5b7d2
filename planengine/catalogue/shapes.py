"""What a schema says about the shape of values, read without a value: its parts, its types, what fits into what.

Everything takes checked schemas but survives any JSON: what it cannot make out, it takes as no restriction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from urllib.parse import unquote

from orra.base.strictjson import Json, same, type_of

ALL_TYPES = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})
# Keywords whose subschemas apply to the very value that the schema applies to.
IN_PLACE = frozenset({"allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"})

_ONE = [
    "additionalProperties",
    "propertyNames",
    "contains",
    "items",
    "not",
    "if",
    "then",
    "else",
    "unevaluatedItems",
    "unevaluatedProperties",
]
_LISTED = ("allOf", "anyOf", "oneOf", "prefixItems")
_NAMED = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_MAX_PAIRS = 10_000
_MAX_HOPS = 64


def subschemas(schema: Json) -> Iterator[tuple[tuple[str | int, ...], Json]]:
    """The schemas directly inside ``schema``, each with the one or two steps that lead to it."""
    if not isinstance(schema, dict):
        return
    for keyword in _ONE:
        if keyword in schema:
            yield (keyword,), schema[keyword]
    for keyword in _LISTED:
        members = schema.get(keyword)
        if isinstance(members, list):
            yield from (((keyword, index), member) for index, member in enumerate(members))
    for keyword in _NAMED:
        members = schema.get(keyword)
        if isinstance(members, dict):
            yield from (((keyword, name), member) for name, member in members.items())


def pointer(steps: Iterable[str | int]) -> str:
    """A JSON pointer (RFC 6901) from its steps."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def follow(reference: Json, root: Json) -> Json | None:
    """The schema that a local reference leads to, ``None`` when it leads to none."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        return None
    found, is_schema = root, True
    expected: Json = None
    for raw in unquote(reference[1:]).split("/")[1:] if reference != "#" else ():
        step = raw.replace("~1", "/").replace("~0", "~")
        if is_schema:
            if not isinstance(found, dict) or step not in found:
                return None
            expected, is_schema = step, step in _ONE
            if step not in _ONE and step not in _LISTED and step not in _NAMED:
                return None
            found = found[step]
        elif expected in _LISTED:
            if not (isinstance(found, list) and step.isascii() and step.isdigit() and int(step[:6]) < len(found)):
                return None
            found, is_schema = found[int(step[:6])], True
        else:
            if not isinstance(found, dict) or step not in found:
                return None
            found, is_schema = found[step], True
    return found if is_schema and isinstance(found, dict | bool) else None


def conjuncts(schema: Json, root: Json) -> Iterator[dict[str, Json]]:
    """``schema`` and all that applies together with it: what ``$ref`` leads to and the members of ``allOf``."""
    stack, seen = [schema], set[int]()
    while stack:
        part = stack.pop()
        if not isinstance(part, dict) or id(part) in seen:
            continue
        seen.add(id(part))
        yield part
        if "$ref" in part:
            stack.append(follow(part["$ref"], root))
        if isinstance(part.get("allOf"), list):
            stack.extend(reversed(part["allOf"]))


def types_of(schema: Json, root: Json) -> frozenset[str]:
    """The JSON types that a value accepted by ``schema`` may have. ``number`` always comes with ``integer``."""
    return _types(schema, root, _MAX_HOPS, {})


def type_names(types: frozenset[str]) -> str:
    """``string or null``; a number is named once although it includes the integers."""
    names = types - {"integer"} if "number" in types else types
    return " or ".join(sorted(names, key=lambda name: (name == "null", name))) or "nothing"


def values_named(schema: Json, root: Json, *, keywords: Collection[str]) -> Iterator[Json]:
    """The values that ``schema`` or one of its alternatives names under ``const``, ``default`` or ``enum``."""
    for branch in _branches(schema, root):
        for part in conjuncts(branch, root):
            yield from (
                part[keyword] for keyword in ("const", "default") if keyword in part and keyword in keywords
            )
            if "enum" in keywords and isinstance(part.get("enum"), list):
                yield from part["enum"]


def can_fit(producer: Json, consumer: Json, *, producer_root: Json, consumer_root: Json) -> bool:
    """False only when nothing that ``producer`` describes can be accepted by ``consumer``.

    Types are compared, enumerations, and inside arrays and objects the items and the required members. A producer
    that lists its members has no others unless it says so with ``additionalProperties``.
    """
    return _Fitting(producer_root, consumer_root).fits(producer, consumer)


def _types(schema: Json, root: Json, hops: int, known: dict[int, frozenset[str]]) -> frozenset[str]:
    if schema is False:
        return frozenset()
    if not isinstance(schema, dict) or hops == 0:
        return ALL_TYPES
    if id(schema) in known:
        return known[id(schema)]
    known[id(schema)] = ALL_TYPES  # for a schema that comes back to itself
    result = _own_types(schema)
    if "$ref" in schema:
        result &= _types(follow(schema["$ref"], root), root, hops - 1, known)
    for keyword in ("anyOf", "oneOf"):
        if isinstance(schema.get(keyword), list):
            each = [_types(member, root, hops - 1, known) for member in schema[keyword]]
            result &= frozenset().union(*each)
    if isinstance(schema.get("allOf"), list):
        for member in schema["allOf"]:
            result &= _types(member, root, hops - 1, known)
    known[id(schema)] = result
    return result


def _own_types(schema: dict[str, Json]) -> frozenset[str]:
    result = ALL_TYPES
    named = schema.get("type")
    if isinstance(named, str | list):
        result = _with_integers([named] if isinstance(named, str) else named)
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    if isinstance(values, list):
        result &= _with_integers([type_of(value) for value in values])
    return result


def _with_integers(types: Iterable[Json]) -> frozenset[str]:
    named = {name for name in types if isinstance(name, str)}
    return frozenset(named | {"integer"} if "number" in named else named)


def _branches(schema: Json, root: Json) -> Iterator[Json]:
    """The alternatives that ``schema`` consists of, itself when it has none."""
    stack, seen = [schema], set[int]()
    while stack:
        part = stack.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        yield part
        for each in conjuncts(part, root):
            for keyword in ("oneOf", "anyOf"):
                if isinstance(each.get(keyword), list):
                    stack.extend(reversed(each[keyword]))


class _Fitting:
    """One comparison. Pairs already met are taken to fit: recursive schemas end, and so does the work."""

    def __init__(self, producer_root: Json, consumer_root: Json) -> None:
        self._roots = producer_root, consumer_root
        self._met: set[tuple[int, int]] = set()

    def fits(self, producer: Json, consumer: Json) -> bool:
        pair = id(producer), id(consumer)
        if pair in self._met or len(self._met) > _MAX_PAIRS:
            return True
        self._met.add(pair)
        common = types_of(producer, self._roots[0]) & types_of(consumer, self._roots[1])
        common = common - {"null"} or common
        if not common or not self._values_fit(producer, consumer):
            return False
        if common == {"array"}:
            return self._some_branch_fits("array", producer, consumer)
        if common == {"object"}:
            return self._some_branch_fits("object", producer, consumer)
        return True

    def _values_fit(self, producer: Json, consumer: Json) -> bool:
        given, taken = _values(producer), _values(consumer)
        return given is None or taken is None or any(same(value, other) for value in given for other in taken)

    def _some_branch_fits(self, kind: str, producer: Json, consumer: Json) -> bool:
        compare = self._items_fit if kind == "array" else self._members_fit
        given = self._structures(kind, producer, self._roots[0])
        taken = self._structures(kind, consumer, self._roots[1])
        return not given or not taken or any(compare(one, other) for one in given for other in taken)

    @staticmethod
    def _structures(kind: str, schema: Json, root: Json) -> list[dict[str, Json]]:
        """What each alternative of ``schema`` that allows ``kind`` says about items or members."""
        result: list[dict[str, Json]] = []
        for branch in _branches(schema, root):
            parts = list(conjuncts(branch, root))
            if any("anyOf" in part or "oneOf" in part for part in parts) or kind not in types_of(branch, root):
                continue
            merged: dict[str, Json] = {"properties": {}, "required": []}
            for part in parts:
                merged |= {key: part[key] for key in ("items", "additionalProperties") if key in part}
                merged["properties"] |= part.get("properties", {})
                merged["required"] += part.get("required", [])
            result.append(merged)
        return result

    def _items_fit(self, producer: dict[str, Json], consumer: dict[str, Json]) -> bool:
        return self.fits(producer.get("items", True), consumer.get("items", True))

    def _members_fit(self, producer: dict[str, Json], consumer: dict[str, Json]) -> bool:
        given, taken = producer["properties"], consumer["properties"]
        others = producer.get("additionalProperties", not given)
        return all(self.fits(given.get(name, others), taken.get(name, True)) for name in consumer["required"])


def _values(schema: Json) -> list[Json] | None:
    if not isinstance(schema, dict):
        return None
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    return values if isinstance(values, list) else None
