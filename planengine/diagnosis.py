"""The same problems, told three ways: briefly and in detail to the model that shall try again, and by their root
cause to the developer when it could not. How much is told is bounded, however much is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orra.strictjson import Json
from planengine.catalogue import Catalogue, ServiceSpec
from planengine.problems import Problem, quote, quote_all, shorten, show
from planengine.root_causes import find_cause
from planengine.schemas import ObjectSchema, type_names

_MAX_TOLD = 5
_MAX_FIELDS = 20
_MAX_ACTION = 300
_MAX_LINE = 400
_MAX_TEXT = 5_000


@dataclass(frozen=True)
class Diagnosis:
    """``text`` is the whole explanation, ``how_to_fix`` the numbered lines at its end, without their numbers."""

    text: str
    how_to_fix: tuple[str, ...]


def tell_briefly(problems: Sequence[Problem]) -> str:
    return "\n".join(["Validation Errors:", *(f"- {_line(problem.message)}" for problem in problems[:_MAX_TOLD])])


def tell_in_detail(
    problems: Sequence[Problem], *, catalogue: Catalogue, params: Mapping[str, Json], action: str
) -> str:
    """Each problem with its place and what would be right, then everything that may be referred to."""
    told = problems[:_MAX_TOLD]
    lines = [f"Your plan for the action {show(action, _MAX_ACTION)} has these problems:"]
    for number, problem in enumerate(told, start=1):
        lines.append(f"{number}. {_line(problem.message)}")
        if problem.task is not None:
            lines.append(f"   Where: {problem.task}" + (f", {quote(problem.field)}" if problem.field else ""))
        if problem.hint:
            lines.append(f"   Right: {_line(problem.hint)}")
    if params:
        lines.append("References to the action parameters:")
        lines.append(f"   {quote_all((f'$task0.{field}' for field in params), _MAX_FIELDS)}")
    services = [spec for spec in catalogue if any(_names(problem, spec) for problem in told)]
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


def _names(problem: Problem, spec: ServiceSpec) -> bool:
    return any(quote(name) in text for name in (spec.name, spec.id) for text in (problem.message, problem.hint))


def _fields(schema: ObjectSchema) -> str:
    told = []
    for name in list(schema.properties)[:_MAX_FIELDS]:
        field = schema.field(name)
        types = type_names(field.types) if field else "anything"
        told.append(f"{quote(name)}: {types}{' (required)' if name in schema.required else ''}")
    return ", ".join(told) or "nothing"
