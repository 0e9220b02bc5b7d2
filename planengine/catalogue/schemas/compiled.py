"""The schema of an object, compiled: its fields, which of them are required, and its rules."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain
from typing import Any

from orra.base.strictjson import Json, canonical
from planengine.catalogue.sample_values import samples
from planengine.catalogue.schemas.dialects import ANNOTATIONS, as_draft_2020
from planengine.catalogue.schemas.evaluation import faults, refuses, validator_of
from planengine.catalogue.schemas.knowledge import Awaited, document_of
from planengine.catalogue.schemas.rules import Rule, only_value, rules_of
from planengine.catalogue.shapes import ALL_TYPES, can_fit, conjuncts, types_of, values_named

_KEPT = 64


def value_faults(schema: Json, value: Json, *, root: Json = None) -> list[str]:
    """What ``schema`` refuses about ``value``, at most five sentences; empty when accepted. Never raises for a
    checked schema.

    ``root`` is the document that local references are relative to, ``schema`` itself when not given.
    """
    return faults(validator_of(document_of(schema, schema if root is None else root)), value)


@dataclass(frozen=True, eq=False)
class Field:
    """The compiled schema of one top-level property; ``root`` is the document its references are relative to.

    ``alternatives``: what branches of the object's schema say of it besides. ``in_branches``: nothing but branches
    declares it, so that only its type is certain; whether a value is right depends on the object."""

    schema: Json
    root: Json
    alternatives: tuple[Json, ...] = ()
    in_branches: bool = False

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
        said = [values_named(self.schema, self.root, keywords=("enum",))]
        said += [
            values_named(each, self.root, keywords=("const", "default", "enum")) for each in self.alternatives
        ]
        return self.fixed + tuple(chain.from_iterable(said))

    @cached_property
    def samples(self) -> tuple[Json, ...]:
        """Values that a request could have in its text for it; none where there is no such value."""
        return samples(self.schema, self.root)

    def faults(self, value: Json) -> list[str]:
        return faults(self._validator, value)

    def takes(self, producer: Field) -> bool:
        """False only when no value of ``producer`` can be right here."""
        return can_fit(producer.schema, self.schema, producer_root=producer.root, consumer_root=self.root)

    @cached_property
    def _validator(self) -> Any:
        schema = self.schema
        if self.in_branches:
            schema = {"type": sorted(self.types)} if self.types != ALL_TYPES else True
        return validator_of(document_of(schema, self.root))


class ObjectSchema:
    """The fields of an object and its rules. ``bare_is_open``: a schema that says nothing of its members takes
    any."""

    def __init__(self, schema: Mapping[str, Json], *, bare_is_open: bool = False) -> None:
        root: dict[str, Json] = as_draft_2020(dict(schema))
        own: dict[str, list[Json]] = {}
        required: dict[str, None] = {}
        for part in conjuncts(root, root):
            for name, declared in part.get("properties", {}).items():
                own.setdefault(name, []).append(declared)
            required |= dict.fromkeys(part.get("required", ()))
        branches = list(branches_of(root))
        self._declared = _declared(part for part, asked in branches if not asked)
        self._asked = _declared(part for part, asked in branches if asked)
        named = dict.fromkeys((*required, *self._declared, *self._asked, *_named(root, branches)))
        self.root = root
        self.required = tuple(required)
        self._own = {name: _all(each) for name, each in own.items()}
        self.properties: Mapping[str, Json] = self._own | {
            name: _any(self._declared.get(name, [])) for name in named if name not in self._own
        }
        self._others: Json = _others(root, [part for part, _ in branches], bare_is_open and not self.properties)
        self._fields: dict[str, Field] = {}
        self._rule_validators: dict[frozenset[tuple[str, Field | None]], list[Any]] = {}

    @property
    def is_open(self) -> bool:
        """Whether it takes members that it does not name."""
        return self._others is not False

    @property
    def others(self) -> Json:
        """The schema of members that it does not name; false when it takes none."""
        return self._others

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        return rules_of(self.root, self.properties)

    @cached_property
    def settled(self) -> frozenset[str]:
        """The members for which the schema leaves no choice of a value."""
        return frozenset(name for name, schema in self.properties.items() if only_value(schema, self.root))

    @property
    def declared(self) -> tuple[str, ...]:
        """The members that it describes or requires, without those that its rules merely ask for."""
        return tuple(dict.fromkeys((*self._own, *self._declared, *self.required)))

    def is_in_branches(self, name: str) -> bool:
        """Whether a member is declared in branches only."""
        return name in self.properties and name not in self._own

    def field(self, name: str) -> Field | None:
        """The property of this name. One that is not declared exists only if others are welcome."""
        found = self._fields.get(name)
        if found is None and (name in self.properties or self._others is not False):
            said = (*self._declared.get(name, ()), *self._asked.get(name, ()))
            schema = self.properties.get(name, self._others)
            found = Field(schema, self.root, said, self.is_in_branches(name))
            if name in self.properties:
                self._fields[name] = found
        return found

    def broken(self, values: Mapping[str, Json], awaited: Mapping[str, Field | None]) -> list[Rule]:
        """The rules that an object breaks whose members have these ``values``, or values that are not known yet:
        ``awaited`` says what gives them, if that is known. Where it depends on these, a rule is taken to be
        kept."""
        if not self.rules:
            return []
        known = {name: value for name, value in values.items() if self.field(name) is not None}
        unseen = {name: giver for name, giver in awaited.items() if self.field(name) is not None}
        instance = known | dict.fromkeys(unseen)
        validators = self._judges(unseen)
        judged = zip(self.rules, validators, strict=True)
        return [rule for rule, judge in judged if refuses(judge, instance, undecided=not unseen)]

    def _judges(self, unseen: Mapping[str, Field | None]) -> list[Any]:
        key = frozenset(unseen.items())
        judges = self._rule_validators.get(key)
        if judges is None:
            awaited = {name: self._awaited(name, giver) for name, giver in unseen.items()}
            judges = [validator_of(document_of(rule.schema, self.root, awaited)) for rule in self.rules]
            if len(self._rule_validators) >= _KEPT:
                self._rule_validators.clear()
            self._rule_validators[key] = judges
        return judges

    def _awaited(self, name: str, giver: Field | None) -> Awaited:
        declared = [(self._own[name], self.root)] if name in self._own else []
        return Awaited((*declared, *([(giver.schema, giver.root)] if giver else [])))


def compile_schema(schema: Mapping[str, Json]) -> ObjectSchema:
    """The compiled form of a checked schema, kept for the next time the same text comes by."""
    return _compile(json.dumps(schema), False)


def compile_input_schema(schema: Mapping[str, Json]) -> ObjectSchema:
    """The same for what a service takes: where its schema says nothing of its members, it takes any."""
    return _compile(json.dumps(schema), True)


@lru_cache(maxsize=512)
def _compile(text: str, bare_is_open: bool) -> ObjectSchema:
    return ObjectSchema(json.loads(text), bare_is_open=bare_is_open)


def branches_of(root: Json) -> Iterator[tuple[dict[str, Json], bool]]:
    """The parts of a schema that hold in some cases only, and whether each is a mere condition."""
    stack = [(member, asked) for part in conjuncts(root, root) for member, asked in _branches(part)]
    stack.reverse()
    seen: set[tuple[int, bool]] = set()
    while stack:
        branch, asked = stack.pop()
        for part in conjuncts(branch, root):
            if (id(part), asked) not in seen:
                seen.add((id(part), asked))
                yield part, asked
                stack += [(member, asked or more) for member, more in reversed(list(_branches(part)))]


def _branches(part: Mapping[str, Json]) -> Iterator[tuple[Json, bool]]:
    for keyword in ("anyOf", "oneOf"):
        yield from ((member, False) for member in part.get(keyword, ()))
    if "if" in part:
        yield part["if"], True
        yield from ((part[keyword], False) for keyword in ("then", "else") if keyword in part)
    yield from ((member, False) for member in part.get("dependentSchemas", {}).values())


def _declared(parts: Iterable[dict[str, Json]]) -> dict[str, list[Json]]:
    """What parts of a schema say of each member that may be given."""
    found: dict[str, list[Json]] = {}
    for part in parts:
        for name, schema in part.get("properties", {}).items():
            if schema is not False:
                found.setdefault(name, []).append(schema)
    return found


def _named(root: Json, branches: list[tuple[dict[str, Json], bool]]) -> Iterator[str]:
    """The members that rules and branches ask for, whether these are declared or not."""
    for part in (*conjuncts(root, root), *(part for part, _ in branches)):
        yield from part.get("required", ())
        for name, needed in part.get("dependentRequired", {}).items():
            yield from (name, *needed)


def _all(schemas: list[Json]) -> Json:
    return schemas[0] if len(schemas) == 1 else {"allOf": schemas}


def _any(schemas: list[Json]) -> Json:
    distinct = list({canonical(schema): schema for schema in schemas}.values())
    if not distinct or any(schema is True or not schema.keys() - ANNOTATIONS for schema in distinct):
        return True
    if len(distinct) == 1:
        return distinct[0]
    listed = [_listed(schema) for schema in distinct]
    return {"anyOf": distinct} if None in listed else {"enum": [value for each in listed for value in each or ()]}


def _listed(schema: Json) -> list[Json] | None:
    """The values of a schema that does nothing but list them."""
    said = schema.keys() - ANNOTATIONS - {"type"}
    return [schema["const"]] if said == {"const"} else list(schema["enum"]) if said == {"enum"} else None


def _others(root: Json, branches: list[dict[str, Json]], bare_is_open: bool) -> Json:
    """The schema of members that are not named; false when there may be none."""
    parts = list(conjuncts(root, root))
    said: list[Json] = []
    for part in parts:
        if "patternProperties" in part:  # which members it means, only a regular expression tells
            said.append(True)
        elif "additionalProperties" in part:
            said.append(part["additionalProperties"])
        elif "unevaluatedProperties" in part:
            said.append(part["unevaluatedProperties"])
    if said:
        return False if any(each is False for each in said) else _all(said)
    if any(part.get("additionalProperties", False) is not False for part in branches):
        return True
    return bare_is_open and not any("properties" in part for part in (*parts, *branches))
