"""What can be said about a draft plan: the problems in it, or the verdict that it has none."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from orra.base.strictjson import Json

MAX_PROBLEMS = 50


@dataclass(frozen=True)
class Problem:
    """One concrete thing wrong with a draft. ``code`` is stable and for programs, ``message`` is for people and
    models, ``task`` and ``field`` say where, ``hint`` says what would be right."""

    code: str
    message: str
    task: str | None = None
    field: str | None = None
    hint: str = ""

    def as_dict(self) -> dict[str, Json]:
        return {
            "code": self.code,
            "message": self.message,
            "task": self.task,
            "field": self.field,
            "hint": self.hint,
        }


@dataclass(frozen=True)
class Verdict:
    """Exactly one of ``plan`` (accepted, normalised), ``problems`` and ``not_actionable`` (a reason) is set.

    ``sources`` tells where each task0 field that is not a param comes from: ``action`` (its text) or ``constant``
    (the schema of an input that takes it).
    """

    plan: Json = None
    problems: tuple[Problem, ...] = ()
    not_actionable: str | None = None
    sources: Mapping[str, str] = field(default_factory=dict)


def shorten(text: str, limit: int = 80) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def quote(name: str) -> str:
    return f"'{shorten(name)}'"


def quote_all(names: Iterable[str], limit: int = 12) -> str:
    """``'a', 'b'``, or ``none`` when there are none; what exceeds the limit is only counted."""
    every = list(names)
    shown = [quote(name) for name in every[:limit]]
    if len(every) > limit:
        shown.append(f"and {len(every) - limit} more")
    return ", ".join(shown) or "none"


def show(value: Json, limit: int = 60) -> str:
    """A value as JSON, cut to a length that suits a sentence."""
    if isinstance(value, str):
        value = value[:limit]
    elif isinstance(value, dict) and len(value) > limit:
        return f"an object of {len(value)} members"
    elif isinstance(value, list) and len(value) > limit:
        return f"an array of {len(value)} items"
    return shorten(json.dumps(value, ensure_ascii=False), limit)
