"""The problems of a rejected draft, worded for three readers: briefly and in detail for the model that tries
again, and by root cause for the developer when it could not.

How much is said is bounded, however much is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orra.base.strictjson import Json
from orra.base.text import quote, quote_all, shorten, show
from planengine.catalogue.schemas import ObjectSchema, type_names
from planengine.catalogue.specs import Catalogue, ServiceSpec
from planengine.feedback.corrections import Corrections
from planengine.feedback.root_causes import find_cause
from planengine.validation.problems import Problem

_MAX_TOLD = 5
_MAX_FIELDS = 20
_MAX_ACTION = 300
_MAX_LINE = 600
_MAX_TEXT = 5_000


@dataclass(frozen=True)
class Diagnosis:
    """``text`` is the whole explanation, ``how_to_fix`` the numbered lines at its end, without their numbers."""

    text: str
    how_to_fix: tuple[str, ...]


# What makes others: a task that names no known service has no inputs that could be judged, a field that is missing
# in task0 is missing wherever it is referred to. Problems are told in this order; what is not listed comes between
# the references and what only follows from them.
_CAUSES: tuple[tuple[str, ...], ...] = (
    (
        "output_truncated",
        "no_plan_found",
        "only_reasoning",
        "invalid_json",
        "answer_too_large",
        "plan_not_an_object",
        "tasks_missing",
    ),
    ("task_malformed", "duplicate_task", "task0_missing", "task0_has_service", "no_service_task"),
    ("unknown_service", "service_missing"),
    ("unknown_task0_field", "param_missing", "param_value_changed"),
    ("cycle", "self_reference", "unknown_task_reference"),
    ("unsupported_input",),
    ("crossed_reference",),
    ("composite_reference", "malformed_reference", "ambiguous_literal", "ambiguous_value", "invented_literal"),
)
_CONSEQUENCES = ("input_rule_broken", "unused_param", "unreachable_task")
_RANKS = {code: rank for rank, codes in enumerate(_CAUSES) for code in codes}


def most_causal(problems: Sequence[Problem]) -> list[Problem]:
    """The same problems, those that may be the cause of others first."""

    def rank(problem: Problem) -> int:
        return len(_CAUSES) + 1 if problem.code in _CONSEQUENCES else _RANKS.get(problem.code, len(_CAUSES))

    return sorted(problems, key=rank)


def tell_briefly(problems: Sequence[Problem], corrections: Corrections) -> str:
    """A line for each of the five that matter most: what is wrong, and what would be right."""
    told, left = _to_tell(problems, corrections)
    lines = [
        f"- {_line(problem.message).rstrip('.')}." + (f" Right: {right}" if right else "")
        for problem, right in told
    ]
    return "\n".join(["Validation Errors:", *lines, *_left(left)])


def tell_in_detail(
    problems: Sequence[Problem],
    corrections: Corrections,
    *,
    catalogue: Catalogue,
    params: Mapping[str, Json],
    action: str,
) -> str:
    """Each problem with its place and what would be right, then everything that may be referred to."""
    told, left = _to_tell(problems, corrections)
    lines = [f"Your plan for the action {show(action, _MAX_ACTION)} has these problems:"]
    for number, (problem, right) in enumerate(told, start=1):
        lines.append(f"{number}. {_line(problem.message)}")
        if problem.task is not None:
            lines.append(f"   Where: {problem.task}" + (f", {quote(problem.field)}" if problem.field else ""))
        if right:
            lines.append(f"   Right: {right}")
    lines += _left(left)
    if params:
        lines.append("References to the action parameters:")
        lines.append(f"   {quote_all((f'$task0.{field}' for field in params), _MAX_FIELDS)}")
    services = [spec for spec in catalogue if any(_names(problem, right, spec) for problem, right in told)]
    if services:
        lines.append("The services in question:")
        for spec in services[:_MAX_TOLD]:
            lines.append(f"   {quote(spec.name)} takes {_fields(spec.inputs)}; gives {_fields(spec.outputs)}")
    lines.append("Write the whole plan again, with all of this put right.")
    return "\n".join(lines)


def diagnose(
    problems: Sequence[Problem], *, draft: Json, catalogue: Catalogue, params: Mapping[str, Json]
) -> Diagnosis:
    """Why no valid plan came about, for the developer who sent the request, and what can be done about it."""
    cause = find_cause(problems, draft=draft, catalogue=catalogue, params=params)
    told = [f"ORCHESTRATION ERROR: {cause.error}", f"PROBLEM: {cause.problem}", "DETAILS:"]
    told += [f"- {_line(detail)}" for detail in dict.fromkeys(cause.details[:_MAX_FIELDS])]
    told = [shorten("\n".join(told), _MAX_TEXT), "HOW TO FIX:"]
    told += [f"{number}. {fix}" for number, fix in enumerate(cause.fixes, start=1)]
    return Diagnosis("\n".join(told), cause.fixes)


def _line(text: str) -> str:
    return shorten(" ".join(text.split()), _MAX_LINE)


def _to_tell(problems: Sequence[Problem], corrections: Corrections) -> tuple[list[tuple[Problem, str]], int]:
    """At most five problems, each with what would be right, and how many more there are. Of those with one cure
    the first is told."""
    told: dict[tuple[str, ...], tuple[Problem, str]] = {}
    left = most_causal(problems)
    while left and len(told) < _MAX_TOLD:
        problem = left.pop(0)
        right = _line(corrections.of(problem))
        told.setdefault((right,) if right.startswith("In ") else (problem.message, right), (problem, right))
    return list(told.values()), len(left)


def _left(number: int) -> list[str]:
    return [f"And {number} more, which may go away with these."] if number else []


def _names(problem: Problem, right: str, spec: ServiceSpec) -> bool:
    return any(quote(name) in text for name in (spec.name, spec.id) for text in (problem.message, right))


def _fields(schema: ObjectSchema) -> str:
    told = []
    for name in list(schema.properties)[:_MAX_FIELDS]:
        field = schema.field(name)
        types = type_names(field.types) if field else "anything"
        told.append(f"{quote(name)}: {types}{' (required)' if name in schema.required else ''}")
    told += ["inputs of any other name"] if schema.is_open else []
    rules = "".join(f" ({rule.words})" for rule in schema.rules[:_MAX_TOLD])
    return (", ".join(told) or "nothing") + rules
