"""What can be said about a draft plan: the problems in it, or the verdict that it has none."""

from __future__ import annotations

from collections.abc import Mapping
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
