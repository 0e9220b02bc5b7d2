"""How a server is asked for JSON: a ladder of forms, strictest first.

Servers know different rungs and ignore or refuse the others; :mod:`planengine.llm.dialects` steps down when a
refusal names the form, and remembers. A constrained answer is no proof of a plan: every answer is validated.

Not on the ladder: vLLM's ``guided_json``. Every vLLM that knows it knows ``json_schema`` too, and newer ones
ignore it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from orra.base.strictjson import Json

NAME = "answer"
# The keywords that OpenAI's strict mode takes, whose root must be an object without choices.
_STRICT_KEYWORDS = frozenset(
    {"type", "properties", "required", "additionalProperties", "items", "enum", "anyOf", "minItems", "maxItems"}
)


class Rung(IntEnum):
    """The forms of ``response_format``, in the order in which they are tried."""

    STRICT_SCHEMA = 0
    SCHEMA = 1
    OBJECT_SCHEMA = (
        2  # llama-cpp-python: {"type": "json_object", "schema": SCHEMA}; most others overlook the schema
    )
    OBJECT = 3
    VALUE = 4  # text-generation-inference: {"type": "json", "value": SCHEMA}
    PROMPT = 5  # nothing is sent; the prompt asks for JSON anyway


LADDER = tuple(Rung)


def ladder_from(wish: str) -> tuple[Rung, ...]:
    """The rungs to try where an operator wants ``json_schema``, ``json_object``, ``none`` or leaves it open."""
    if wish == "none":
        return (Rung.PROMPT,)
    if wish == "json_object":
        return (Rung.OBJECT, *(rung for rung in LADDER if rung is not Rung.OBJECT))
    return LADDER


def response_format(rung: Rung, schema: Mapping[str, Json]) -> dict[str, Json] | None:
    """The value of ``response_format``, ``None`` where nothing is sent."""
    match rung:
        case Rung.STRICT_SCHEMA if is_strict(schema):
            named = {"name": NAME, "strict": True, "schema": dict(schema)}
            return {"type": "json_schema", "json_schema": named}
        case Rung.STRICT_SCHEMA | Rung.SCHEMA:
            return {"type": "json_schema", "json_schema": {"name": NAME, "schema": dict(schema)}}
        case Rung.OBJECT_SCHEMA:
            return {"type": "json_object", "schema": dict(schema)}
        case Rung.OBJECT:
            return {"type": "json_object"}
        case Rung.VALUE:
            return {"type": "json", "value": dict(schema)}
        case Rung.PROMPT:
            return None


def is_strict(schema: Mapping[str, Json]) -> bool:
    """Whether OpenAI's strict mode takes the schema: every object closed, with all of its members required. What
    it would refuse is sent without ``strict``."""
    return schema.get("type") == "object" and "anyOf" not in schema and _is_closed(schema)


def _is_closed(schema: Json) -> bool:
    if not isinstance(schema, Mapping) or not schema.keys() <= _STRICT_KEYWORDS:
        return False
    members = schema.get("properties", {})
    if schema.get("type") == "object" and (
        schema.get("additionalProperties") is not False or set(schema.get("required", ())) != set(members)
    ):
        return False
    inner = [*members.values(), *schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else [])]
    return all(map(_is_closed, inner))
