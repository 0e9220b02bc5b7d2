"""Which schemas a service may have for its input or output; what is refused comes with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from orra.base.strictjson import InvalidJson, Json, canonical, check
from orra.base.text import quote
from planengine.catalogue.errors import SchemaInvalid
from planengine.catalogue.schemas.compiled import compile_input_schema
from planengine.catalogue.schemas.dialects import as_draft_2020
from planengine.catalogue.schemas.evaluation import sentence
from planengine.catalogue.shapes import ALL_TYPES, IN_PLACE, conjuncts, follow, pointer, subschemas, types_of

MAX_CHARACTERS = 100_000
MAX_DEPTH = 40
MAX_SUBSCHEMAS = 2_000

_meta_schema = Draft202012Validator(Draft202012Validator.META_SCHEMA)


def check_schema(schema: Json) -> None:
    """Raises :class:`SchemaInvalid` unless ``schema`` is one that a service may have for its input or output."""
    if not isinstance(schema, dict):
        raise SchemaInvalid("A schema must be a JSON object.", "")
    try:
        check(schema, max_depth=MAX_DEPTH)
    except InvalidJson as error:
        raise SchemaInvalid(str(error), "") from None
    if len(canonical(schema)) > MAX_CHARACTERS:
        raise SchemaInvalid(f"The schema is longer than {MAX_CHARACTERS} characters.", "")
    read = as_draft_2020(schema)
    places = dict(islice(_places(read), MAX_SUBSCHEMAS + 1))
    if len(places) > MAX_SUBSCHEMAS:
        raise SchemaInvalid(f"The schema has more than {MAX_SUBSCHEMAS} subschemas.", "")
    _check_older_words(places)
    _check_against_meta_schema(read)
    _check_references(read, places)
    if types_of(read, read) != {"object"}:
        raise SchemaInvalid('The schema must describe an object: its "type" must be "object".', "/type")


def check_input_schema(schema: Json) -> None:
    """The same for what a service takes. Raises too when it declares an input that no request could give."""
    check_schema(schema)
    read = as_draft_2020(schema)
    places = {id(part): at for at, part in _places(read)}
    compiled = compile_input_schema(schema)
    for part in conjuncts(read, read):
        refused = _refused(compiled.declared, part)
        if refused:
            raise SchemaInvalid(
                f"The input {quote(refused[0])} is declared elsewhere in the schema and refused here. List it in"
                ' the "properties" beside this "additionalProperties" too, or write "unevaluatedProperties": false'
                " instead.",
                f"{places[id(part)]}/additionalProperties",
            )
        for keyword in ("anyOf", "oneOf"):
            _check_alternatives(part.get(keyword, ()), compiled.required, read, f"{places[id(part)]}/{keyword}")


def _check_alternatives(members: Sequence[Json], required: Sequence[str], root: Json, at: str) -> None:
    """Refuses alternatives each of which takes none but its own inputs and so refuses a required one."""
    refused = [
        [name for part in conjuncts(member, root) for name in _refused(required, part)] for member in members
    ]
    if members and all(refused):
        raise SchemaInvalid(
            f"The required input {quote(refused[0][0])} is refused by every one of these alternatives, by"
            ' "additionalProperties": false. List it in the "properties" of each, or leave that out.',
            at,
        )


def _refused(names: Iterable[str], part: Mapping[str, Json]) -> list[str]:
    if part.get("additionalProperties") is not False or "patternProperties" in part:
        return []
    return [name for name in names if name not in part.get("properties", ())]


def _places(schema: Json) -> Iterator[tuple[str, Json]]:
    """Every subschema with its JSON pointer, the schema itself first."""
    stack = [("", schema)]
    while stack:
        at, current = stack.pop()
        yield at, current
        stack.extend((at + pointer(steps), member) for steps, member in subschemas(current))


def _check_against_meta_schema(schema: Json) -> None:
    error = best_match(islice(_meta_schema.iter_errors(schema), 50))
    if error is None:
        return
    path = pointer(error.absolute_path)
    if path.endswith("/type") and error.validator == "anyOf":
        raise SchemaInvalid(f'The "type" must be one of {", ".join(sorted(ALL_TYPES))}, or a list of them.', path)
    raise SchemaInvalid(f"{sentence(error)} (not a Draft 2020-12 schema){_instead(path, error.instance)}", path)


def _instead(path: str, written: Json) -> str:
    if path.endswith("/items") and isinstance(written, list):
        return '. Write "prefixItems" for a list of schemas by position.'
    if path.endswith("/required") and isinstance(written, bool):
        return '. Name the required members in the "required" list of the object that has them.'
    return ""


def _check_older_words(places: Mapping[str, Json]) -> None:
    """What :func:`as_draft_2020` could not make out."""
    for at, part in places.items():
        if isinstance(part, dict) and "nullable" in part:
            raise SchemaInvalid('"nullable" must be true or false.', f"{at}/nullable")
        if isinstance(part, dict) and "dependencies" in part:
            raise SchemaInvalid('Write "dependentRequired" or "dependentSchemas".', f"{at}/dependencies")


def _check_references(schema: Json, places: Mapping[str, Json]) -> None:
    for at, part in places.items():
        if not isinstance(part, dict):
            continue
        for keyword in ("$dynamicRef", "$recursiveRef", *(("$id",) if at else ())):
            if keyword in part:
                raise SchemaInvalid(
                    f"{keyword} is not supported: use local references (#/$defs/…).", f"{at}/{keyword}"
                )
        if "$ref" in part:
            _check_reference(part["$ref"], schema, at)
    _check_for_loops(schema, places)


def _check_reference(reference: str, schema: Json, at: str) -> None:
    if reference != "#" and not reference.startswith("#/"):
        raise SchemaInvalid(f"Only local references (#/…) are supported, not {quote(reference)}.", f"{at}/$ref")
    if follow(reference, schema) is None:
        raise SchemaInvalid(f"{quote(reference)} points at no schema in this document.", f"{at}/$ref")


def _check_for_loops(schema: Json, places: Mapping[str, Json]) -> None:
    """Refuses a schema that comes back to itself without having gone into a property or an item."""
    finished: set[int] = set()
    for start_at, start in places.items():
        path: set[int] = set()
        stack: list[tuple[Json, bool]] = [(start, False)]
        while stack:
            part, leaving = stack.pop()
            if leaving:
                path.discard(id(part))
                finished.add(id(part))
            elif id(part) in path:
                raise SchemaInvalid("The schema refers to itself without end.", start_at)
            elif isinstance(part, dict) and id(part) not in finished:
                path.add(id(part))
                stack.append((part, True))
                stack.extend((member, False) for steps, member in subschemas(part) if steps[0] in IN_PLACE)
                if "$ref" in part:
                    stack.append((follow(part["$ref"], schema), False))
