"""How a server is asked for JSON: a ladder of forms, strictest first, and the schema of a plan.

Servers know different rungs and ignore or refuse the others; :mod:`planengine.llm.dialects` steps down when a
refusal names the form, and remembers. A constrained answer is no proof of a plan: every answer is validated.

Not on the ladder: vLLM's ``guided_json``. Every vLLM that knows it knows ``json_schema`` too, and newer ones
ignore it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum

from orra.base.strictjson import Json

NAME = "execution_plan"
# OpenAI allows 15,000 characters in the values of one enum of more than 250; longer ones slow every grammar down.
MAX_NAMES = 250
MAX_NAME_CHARACTERS = 15_000


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
        case Rung.STRICT_SCHEMA:
            named = {"name": NAME, "strict": True, "schema": dict(schema)}
            return {"type": "json_schema", "json_schema": named}
        case Rung.SCHEMA:
            return {"type": "json_schema", "json_schema": {"name": NAME, "schema": dict(schema)}}
        case Rung.OBJECT_SCHEMA:
            return {"type": "json_object", "schema": dict(schema)}
        case Rung.OBJECT:
            return {"type": "json_object"}
        case Rung.VALUE:
            return {"type": "json", "value": dict(schema)}
        case Rung.PROMPT:
            return None


def plan_schema(services: Iterable[str]) -> dict[str, Json]:
    """The form of a plan over these services' names, in the few keywords that every grammar knows. Equal services
    give equal schemas, whatever the request, so that a server's compiled grammar can be used again."""
    names = sorted(services)
    service: dict[str, Json] = {"type": "string"}
    if names and len(names) <= MAX_NAMES and sum(map(len, names)) <= MAX_NAME_CHARACTERS:
        service["enum"] = names
    text: dict[str, Json] = {"type": "string"}
    task = {
        "type": "object",
        # Without the word, some grammars allow an object without listed properties nothing but {}.
        "properties": {"id": text, "service": service, "input": {"type": "object", "additionalProperties": True}},
        "required": ["id", "input"],  # task0 names no service
        "additionalProperties": False,
    }
    groups = {"type": "array", "items": {"type": "array", "items": text}}
    return {
        "type": "object",
        "properties": {"tasks": {"type": "array", "items": task}, "parallel_groups": groups},
        "required": ["tasks", "parallel_groups"],
        "additionalProperties": False,
    }
