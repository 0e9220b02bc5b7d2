"""What only those see who may see contents: params' values, prompts and answers."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest

from orra.base.strictjson import Json
from orra.operators.display import as_short_json
from planengine.admin.parts.drawing import kind_of

MAX_PARAMS = 200
MAX_VALUE = 400


@dataclass(frozen=True)
class Param:
    """``text`` is its value, or what kind of value it is."""

    field: str
    text: str


def sees_contents(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("planengine.view_contents"))


def shown_params(params: Json, *, contents: bool) -> list[Param]:
    """A stored list of params; what is not of its shape is left out."""
    rows = params[:MAX_PARAMS] if isinstance(params, list) else []
    return [
        Param(str(row.get("field", "")), _text(row.get("value"), contents))
        for row in rows
        if isinstance(row, dict)
    ]


def _text(value: Json, contents: bool) -> str:
    return as_short_json(value, MAX_VALUE) if contents else kind_of(value)
