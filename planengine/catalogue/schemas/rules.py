"""What a schema says of an object as a whole: which members go together, how many there are, what they are called.

A schema of several parts (``$ref``, ``allOf``) has the rules of each. A rule is told in words, for people and
models, and it is judged by the library, also when not all of the object's values are known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice

from orra.base.strictjson import Json
from planengine.catalogue.schemas.wording import alternatives, condition, names_said, names_together, plainly
from planengine.catalogue.shapes import conjuncts

_MAX_RULES = 50
_MAX_WAYS = 8


@dataclass(frozen=True)
class Way:
    """One way to keep a rule: these members are there, and those that are ``fixed`` have this value."""

    required: frozenset[str]
    fixed: Mapping[str, Json] = field(default_factory=dict)

    @property
    def given(self) -> frozenset[str]:
        """The members whose values must come from somewhere else than the schema."""
        return self.required - self.fixed.keys()


@dataclass(frozen=True, eq=False)
class Rule:
    """``schema`` is what the object as a whole must satisfy, ``words`` say it in a sentence, ``names`` are the
    members of which it speaks. ``ways`` to keep it are known for alternatives and dependencies; ``needs_one``: it
    cannot be kept in another way."""

    schema: Json
    words: str
    names: tuple[str, ...] = ()
    ways: tuple[Way, ...] = ()
    needs_one: bool = False


def rules_of(root: Json, declared: Collection[str]) -> tuple[Rule, ...]:
    """The rules of an object's schema, beside what it says of each member alone and which ones it requires.
    ``declared``: the members that it names, in whichever part."""
    parts = list(conjuncts(root, root))
    rules = list(chain.from_iterable(_rules(part, root, declared) for part in parts))
    told, more = rules[:_MAX_RULES], rules[_MAX_RULES:]
    together = Rule({"allOf": [rule.schema for rule in more]}, f"Keep {len(more)} more rules of its input schema.")
    return (*told, *([together] if more else []))


def ways_of(schemas: Iterable[Json], root: Json) -> tuple[Way, ...]:
    return tuple(_way(schema, root) for schema in islice(schemas, _MAX_WAYS))


def _way(schema: Json, root: Json) -> Way:
    required: set[str] = set()
    fixed: dict[str, Json] = {}
    for part in conjuncts(schema, root):
        required.update(part.get("required", ()))
        for name, member in part.get("properties", {}).items():
            only = only_value(member, root)
            fixed |= {name: only[0]} if only else {}
    return Way(frozenset(required), {name: value for name, value in fixed.items() if name in required})


def only_value(schema: Json, root: Json) -> list[Json]:
    """The one value that a schema allows, if it allows only one."""
    for part in conjuncts(schema, root):
        if "const" in part:
            return [part["const"]]
        if isinstance(part.get("enum"), list) and len(part["enum"]) == 1:
            return list(part["enum"])
    return []


def _rules(part: Mapping[str, Json], root: Json, declared: Collection[str]) -> Iterator[Rule]:
    for keyword in ("anyOf", "oneOf"):
        if keyword in part:
            members = part[keyword]
            ways = ways_of(members, root) if len(members) <= _MAX_WAYS else ()
            yield _rule({keyword: members}, alternatives(keyword, members, root), root, ways, needs_one=True)
    if "not" in part:
        said = condition(part["not"], root)
        together = names_together(part["not"])
        words = f"Do not give {plainly(together)}{' together' if together[1:] else ''}." if together else ""
        yield _rule({"not": part["not"]}, words or f"This must not hold: {said}.", root)
    if "if" in part and ("then" in part or "else" in part):
        yield _conditional(part, root)
    yield from _dependencies(part, root)
    yield from _counts(part)
    if "propertyNames" in part:
        words = f"Every input's name must fit {condition(part['propertyNames'], root, of='name')}."
        yield _rule({"propertyNames": part["propertyNames"]}, words, root)
    for keyword in ("const", "enum"):
        if keyword in part:
            values = [part[keyword]] if keyword == "const" else part[keyword]
            said = condition({"enum": values}, root, of="object")
            yield _rule({keyword: part[keyword]}, f"All inputs together must fit {said}.", root)
    yield from _about_others(part, root, set(declared))


def _rule(schema: Json, words: str, root: Json, ways: tuple[Way, ...] = (), *, needs_one: bool = False) -> Rule:
    return Rule(schema, words, names_said(schema, root), ways, needs_one)


def _conditional(part: Mapping[str, Json], root: Json) -> Rule:
    said = {keyword: part[keyword] for keyword in ("if", "then", "else") if keyword in part}
    then, otherwise = (condition(said[keyword], root) if keyword in said else "" for keyword in ("then", "else"))
    words = f"If {condition(said['if'], root)}, then {then or 'nothing more is asked'}."
    words += f" Otherwise {otherwise}." if otherwise else ""
    return _rule(said, words, root, ways_of((said[each] for each in ("then", "else") if each in said), root))


def _dependencies(part: Mapping[str, Json], root: Json) -> Iterator[Rule]:
    for name, needed in part.get("dependentRequired", {}).items():
        if needed:
            words = f"With {plainly([name])} give {plainly(needed)} too."
            schema = {"dependentRequired": {name: needed}}
            yield Rule(schema, words, (name, *needed), (Way(frozenset(needed)),))
    for name, dependent in part.get("dependentSchemas", {}).items():
        words = f"With {plainly([name])}: {condition(dependent, root)}."
        schema = {"dependentSchemas": {name: dependent}}
        yield Rule(schema, words, (name, *names_said(dependent, root)), ways_of([dependent], root))


def _counts(part: Mapping[str, Json]) -> Iterator[Rule]:
    for keyword, bound in (("minProperties", "at least"), ("maxProperties", "at most")):
        count = part.get(keyword)
        if count is not None and not (keyword == "minProperties" and count == 0):
            number = int(count)
            yield Rule({keyword: count}, f"Give {bound} {number} input{'' if number == 1 else 's'}.")


def _about_others(part: Mapping[str, Json], root: Json, declared: set[str]) -> Iterator[Rule]:
    """Parts that refuse what other parts declare. What no part declares is judged by its name alone."""
    own = part.get("properties", {})
    others = part.get("additionalProperties", True)
    if others is not True and "patternProperties" not in part and not declared <= own.keys():
        schema = {"properties": dict.fromkeys(own, True), "additionalProperties": others}
        words = f"Beside {plainly(own)} every input must fit {condition(others, root, of='value')}."
        yield Rule(schema, words if others is not False else f"Give no inputs but {plainly(own)}.")
    if part.get("unevaluatedProperties", True) is not True:
        rest = {keyword: value for keyword, value in part.items() if keyword != "unevaluatedProperties"}
        yield Rule({"if": rest, "then": dict(part)}, "Give no inputs but those of the alternatives that hold.")
