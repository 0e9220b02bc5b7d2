"""Conditions of an object in words: ``'kind' is "company" and 'vat_id' is given``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from orra.base.strictjson import Json
from orra.base.text import quote, quote_all, shorten, show
from planengine.catalogue.schemas.dialects import ANNOTATIONS
from planengine.catalogue.shapes import ALL_TYPES, IN_PLACE, conjuncts, follow, subschemas, type_names, types_of

_MAX_WORDS = 400
_MAX_CLAUSES = 8
_MAX_DEPTH = 2
_MAX_NAMES = 50
_COUNTS = {"minProperties": "at least", "maxProperties": "at most"}


def plainly(names: Iterable[str], last: str = "and") -> str:
    """``'a', 'b' and 'c'``."""
    every = list(names)
    if not 2 <= len(every) <= _MAX_CLAUSES:
        return quote_all(every)
    return f"{quote_all(every[:-1])} {last} {quote(every[-1])}"


def condition(schema: Json, root: Json, *, of: str = "", depth: int = 0) -> str:
    """What ``schema`` asks of an object's members; with ``of``, what it asks of a ``name``, a ``value`` or the
    whole ``object``, as JSON."""
    if of or depth > _MAX_DEPTH:
        return show(schema, _MAX_WORDS)
    if not isinstance(schema, dict):
        return "nothing holds" if schema is False else "anything holds"
    told = list(_clauses(schema, root, depth)) or list(_types(schema, root))
    if not told:
        said = {key: value for key, value in schema.items() if key not in ANNOTATIONS and key != "type"}
        return f"the inputs fit {show(said, _MAX_WORDS)}" if said else "anything holds"
    more = [f"{len(told) - _MAX_CLAUSES} more conditions hold"] if len(told) > _MAX_CLAUSES else []
    return shorten(" and ".join([*told[:_MAX_CLAUSES], *more]), _MAX_WORDS)


def alternatives(keyword: str, members: Sequence[Json], root: Json) -> str:
    """The sentence for ``anyOf`` or ``oneOf``."""
    how_many = "exactly one" if keyword == "oneOf" else "at least one"
    conditions = [condition(member, root, depth=1) for member in members[:_MAX_CLAUSES]]
    names = [name for member in members for name in names_said(member, root)]
    if conditions == [f"{quote(name)} is given" for name in names]:
        return f"Give {how_many} of {plainly(names)}."
    more = "; …" if len(members) > _MAX_CLAUSES else ""
    numbered = "; ".join(f"({number}) {each}" for number, each in enumerate(conditions, start=1))
    return f"{how_many.capitalize()} of these must hold: {numbered}{more}."


def names_together(schema: Json) -> Sequence[str]:
    """The members that a schema requires, when it asks for nothing else; empty when it asks for more."""
    if not isinstance(schema, dict) or schema.keys() - ANNOTATIONS - {"type"} != {"required"}:
        return ()
    return tuple(schema["required"])


def names_said(schema: Json, root: Json) -> tuple[str, ...]:
    """The members of an object of which a schema speaks, at most fifty."""
    found: dict[str, None] = {}
    stack, seen = [schema], set[int]()
    while stack and len(found) < _MAX_NAMES:
        part = stack.pop()
        if not isinstance(part, dict) or id(part) in seen:
            continue
        seen.add(id(part))
        found |= dict.fromkeys(part.get("required", ()))
        for name, needed in part.get("dependentRequired", {}).items():
            found |= dict.fromkeys((name, *needed))
        found |= dict.fromkeys(part.get("dependentSchemas", ()))
        found |= dict.fromkeys(part.get("properties", ()))
        stack += reversed([member for steps, member in subschemas(part) if steps[0] in IN_PLACE])
        stack += [follow(part["$ref"], root)] if "$ref" in part else []
    return tuple(found)


def _clauses(schema: Json, root: Json, depth: int) -> Iterator[str]:
    parts = list(conjuncts(schema, root))
    valued: dict[str, str] = {}
    for part in parts:
        for name, member in part.get("properties", {}).items():
            said = _of_member(name, member, root)
            valued |= {name: said} if said else {}
    yield from valued.values()
    required = dict.fromkeys(name for part in parts for name in part.get("required", ()) if name not in valued)
    if required:
        yield f"{plainly(required)} {'is' if len(required) == 1 else 'are'} given"
    for part in parts:
        yield from _of_part(part, root, depth + 1)


def _types(schema: Json, root: Json) -> Iterator[str]:
    for part in conjuncts(schema, root):
        for name, member in part.get("properties", {}).items():
            types = types_of(member, root)
            if types != ALL_TYPES:
                yield f"{quote(name)} is {type_names(types)}"


def _of_part(part: dict[str, Json], root: Json, depth: int) -> Iterator[str]:
    for keyword in ("anyOf", "oneOf"):
        if keyword in part:
            members = [condition(member, root, depth=depth) for member in part[keyword][:_MAX_CLAUSES]]
            how_many = "exactly one" if keyword == "oneOf" else "at least one"
            yield f"{how_many} of ({'; '.join(members)})"
    if "not" in part:
        yield f"not ({condition(part['not'], root, depth=depth)})"
    if "if" in part:
        then, otherwise = (condition(part.get(each, True), root, depth=depth) for each in ("then", "else"))
        yield f"(if {condition(part['if'], root, depth=depth)}, then {then}, otherwise {otherwise})"
    for name, needed in part.get("dependentRequired", {}).items():
        yield f"with {quote(name)} also {plainly(needed)}"
    for name, dependent in part.get("dependentSchemas", {}).items():
        yield f"with {quote(name)} ({condition(dependent, root, depth=depth)})"
    for keyword, bound in _COUNTS.items():
        if keyword in part:
            yield f"{bound} {part[keyword]} inputs are given"
    for keyword in ("additionalProperties", "unevaluatedProperties"):
        if part.get(keyword) is False and part.get("properties"):
            yield f"no inputs but {plainly(part['properties'])} are given"


def _of_member(name: str, schema: Json, root: Json) -> str:
    """What is asked of a member's value; nothing for its type, which is told with the inputs."""
    if schema is False:
        return f"{quote(name)} is not given"
    said: dict[str, Json] = {}
    for part in conjuncts(schema, root):
        said |= {key: value for key, value in part.items() if key not in ANNOTATIONS | {"type", "$ref", "allOf"}}
    if not said:
        return ""
    if said.keys() == {"const"}:
        return f"{quote(name)} is {show(said['const'])}"
    if said.keys() == {"enum"} and len(said["enum"]) <= _MAX_CLAUSES:
        return f"{quote(name)} is {' or '.join(show(value) for value in said['enum'])}"
    if said.keys() == {"not"} and isinstance(said["not"], dict) and said["not"].keys() == {"const"}:
        return f"{quote(name)} is not {show(said['not']['const'])}"
    return f"{quote(name)} fits {show(said, 120)}"
