"""The forms of the answers that prompts ask for, in the few keywords that every grammar knows.

Members stand in the order in which the prompts teach them, all of them required: llama.cpp's grammars take
required members first, and in their order, so that a form that leaves one open forbids what the prompt shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from orra.base.strictjson import Json

# OpenAI allows 15,000 characters in the values of one enum of more than 250; longer ones slow every grammar down.
MAX_NAMES = 250
MAX_NAME_CHARACTERS = 15_000
MOST_SERVICES = 16

Schema = dict[str, Json]
_TEXT: Schema = {"type": "string"}
# Without the word, some grammars allow an object without listed properties nothing but {}.
_FREE: Schema = {"type": "object", "additionalProperties": True}


def plan_schema(services: Iterable[str]) -> Schema:
    """A whole plan over these services' names, task0 first and at least one call after it, or a refusal. Equal
    services give equal schemas, whatever the request, so that a server's compiled grammar can be used again."""
    task0 = _object(id=_one_of("task0"), input=_FREE)
    service = _name_of(services)
    call = _object(id=_TEXT, service=service, input=_FREE)
    later = _object(id=_TEXT, service=service, input=_FREE, after=_list_of(_TEXT))
    final = _object(id=_one_of("final"), input=_object(error=_TEXT))
    groups = _list_of(_list_of(_TEXT))
    plan = _object(tasks=_list_of({"anyOf": [task0, call, later]}, least=2), parallel_groups=groups)
    refusal = _object(tasks=_list_of(final, least=1, most=1), parallel_groups=_list_of(_list_of(_TEXT), most=0))
    return {"anyOf": [plan, refusal]}


def selection_schema(services: Iterable[str], *, may_refuse: bool = True) -> Schema:
    """Names of services, or a refusal."""
    chosen = _object(services=_list_of(_name_of(services), least=1, most=MOST_SERVICES))
    if not may_refuse:
        return _object(answer=chosen)
    return _object(answer={"anyOf": [chosen, _object(refusal=_TEXT)]})


def choice_schema(options: Sequence[str]) -> Schema:
    """One of several texts."""
    return _object(answer=_one_of(*options))


def words_schema() -> Schema:
    """Any text."""
    return _object(answer=_TEXT)


def _name_of(services: Iterable[str]) -> Schema:
    names = sorted(services)
    listed = names and len(names) <= MAX_NAMES and sum(map(len, names)) <= MAX_NAME_CHARACTERS
    return _one_of(*names) if listed else _TEXT


def _one_of(*values: str) -> Schema:
    return {"type": "string", "enum": list(values)}


def _list_of(items: Schema, *, least: int = 0, most: int | None = None) -> Schema:
    bounds = {"minItems": least} if least else {}
    return {"type": "array", "items": items, **bounds, **({} if most is None else {"maxItems": most})}


def _object(**members: Schema) -> Schema:
    return {
        "type": "object",
        "properties": members,
        "required": list(members),
        "additionalProperties": False,
    }
