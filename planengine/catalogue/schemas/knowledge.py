"""A schema as it can be evaluated when not all is known: a value that another task will give, a regular expression
that is not run.

What cannot be known is replaced, so that the library accepts whatever some completion would satisfy: under ``not``
and in the conditions of ``if`` and ``oneOf`` the other way round, by what every completion satisfies. Where all is
known, nothing is replaced.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from orra.base.strictjson import Json
from planengine.catalogue.schemas.dialects import ANNOTATIONS
from planengine.catalogue.shapes import can_fit, follow, subschemas, types_of

# Not evaluated, and what would swap the validator for the library's own; definitions are gathered anew.
_LEFT_OUT = frozenset(
    ("$schema", "$id", "$anchor", "$dynamicAnchor", "$dynamicRef", "$defs", "definitions", "then", "else")
) | {"minContains", "maxContains"}
_NOTES = frozenset(("pattern", "format", "patternProperties"))
_TOLD = _NOTES | {"$ref"}
_NO_TEXT: Json = {"not": {"type": "string"}}
_NO_MEMBERS: Json = {"maxProperties": 0}
_NO_ITEMS: Json = {"maxItems": 0}

Unseen = Mapping[str, "Awaited"]


@dataclass(frozen=True)
class Awaited:
    """A value that is not known yet, but that satisfies each of these schemas, given with their roots."""

    facts: tuple[tuple[Json, Json], ...] = ()

    def may_satisfy(self, schema: Json, root: Json) -> bool:
        facts = self.facts or ((True, True),)
        return all(can_fit(fact, schema, producer_root=of, consumer_root=root) for fact, of in facts)

    def must_satisfy(self, schema: Json) -> bool:
        """False where it cannot be known from types alone."""
        if not isinstance(schema, dict):
            return schema is True
        said = schema.keys() - ANNOTATIONS
        return not said or (said == {"type"} and self._types <= types_of(schema, schema))

    @cached_property
    def _types(self) -> frozenset[str]:
        every = types_of(True, True)
        return every.intersection(*(types_of(fact, root) for fact, root in self.facts))


def document_of(schema: Json, root: Json, unseen: Unseen | None = None) -> Json:
    """A schema for the library, complete in itself. ``root``: what references are relative to. ``unseen``: the
    members of the object that is evaluated whose values are not known; whatever they hold there counts for
    nothing."""
    return _Reading(root, unseen or {}, notes=_notes(schema, root)).document(schema)


def _notes(schema: Json, root: Json) -> frozenset[str]:
    """Which keywords that are not evaluated count for ``schema``."""
    found = _words_in(schema)
    return (found | _words_in(root) if "$ref" in found else found) & _NOTES


def _words_in(schema: Json) -> frozenset[str]:
    found: frozenset[str] = frozenset()
    stack = [schema]
    while stack:
        part = stack.pop()
        if isinstance(part, dict):
            found |= _TOLD & part.keys()
        stack.extend(member for _, member in subschemas(part))
    return found


class _Reading:
    """``most``: what is not known is taken to be satisfied; else not to be. ``whole``: the schema applies to the
    object whose members may be unseen, and not to something inside it."""

    def __init__(self, root: Json, unseen: Unseen, *, notes: frozenset[str]) -> None:
        self._root, self._unseen = root, unseen
        self._both = bool(notes or unseen)
        self._patterned = "patternProperties" in notes
        self._names: dict[tuple[str, bool, bool], str] = {}
        self._made: dict[tuple[int, bool, bool], Json] = {}

    def document(self, schema: Json) -> Json:
        read = self.read(schema, most=True, whole=True)
        definitions: dict[str, Json] = {}
        while len(definitions) < len(self._names):
            for (reference, most, whole), name in list(self._names.items())[len(definitions) :]:
                definitions[name] = self.read(follow(reference, self._root), most=most, whole=whole)
        return {**read, "$defs": definitions} if definitions else read

    def read(self, schema: Json, *, most: bool, whole: bool) -> Json:
        if not isinstance(schema, dict):
            return schema
        most, whole = most or not self._both, whole and bool(self._unseen)
        key = id(schema), most, whole
        if key not in self._made:
            self._made[key] = self._read(schema, most, whole)
        return self._made[key]

    def _read(self, schema: dict[str, Json], most: bool, whole: bool) -> dict[str, Json]:
        result: dict[str, Json] = {}
        also: list[Json] = []
        for keyword, value in schema.items():
            if keyword in _LEFT_OUT:
                continue
            match keyword:
                case "$ref":
                    result[keyword] = self._reference(value, most, whole)
                case "allOf" | "anyOf":
                    result[keyword] = [self.read(member, most=most, whole=whole) for member in value]
                case "prefixItems":
                    result[keyword] = [self.read(member, most=most, whole=False) for member in value]
                case "dependentSchemas":
                    result[keyword] = {
                        name: self.read(member, most=most, whole=whole) for name, member in value.items()
                    }
                case "items" | "propertyNames":
                    result[keyword] = self.read(value, most=most, whole=False)
                case "not":
                    result[keyword] = self.read(value, most=not most, whole=whole)
                case "oneOf":
                    also += self._one_of(value, most, whole)
                case "if":
                    also.append(self._conditional(schema, most, whole))
                case "contains":
                    also += self._contains(schema, most)
                case "unevaluatedItems" | "unevaluatedProperties":
                    also += self._unevaluated(keyword, value, most, whole, result)
                case "properties" | "additionalProperties" | "patternProperties":
                    pass
                case "const" | "enum" if whole:
                    also.append(self._one_of_these([value] if keyword == "const" else value, most))
                case "pattern" | "format":
                    also += [] if most else [_NO_TEXT]
                case _:
                    result[keyword] = value
        self._members(schema, most, whole, result, also)
        if also:
            result["allOf"] = [*result.get("allOf", ()), *also]
        return result

    def _reference(self, reference: str, most: bool, whole: bool) -> str:
        name = self._names.setdefault((reference, most, whole), str(len(self._names)))
        return f"#/$defs/{name}"

    # --- what counts how many alternatives hold, or asks which

    def _one_of(self, members: Sequence[Json], most: bool, whole: bool) -> list[Json]:
        may = [self.read(member, most=True, whole=whole) for member in members]
        if not self._both:
            return [{"oneOf": may}]
        must = [self.read(member, most=False, whole=whole) for member in members]
        if most:
            return [{"anyOf": may}, {"anyOf": [{"oneOf": must}, {"not": {"anyOf": must}}]}]
        return [{"anyOf": must}, {"oneOf": may}]

    def _conditional(self, schema: dict[str, Json], most: bool, whole: bool) -> Json:
        holds = self.read(schema["if"], most=most, whole=whole)
        fails = {"not": self.read(schema["if"], most=not most, whole=whole)}
        then, otherwise = (
            self.read(schema.get(keyword, True), most=most, whole=whole) for keyword in ("then", "else")
        )
        if not self._both:
            return {"if": holds, "then": then, "else": otherwise}
        return {"anyOf": [{"allOf": [holds, then]}, {"allOf": [fails, otherwise]}]}

    def _contains(self, schema: dict[str, Json], most: bool) -> list[Json]:
        enough: Json = {"contains": self.read(schema["contains"], most=most, whole=False)}
        not_many: Json = {"contains": self.read(schema["contains"], most=not most, whole=False), "minContains": 0}
        least = {"minContains": schema["minContains"]} if "minContains" in schema else {}
        if "maxContains" not in schema:
            return [enough | least]
        return [enough | least, not_many | {"maxContains": schema["maxContains"]}]

    # --- members

    def _members(
        self, schema: dict[str, Json], most: bool, whole: bool, result: dict[str, Json], also: list[Json]
    ) -> None:
        named = schema.get("properties", {})
        unseen = self._unseen if whole else {}
        members = {name: self._member(name, member, most, name in unseen) for name, member in named.items()}
        if "patternProperties" in schema:  # whose members these are, only a regular expression tells
            also += [] if most else [_NO_MEMBERS]
        elif "additionalProperties" in schema:
            others = schema["additionalProperties"]
            members |= {name: self._member(name, others, most, True) for name in unseen if name not in named}
            result["additionalProperties"] = self.read(others, most=most, whole=False)
        if members or "properties" in schema:
            result["properties"] = members

    def _unevaluated(
        self, keyword: str, others: Json, most: bool, whole: bool, result: dict[str, Json]
    ) -> list[Json]:
        """What is left to judge depends on which alternatives hold: with ``most`` that is never too much."""
        if self._both and not most:
            return [_NO_MEMBERS if keyword == "unevaluatedProperties" else _NO_ITEMS]
        unclear = keyword == "unevaluatedProperties" and (self._patterned or (whole and others is not False))
        if not unclear:
            result[keyword] = self.read(others, most=most, whole=False)
        return []

    def _member(self, name: str, schema: Json, most: bool, is_unseen: bool) -> Json:
        if not is_unseen:
            return self.read(schema, most=most, whole=False)
        awaited = self._unseen[name]
        return awaited.may_satisfy(schema, self._root) if most else awaited.must_satisfy(schema)

    def _one_of_these(self, values: Sequence[Json], most: bool) -> Json:
        objects = [value for value in values if isinstance(value, dict)]
        return {"anyOf": [self._equal_to(each, most) for each in objects]} if objects else False

    def _equal_to(self, value: dict[str, Json], most: bool) -> Json:
        members = {
            name: self._member(name, {"const": member}, most, name in self._unseen)
            for name, member in value.items()
        }
        return {"properties": members, "required": list(value), "maxProperties": len(value)}
