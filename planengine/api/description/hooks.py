"""What is done to the API's description after it is worked out from the views: hooks of drf-spectacular."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any

from orra.base.strictjson import Json
from planengine.api.description.codes import ELSEWHERE, Code, codes_of, every_code
from planengine.api.description.plan_codes import OF_DECISIONS, OF_GUARDS, OF_PLANS, OF_PROBLEMS
from planengine.api.problems import CONTENT_TYPE, problem

NULL, NULL_ENUM = {"type": "null"}, {"$ref": "#/components/schemas/Null"}
STABLE, MORE = "Stable; meant for programs.", "Later versions may have more."
# The enums of a plan's codes, and the members that hold one.
OF_A_PLAN = (
    ("PlanErrorCode", OF_PLANS, [("PlanError", "code"), ("Attempt", "error_code")]),
    ("PlanProblemCode", OF_PROBLEMS, [("PlanProblem", "code")]),
    ("CacheReason", OF_DECISIONS, [("CacheDecision", "reason")]),
    ("GuardCode", OF_GUARDS, [("Candidate", "guard")]),
)
METHODS = ("get", "put", "post", "delete", "patch")


def refuse_unknown_members(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """What is sent to the API has the members that are described and no others."""
    for name, component in result["components"]["schemas"].items():
        if name.endswith("Request") and component.get("type") == "object":
            component["additionalProperties"] = False
    return result


def describe_problems(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Every operation tells by status what it may refuse, each code with an example; ``ProblemCode`` has all."""
    schemas = result["components"]["schemas"]
    every = dict(sorted(every_code()))
    told = {name: f"* `{name}` ({code.status}): {code.when}" for name, code in every.items()}
    _name_words(schemas, "ProblemCode", told, [("Problem", "code")])
    result["components"]["examples"] = {
        name: {"summary": code.when, "value": problem(code.status, name, code.when)}
        for name, code in every.items()
        if name not in ELSEWHERE
    }
    for operation in _operations(result):
        for status, codes in _by_status(codes_of(operation)).items():
            operation["responses"].setdefault(str(status), _refusal(status, codes))
    return result


def describe_codes(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """What is stable in a plan's error, problems and cache decision, with what each code means."""
    schemas = result["components"]["schemas"]
    for name, codes, members in OF_A_PLAN:
        told = {code: f"* `{code}`: {meaning}" for code, meaning in sorted(codes.items())}
        _name_words(schemas, name, told, members)
    return result


def _name_words(
    schemas: dict[str, Any], name: str, told: Mapping[str, str], members: Iterable[tuple[str, str]]
) -> None:
    """``name`` becomes an enum of these words, a line of its description for each; and the members, each of the
    schema named before it, may have them, or others later."""
    schemas[name] = {"type": "string", "enum": list(told), "description": "\n".join(told.values())}
    for owner, member in members:
        described = schemas[owner]["properties"][member]
        text = {"type": described.pop("type")}
        described["anyOf"] = [{"$ref": f"#/components/schemas/{name}"}, text]
        described["description"] = f"{described.get('description', STABLE)} {MORE}"


def plain_enums(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Enums without lines that say of each value that it is itself, and null as what it is."""
    schemas = result["components"]["schemas"]
    for component in schemas.values():
        told = [
            line.removeprefix("* `").partition("` - ") for line in component.get("description", "").splitlines()
        ]
        if "enum" in component and all(_plain(name) == _plain(label) for name, _, label in told):
            component.pop("description", None)
        for member in component.get("properties", {}).values():
            choices = member.get("oneOf", [])
            member.update({"oneOf": [NULL if each == NULL_ENUM else each for each in choices]} if choices else {})
    schemas.pop("Null", None)
    return result


def _plain(name: str) -> str:
    return name.replace("_", " ").casefold()


def _operations(result: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in result["paths"].values():
        yield from (methods[method] for method in METHODS if method in methods)


def _by_status(codes: dict[str, Code]) -> dict[int, dict[str, Code]]:
    found: dict[int, dict[str, Code]] = {}
    for name, code in codes.items():
        found.setdefault(code.status, {})[name] = code
    return dict(sorted(found.items()))


def _refusal(status: int, codes: dict[str, Code]) -> Json:
    examples = {name: {"$ref": f"#/components/examples/{name}"} for name in codes}
    told = {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}
    meaning = "; ".join(f"`{name}`" for name in codes)
    return {"description": f"{HTTPStatus(status).phrase}: {meaning}.", "content": {CONTENT_TYPE: told}}
