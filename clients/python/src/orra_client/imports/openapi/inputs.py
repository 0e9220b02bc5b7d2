"""One input schema out of an operation's parameters and request body, and where each input goes.

A parameter is an input of its name; so is each member of a body that is an object. Where two have one name, the
first of path, query, header, cookie, body keeps it, and the other is called after its place: ``body_id``. A body
that is no object, or whose alternatives use names of parameters, is one input ``body``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from orra_client.imports.documents import Document
from orra_client.imports.schemas import Level, Reader
from orra_client.imports.services import Json, Refused

PLACES = ("path", "query", "header", "cookie")
JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"
MULTIPART_TYPE = "multipart/form-data"
TEXT_TYPE = "text/plain"
_HANDED_OVER = frozenset({"accept", "content-type", "authorization"})  # OpenAPI: not parameters
_STYLES: dict[str, tuple[str, ...]] = {
    "path": ("simple",),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form",),
}
_OF_WHOLE = ("patternProperties", "propertyNames", "not", "if", "const", "enum", "minProperties", "maxProperties")
_BRANCHES = ("anyOf", "oneOf", "allOf")


@dataclass
class Inputs:
    """``schema``: of all inputs, with schemas as the document has them. ``places``: for each input where it goes.
    ``body``: its content type and, unless its members are inputs, which input it is."""

    schema: dict[str, Json]
    places: dict[str, dict[str, Json]]
    body: dict[str, Json] | None = None
    notes: list[str] = field(default_factory=list)


def inputs_of(document: Document, reader: Reader, parameters: Iterable[Json], body: Json) -> Inputs:
    """Raises :class:`Refused`."""
    made = Inputs({"type": "object", "properties": {}}, {})
    required: list[str] = []
    for parameter in _in_order(document, parameters):
        _add_parameter(made, parameter, required)
    if body is not None:
        _add_body(made, document, reader, body, required)
    if required:
        made.schema["required"] = required
    return made


# --- parameters


def _in_order(document: Document, parameters: Iterable[Json]) -> list[dict[str, Json]]:
    """The parameters by place; one of an operation wins over its path's of the same name and place."""
    found: dict[tuple[str, str], dict[str, Json]] = {}
    for each in parameters:
        parameter = document.follow(each)
        if not isinstance(parameter, dict):
            raise Refused("malformed", "A parameter of it is no object.")
        place, name = parameter.get("in"), parameter.get("name")
        if not isinstance(name, str) or not name:
            raise Refused("malformed", "A parameter of it has no name.")
        if place == "header" and name.lower() in _HANDED_OVER:
            continue
        if place not in PLACES:
            raise Refused(
                "parameter_place",
                f"The parameter {name[:80]!r} is in {str(place)[:80]!r}, not in {', '.join(PLACES)}.",
            )
        found[place, name] = parameter
    return sorted(found.values(), key=lambda parameter: PLACES.index(parameter["in"]))


def _add_parameter(made: Inputs, parameter: dict[str, Json], required: list[str]) -> None:
    place, name = parameter["in"], parameter["name"]
    is_required = parameter.get("required") is True or place == "path"
    if parameter.get("deprecated") is True and not is_required:
        made.notes.append(f"The deprecated parameter {name[:80]!r} is left out.")
        return
    schema, goes = _how(parameter)
    shown = _free(made, name, place)
    notes = {"description": parameter["description"]} if isinstance(parameter.get("description"), str) else {}
    made.schema["properties"][shown] = {**notes, "allOf": [schema]} if notes else schema
    made.places[shown] = goes
    if is_required:
        required.append(shown)


def _how(parameter: dict[str, Json]) -> tuple[Json, dict[str, Json]]:
    """A parameter's schema, and where it goes and how it is written there."""
    place, name = parameter["in"], parameter["name"]
    goes: dict[str, Json] = {"in": place, "name": name}
    content = parameter.get("content")
    if isinstance(content, dict):
        for content_type, media in content.items():
            if is_json(content_type):
                return _schema_of(media), goes | {"as": "json"}
        raise Refused(
            "parameter_content",
            f"The parameter {name[:80]!r} is written as {_listed(content)}: only JSON can be made of an input.",
        )
    style = parameter.get("style", _STYLES[place][0])
    if style not in _STYLES[place]:
        raise Refused(
            "parameter_style",
            f"The parameter {name[:80]!r} is written in style {str(style)[:40]!r}; in {place} only "
            f"{', '.join(_STYLES[place])} is known.",
        )
    explode = parameter.get("explode", style == "form")
    goes |= {"style": style} if style != _STYLES[place][0] else {}
    if style != "deepObject" and bool(explode) != (style == "form"):
        goes |= {"explode": bool(explode)}
    return _schema_of(parameter), goes


def _free(made: Inputs, name: str, place: str) -> str:
    """``name``, or if another input has it one that tells the place."""
    taken = made.schema["properties"]
    if name not in taken:
        return name
    shown, number = f"{place}_{name}", 2
    while shown in taken:
        shown, number = f"{place}_{name}_{number}", number + 1
    made.notes.append(f"Two inputs are called {name[:80]!r}: the one in {place} is {shown[:80]!r} here.")
    return shown


# --- the body


def _add_body(made: Inputs, document: Document, reader: Reader, body: Json, required: list[str]) -> None:
    body = document.follow(body)
    content = body.get("content") if isinstance(body, dict) else None
    if not isinstance(content, dict) or not content:
        return
    is_required = body.get("required") is True
    try:
        content_type, media = _best(content)
        schema = _schema_of(document.follow(media))
        level = _checked(reader, schema, content_type)
    except Refused as refused:
        if is_required or refused.code not in ("content_type", "file_input"):
            raise
        made.notes.append(f"Its body is not required and left out: {refused.reason}")
        return
    made.body = {"content_type": content_type, **({"required": True} if is_required else {})}
    if level is None or not _can_be_flat(made, reader, level, schema):
        _add_whole(made, schema, required, is_required=is_required)
    else:
        _add_members(made, reader, level, required, _encoding_of(document.follow(media)))


def _encoding_of(media: Json) -> Mapping[str, Json]:
    """How members of a form are written, by name."""
    encoding = media.get("encoding") if isinstance(media, dict) else None
    return encoding if isinstance(encoding, dict) else {}


def _best(content: Mapping[str, Json]) -> tuple[str, Json]:
    """JSON, else a form, else text."""
    for wanted in (is_json, is_form, is_text):
        for content_type, media in content.items():
            if wanted(content_type):
                return _sent_as(content_type), media
    raise Refused(
        "content_type", f"It takes {_listed(content)}: only JSON, forms and plain text can be made of inputs."
    )


def _sent_as(content_type: str) -> str:
    bare = bare_type(content_type)
    return JSON_TYPE if "*" in bare else bare


def _checked(reader: Reader, schema: Json, content_type: str) -> Level | None:
    """The body's level if it is an object; ``None`` for other bodies. Refuses files."""
    types = reader.types(schema)
    if content_type == TEXT_TYPE:
        return None
    level = reader.level(schema)
    if types != {"object"} and types - {"null"} != {"object"}:
        if content_type != JSON_TYPE and not content_type.endswith("json"):
            raise Refused("content_type", f"Its body is a form that is no object ({content_type}).")
        return None
    for name, member in level.properties.items():
        if name in level.required and is_file(reader, member):
            raise Refused("file_input", f"It takes a file as {name[:80]!r}, and no plan has files.")
    return level


def is_file(reader: Reader, schema: Json) -> bool:
    """Whether a value is bytes, or a list of such."""
    said = reader.level(schema).said
    if said.get("format") == "binary":
        return True
    return "items" in said and reader.level(said["items"]).said.get("format") == "binary"


def _can_be_flat(made: Inputs, reader: Reader, level: Level, schema: Json) -> bool:
    """Whether the members of a body can be inputs beside the parameters."""
    if any(keyword in level.said for keyword in _OF_WHOLE):
        return not made.places and reader.types(schema) == {"object"} and "patternProperties" not in level.said
    if not any(keyword in level.said for keyword in (*_BRANCHES, "dependentRequired", "dependentSchemas")):
        return bool(level.properties) or "additionalProperties" not in level.said
    named = _names_in(reader, level, 4)
    return named is not None and not named & made.places.keys()


def _names_in(reader: Reader, level: Level, hops: int) -> set[str] | None:
    """The members named by a level and its alternatives; ``None`` where it speaks of others besides."""
    if not hops or "additionalProperties" in level.said or "patternProperties" in level.said:
        return None
    names = {*level.properties, *level.required, *level.said.get("dependentRequired", ())}
    below = [each for keyword in _BRANCHES for each in level.said.get(keyword, ())]
    for schema in (*below, *level.said.get("dependentSchemas", {}).values()):
        found = _names_in(reader, reader.level(schema), hops - 1)
        if found is None:
            return None
        names |= found
    return names


def _add_whole(made: Inputs, schema: Json, required: list[str], *, is_required: bool) -> None:
    shown = _free(made, "body", "request")
    made.schema["properties"][shown] = schema
    made.places[shown] = {"in": "body"}
    if is_required:
        required.append(shown)


def _add_members(
    made: Inputs, reader: Reader, level: Level, required: list[str], encoding: Mapping[str, Json]
) -> None:
    for name, member in level.properties.items():
        if is_file(reader, member):
            made.notes.append(f"The optional file {name[:80]!r} is left out.")
            continue
        if reader.level(member).read_only:
            continue
        shown = _free(made, name, "body")
        made.schema["properties"][shown] = member
        made.places[shown] = {"in": "body", "name": name}
        said = encoding.get(name)
        if isinstance(said, dict) and said.get("style") == "deepObject":
            made.places[shown]["style"] = "deepObject"
        if name in level.required:
            required.append(shown)
    for keyword in (*_BRANCHES, *_OF_WHOLE, "dependentRequired", "dependentSchemas"):
        if keyword in level.said:
            made.schema[keyword] = level.said[keyword]
    for name in _names_in(reader, level, 4) or () if any(each in level.said for each in _BRANCHES) else ():
        made.places.setdefault(name, {"in": "body", "name": name})
    others = level.said.get("additionalProperties", False)
    if others is not False and (made.body or {}).get("content_type") != TEXT_TYPE:
        made.schema["additionalProperties"] = others
        made.body = {**(made.body or {}), "takes_others": True}


# --- content types


def bare_type(content_type: str) -> str:
    return content_type.split(";")[0].strip().lower()


def is_json(content_type: str) -> bool:
    bare = bare_type(content_type)
    return bare in ("*/*", "application/*") or bare.endswith(("/json", "+json"))


def is_form(content_type: str) -> bool:
    return bare_type(content_type) in (FORM_TYPE, MULTIPART_TYPE)


def is_text(content_type: str) -> bool:
    return bare_type(content_type) == TEXT_TYPE


def _schema_of(media: Json) -> Json:
    schema = media.get("schema", {}) if isinstance(media, dict) else {}
    if not isinstance(schema, dict | bool):
        raise Refused("malformed", "A schema in it is no object.")
    return schema


def _listed(content: Mapping[str, Json]) -> str:
    return ", ".join(str(each)[:60] for each in list(content)[:4])
