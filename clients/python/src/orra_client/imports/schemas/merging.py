"""One level of a schema: what its ``$ref`` and ``allOf`` say together, in the words of JSON Schema 2020-12.

What parts say of the same value is merged: types and ``enum`` are what all allow, bounds the narrowest, members
the union, each with all that is said of it. ``additionalProperties: false`` in one of several parts is left out,
since it would refuse what the others declare. Two ``anyOf`` (or ``oneOf``, ``not``, ``if``) stay apart in an
``allOf``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from orra_client.imports.documents import Document
from orra_client.imports.schemas.keywords import KEPT, LISTED, NAMED, ONE, TYPES, is_schema
from orra_client.imports.services import Json, Refused
from orra_client.imports.texts import plain

MOST_NOTE_CHARACTERS = 300
_NESTED = frozenset((*ONE, *LISTED, *NAMED))
_WIDER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains")
_NARROWER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains")
_TOGETHER = (("anyOf",), ("oneOf",), ("not",), ("if", "then", "else"))
_NOT_MERGED = frozenset(keyword for group in _TOGETHER for keyword in group)


@dataclass(frozen=True, eq=False)
class Level:
    """``said``: the keywords, of which those that hold schemas hold them as the document has them. ``dropped``:
    keywords that were no JSON Schema. ``never``: no value is right."""

    said: Mapping[str, Json]
    dropped: frozenset[str] = frozenset()
    never: bool = False
    read_only: bool = False
    write_only: bool = False

    @cached_property
    def short(self) -> Mapping[str, Json]:
        """Without what is nested."""
        left_out = _NESTED | {"required", "dependentRequired"} if self.has_nested else _NESTED
        return {keyword: value for keyword, value in self.said.items() if keyword not in left_out}

    @cached_property
    def bare(self) -> Mapping[str, Json]:
        """:attr:`short` without its description."""
        return {keyword: value for keyword, value in self.short.items() if keyword != "description"}

    @cached_property
    def cost(self) -> int:
        """The characters of :attr:`short`."""
        return len(json.dumps(self.short, ensure_ascii=False))

    @cached_property
    def bare_cost(self) -> int:
        return len(json.dumps(self.bare, ensure_ascii=False))

    @property
    def has_nested(self) -> bool:
        return any(keyword in self.said for keyword in _NESTED)

    @property
    def properties(self) -> Mapping[str, Json]:
        found: Mapping[str, Json] = self.said.get("properties", {})
        return found

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(self.said.get("required", ()))


class Reader:
    """Reads levels of a document's schemas, each once."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._known: dict[int, tuple[Json, Level]] = {}

    def level(self, schema: Json) -> Level:
        """Raises :class:`Refused` for references that lead nowhere, and for what is no schema."""
        schema = self._behind(schema)
        found = self._known.get(id(schema))
        if found is None:
            # The schema is kept beside its level: another could have its id otherwise.
            found = self._known[id(schema)] = (schema, self._read(schema))
        return found[1]

    def types(self, schema: Json, hops: int = 6) -> frozenset[str]:
        """The types that a value may have, as far as the schema says."""
        level = self.level(schema)
        if level.never:
            return frozenset()
        result = _own_types(level.said)
        for keyword in ("anyOf", "oneOf"):
            if keyword in level.said and hops:
                result &= frozenset().union(*(self.types(each, hops - 1) for each in level.said[keyword]))
        if "allOf" in level.said and hops:
            for each in level.said["allOf"]:
                result &= self.types(each, hops - 1)
        return result

    def _behind(self, schema: Json) -> Json:
        """What a schema that is nothing but a reference stands for: one level, from wherever it is referred to."""
        seen: set[int] = set()
        while isinstance(schema, dict) and "$ref" in schema and (self._document.is_3_0 or len(schema) == 1):
            if id(schema) in seen:
                return {}
            seen.add(id(schema))
            schema = self._document.resolve(schema["$ref"])
        return schema

    def _read(self, schema: Json) -> Level:
        said: dict[str, Json] = {}
        dropped: set[str] = set()
        nullable = never = False
        parts = list(self._parts(schema))
        declared = sum(1 for part in parts if isinstance(part, dict) and "properties" in part)
        for part in parts:
            if part is True:
                continue
            if part is False:
                never = True
                continue
            nullable |= part.get("nullable") is True
            cleaned = _cleaned(part, dropped)
            if declared > 1 and cleaned.get("additionalProperties") is False:
                del cleaned["additionalProperties"]
            _merge(said, cleaned, dropped)
        if nullable:
            said = _or_null(said)
        if "type" not in said and "properties" in said and not _NOT_MERGED & said.keys():
            said["type"] = "object"
        return Level(
            said,
            frozenset(dropped),
            never,
            read_only=any(isinstance(part, dict) and part.get("readOnly") is True for part in parts),
            write_only=any(isinstance(part, dict) and part.get("writeOnly") is True for part in parts),
        )

    def _parts(self, schema: Json) -> Iterator[Json]:
        stack, seen = [schema], set[int]()
        while stack:
            part = stack.pop()
            if isinstance(part, bool):
                yield part
                continue
            if not isinstance(part, dict):
                raise Refused("malformed", "A schema in it is no object.")
            if id(part) in seen:
                continue
            seen.add(id(part))
            if "$ref" not in part:
                yield part
            elif self._document.is_3_0:
                stack.append(self._document.resolve(part["$ref"]))
                continue
            else:
                yield part
                stack.append(self._document.resolve(part["$ref"]))
            if isinstance(part.get("allOf"), list):
                stack.extend(reversed(part["allOf"]))


def _cleaned(part: Mapping[str, Json], dropped: set[str]) -> dict[str, Json]:
    """The keywords that are kept, as 2020-12 has them."""
    result: dict[str, Json] = {}
    for keyword, value in part.items():
        if keyword == "allOf":
            continue
        if keyword == "items" and isinstance(value, list):
            keyword = "prefixItems"
        check = KEPT.get(keyword)
        if check is None:
            continue
        if keyword in ("exclusiveMinimum", "exclusiveMaximum") and isinstance(value, bool):
            continue
        if check(value):
            result[keyword] = value
        else:
            _repair(result, keyword, value, dropped)
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if part.get(exclusive) is True and bound in result:
            result[exclusive] = result.pop(bound)
    for keyword in ("required", "enum"):
        if keyword in result:
            result[keyword] = _without_doubles(result[keyword])
    if isinstance(result.get("type"), list):
        result["type"] = _written(frozenset(result["type"]))
    if "description" in result:
        result["description"] = plain(result["description"], MOST_NOTE_CHARACTERS)
        if not result["description"]:
            del result["description"]
    return result


def _repair(result: dict[str, Json], keyword: str, value: Json, dropped: set[str]) -> None:
    """Keeps what can be kept of a keyword that is not as JSON Schema has it."""
    if keyword == "properties" and isinstance(value, dict):
        result[keyword] = {name: member for name, member in value.items() if is_schema(member)}
    elif keyword == "type" and isinstance(value, list):
        known = [each for each in value if isinstance(each, str) and each in TYPES]
        if known:
            result[keyword] = known
    if not (keyword == "enum" and value == []):
        dropped.add(keyword)


def _merge(said: dict[str, Json], part: Mapping[str, Json], dropped: set[str]) -> None:
    for group in _TOGETHER:
        given = {keyword: part[keyword] for keyword in group if keyword in part}
        if not given:
            continue
        if any(keyword in said for keyword in group):
            said.setdefault("allOf", []).append(given)
        else:
            said.update(given)
    for keyword, value in part.items():
        if keyword in _NOT_MERGED:
            continue
        if keyword not in said:
            said[keyword] = _copied(value)
        else:
            _merge_keyword(said, keyword, value, dropped)


def _merge_keyword(said: dict[str, Json], keyword: str, value: Json, dropped: set[str]) -> None:
    held = said[keyword]
    if keyword == "type":
        both = _own_types({"type": held}) & _own_types({"type": value})
        if both:
            said["type"] = _written(both)
        else:
            dropped.add(keyword)
    elif keyword == "enum":
        allowed = {json.dumps(each, sort_keys=True) for each in value}
        left = [each for each in held if json.dumps(each, sort_keys=True) in allowed]
        if left:
            said["enum"] = left
        else:
            dropped.add(keyword)
    elif keyword == "required":
        said["required"] = _without_doubles([*held, *value])
    elif keyword in _WIDER:
        said[keyword] = max(held, value)
    elif keyword in _NARROWER:
        said[keyword] = min(held, value)
    elif keyword == "uniqueItems":
        said[keyword] = held or value
    elif keyword in NAMED:
        for name, schema in value.items():
            held[name] = _both(held[name], schema) if name in held else schema
    elif keyword == "dependentRequired":
        for name, needed in value.items():
            held[name] = _without_doubles([*held.get(name, []), *needed])
    elif keyword in ONE:
        said[keyword] = _both(held, value)


def _both(one: Json, other: Json) -> Json:
    if one is other or one == other:
        return one
    if other is True or one is False:
        return one
    return other if one is True or other is False else {"allOf": [one, other]}


def _or_null(said: dict[str, Json]) -> dict[str, Json]:
    if "type" in said:
        said["type"] = _written(_own_types({"type": said["type"]}) | {"null"})
    for keyword in ("anyOf", "oneOf"):
        if keyword in said:
            said[keyword] = [*said[keyword], {"type": "null"}]
    if "const" in said:
        said.setdefault("enum", [said.pop("const")])
    if "enum" in said and None not in said["enum"]:
        said["enum"] = [*said["enum"], None]
    return said


def _own_types(said: Mapping[str, Json]) -> frozenset[str]:
    result = TYPES
    if "type" in said:
        named = said["type"] if isinstance(said["type"], list) else [said["type"]]
        result = frozenset(named)
        result |= {"integer"} if "number" in result else frozenset()
    values = [said["const"]] if "const" in said else said.get("enum")
    if values is not None:
        result &= frozenset(name for value in values for name in _types_of_value(value))
    return result


def _types_of_value(value: Json) -> tuple[str, ...]:
    if isinstance(value, bool):
        return ("boolean",)
    if isinstance(value, int | float):
        return ("integer", "number") if isinstance(value, int) or value.is_integer() else ("number",)
    if value is None:
        return ("null",)
    return ("string",) if isinstance(value, str) else ("array",) if isinstance(value, list) else ("object",)


def _written(types: frozenset[str]) -> Json:
    named = sorted(
        types - ({"integer"} if "number" in types else frozenset()), key=lambda each: (each == "null", each)
    )
    return named[0] if len(named) == 1 else named


def _copied(value: Json) -> Json:
    """What is merged into is not the document's own."""
    return dict(value) if isinstance(value, dict) else list(value) if isinstance(value, list) else value


def _without_doubles(values: list[Json]) -> list[Json]:
    return list({json.dumps(each, sort_keys=True): each for each in values}.values())
