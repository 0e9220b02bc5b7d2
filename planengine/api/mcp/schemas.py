"""What tools take and answer, as JSON Schema. Of a plan an agent is told a part of what the REST API tells:
what it needs to go on, without what it took to get there."""

from __future__ import annotations

from typing import Any, Final

from orra.base.strictjson import Json
from planengine.models.checks import MAX_NOTE_CHARACTERS
from planengine.models.states import PlanSource, PlanStatus
from planengine.requests import (
    CACHE_MODES,
    MAX_ACTION_CHARACTERS,
    MAX_IDEMPOTENCY_KEY_CHARACTERS,
    MAX_PARAMS,
    MAX_WAIT_SECONDS,
)

WAIT_SECONDS: Final = 30
DECISIONS = ("exact", "semantic", "example", "miss")


def _object(
    members: dict[str, Json], *, optional: tuple[str, ...] = (), closed: bool = False, **more: Json
) -> Json:
    required = [name for name in members if name not in optional]
    return {
        "type": "object",
        "properties": members,
        "required": required,
        **({"additionalProperties": False} if closed else {}),
        **more,
    }


def _text(description: str, **more: Json) -> Json:
    return {"type": "string", "description": description, **more}


def _or_null(schema: Any) -> Json:
    return {"anyOf": [schema, {"type": "null"}]}


PLAN_ID = _text("The plan's id, as `plan` answered it.", minLength=1)
REQUEST = {
    "action": _text("What is to be done, in words.", minLength=1, maxLength=MAX_ACTION_CHARACTERS),
    "params": {
        "type": "object",
        "maxProperties": MAX_PARAMS,
        "additionalProperties": {},
        "description": 'The request\'s values by name, such as {"order_id": "ORD-17"}.',
    },
}
ASKED = _object(
    {
        **REQUEST,
        "wait_seconds": {
            "type": "number",
            "minimum": 0,
            "maximum": MAX_WAIT_SECONDS,
            "default": WAIT_SECONDS,
            "description": "How long to wait for a plan that has to be made.",
        },
        "cache": {
            "enum": list(CACHE_MODES),
            "default": "use",
            "description": "`bypass`: plan anew. `refresh`: plan anew and keep that. `only`: plan nothing.",
        },
        "idempotency_key": _text(
            "The same request with the same key is the same plan, so that one sent twice is planned once.",
            minLength=1,
            maxLength=MAX_IDEMPOTENCY_KEY_CHARACTERS,
        ),
    },
    optional=("params", "wait_seconds", "cache", "idempotency_key"),
    closed=True,
)
TO_EXPLAIN = _object(REQUEST, optional=("params",), closed=True)
OF_PLAN = _object({"plan_id": PLAN_ID}, closed=True)
REPORTED = _object(
    {
        "plan_id": PLAN_ID,
        "note": _text("What is wrong with it, for people.", maxLength=MAX_NOTE_CHARACTERS),
    },
    optional=("note",),
    closed=True,
)

_EXECUTION_PLAN = _object(
    {
        "tasks": {
            "type": "array",
            "description": "`task0` holds the request's values; every other task calls a service. An input "
            "`$task1.amount` is the field `amount` of what `task1` gave.",
            "items": _object(
                {
                    "id": {"type": "string"},
                    "service": {"type": "string"},
                    "input": {"type": "object"},
                    "after": {"type": "array", "items": {"type": "string"}},
                },
                optional=("service", "after"),
            ),
        },
        "parallel_groups": {
            "type": "array",
            "description": "The tasks' ids in the order to run them; those of one group may run side by side.",
            "items": {"type": "array", "items": {"type": "string"}},
        },
    }
)
_ERROR = _object(
    {
        "code": {"type": "string"},
        "message": {"type": "string"},
        "problems": {"type": "array", "items": {"type": "object"}},
        "how_to_fix": {"type": "array", "items": {"type": "string"}},
        "retryable": {"type": "boolean"},
    }
)
PLAN = _object(
    {
        "id": {"type": "string"},
        "status": {
            "enum": PlanStatus.values,
            "description": "`pending` and `planning`: ask `get_plan` for it in a moment.",
        },
        "plan": _or_null(_EXECUTION_PLAN),
        "source": {"enum": [*PlanSource.values, None], "description": "Where the plan came from."},
        "error": _or_null(_ERROR),
    }
)
EXPLANATION = _object(
    {
        "decision": {"enum": list(DECISIONS)},
        "reason": {"type": "string"},
        "template": _text("The request with `{slots}` for its values."),
        "similarity": {"type": ["number", "null"]},
        "entry_id": {"type": ["string", "null"]},
        "plan": _or_null(_EXECUTION_PLAN),
        "what_to_do": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Of a miss, what makes the next such request a hit.",
        },
    }
)


def part(of: Json, schema: Any) -> Json:
    """Those members of an answer of the REST API that ``schema`` names."""
    return {name: of[name] for name in schema["properties"]}
