"""What whoever has just started a stack pastes into another terminal: its address and key, and a first plan."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping

NAME = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
SERVICE = {"description": "Greet a person by name.", "input_schema": NAME, "output_schema": {"type": "object"}}
REQUEST = {"action": "Greet Ada", "params": {"name": "Ada"}, "wait_seconds": 20}


def first_steps(url: str, key: str) -> list[str]:
    """Lines for a shell, with curl 7.82 or newer. The names are those of the pages, and those of the clients."""
    return [
        f"export ORRA={url} KEY={key}; export ORRA_URL=$ORRA ORRA_API_KEY=$KEY",
        _curl("-X PUT $ORRA/v1/services/greet", SERVICE),
        _curl("$ORRA/v1/plans", REQUEST),
    ]


def _curl(what: str, body: Mapping[str, object]) -> str:
    sent = shlex.quote(json.dumps(body))
    return f'curl -s {what} -H "Authorization: Bearer $KEY" --json {sent} | python3 -m json.tool'
