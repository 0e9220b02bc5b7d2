"""What agents can do. Each tool does what an operation of the REST API does, by the same functions, and what it
refuses is told as the REST API tells it: as the tool's own error, which the agent's model reads and mends."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from rest_framework.exceptions import ValidationError

from orra.base.strictjson import Json
from planengine import tasks
from planengine.api import serializers as shapes
from planengine.api.mcp import schemas
from planengine.api.mcp.messages import INVALID_PARAMS, Fault
from planengine.api.mcp.resources import link_to
from planengine.api.problems import refusal
from planengine.evaluation import shadow
from planengine.exceptions import BadRequest
from planengine.lifecycle import plans
from planengine.models import Plan, Project, Scope
from planengine.models.states import PlanStatus
from planengine.requests import parse_idempotency_key, parse_plan_request
from planengine.reuse import plan_cache

Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class Called:
    """What a tool did. ``waits_for`` is the plan that is still being made, and for how many seconds to wait."""

    result: dict[str, Json]
    waits_for: tuple[str, float] | None = None


@dataclass(frozen=True)
class Tool:
    """``scope`` is what a key must be for to call it."""

    name: str
    title: str
    description: str
    takes: Json
    answers: Json
    hints: Mapping[str, bool]
    scope: Scope
    call: Callable[[Project, Arguments, datetime], Called]

    def as_json(self) -> dict[str, Json]:
        return {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "inputSchema": self.takes,
            "outputSchema": self.answers,
            "annotations": {"title": self.title, **self.hints},
        }


def call(tool: Tool, project: Project, arguments: Json, *, arrived_at: datetime) -> Called:
    try:
        if not isinstance(arguments, dict):
            raise BadRequest("`arguments` must be an object.", code="body_not_an_object")
        known = tool.takes["properties"]
        if unknown := next((name for name in arguments if name not in known), None):
            detail = f"Unknown argument {unknown[:80]!r}. Known are: {', '.join(known)}."
            raise BadRequest(detail, code="unknown_member", pointer=f"/{unknown[:80]}")
        return tool.call(project, arguments, arrived_at)
    except (BadRequest, Http404, ValidationError) as error:
        return Called(refused(refusal(error)))


def refused(problem: Mapping[str, Json]) -> dict[str, Json]:
    """A problem as a tool's error: its words for the model, the whole of it for programs."""
    content = [_text(_lines(problem["detail"], problem.get("how_to_fix"))), _text(json.dumps(problem))]
    return {"content": content, "isError": True}


def named(name: Json) -> Tool:
    if not isinstance(name, str) or name not in TOOLS:
        raise Fault(INVALID_PARAMS, f"There is no such tool. Tools are: {', '.join(TOOLS)}.")
    return TOOLS[name]


def _plan(project: Project, arguments: Arguments, arrived_at: datetime) -> Called:
    request = {"wait_seconds": schemas.WAIT_SECONDS, **arguments}
    key = request.pop("idempotency_key", None)
    if key is not None and not isinstance(key, str):
        raise BadRequest("`idempotency_key` must be text.", code="invalid_idempotency_key")
    asked = parse_plan_request(request)
    plan, created = plans.ask(project, asked, idempotency_key=parse_idempotency_key(key), arrived_at=arrived_at)
    if created:
        tasks.follow_up(plan)
    waits_for = None if plan.is_finished or not asked.wait_seconds else (plan.id, asked.wait_seconds)
    return Called(_told(plan), waits_for)


def _get_plan(project: Project, arguments: Arguments, arrived_at: datetime) -> Called:
    return Called(_told(_own(project, arguments)))


def _explain(project: Project, arguments: Arguments, arrived_at: datetime) -> Called:
    explained = plan_cache.explain(project, parse_plan_request(dict(arguments)))
    return Called(_structured(schemas.part(explained, schemas.EXPLANATION)))


def _report_wrong_plan(project: Project, arguments: Arguments, arrived_at: datetime) -> Called:
    plan = _own(project, arguments)
    said = {name: value for name, value in arguments.items() if name != "plan_id"}
    serializer = shapes.ReportSerializer(data={"verdict": shapes.WRONG_PLAN, **said})
    serializer.is_valid(raise_exception=True)
    shadow.report(plan, wrong=True, note=serializer.validated_data["note"])
    return Called(_told(plan))


def _own(project: Project, arguments: Arguments) -> Plan:
    plan_id = arguments.get("plan_id")
    if not isinstance(plan_id, str):
        raise BadRequest("`plan_id` must be text: the `id` of a plan.", code="plan_id_missing", pointer="/plan_id")
    return get_object_or_404(Plan.objects.select_related("project"), project=project, pk=plan_id)


def _told(plan: Plan) -> dict[str, Json]:
    """A plan that could not be made is the tool's error, with what to do about it."""
    told = schemas.part(shapes.plan_as_json(plan, attempts=False), schemas.PLAN)
    result = _structured(told)
    result["content"].append(link_to(plan))
    if plan.status in (PlanStatus.FAILED, PlanStatus.NOT_ACTIONABLE):
        error = told["error"] or {}
        result["content"].insert(0, _text(_lines(error.get("message", ""), error.get("how_to_fix"))))
        result["isError"] = True
    return result


def _structured(value: Json) -> dict[str, Json]:
    """As the protocol has it: the same as text, for clients that read only that."""
    return {
        "content": [_text(json.dumps(value, ensure_ascii=False))],
        "structuredContent": value,
        "isError": False,
    }


def _text(text: str) -> dict[str, Json]:
    return {"type": "text", "text": text}


def _lines(message: Json, how_to_fix: Json) -> str:
    steps = [f"- {each}" for each in how_to_fix or []]
    return "\n".join([str(message), *(["How to fix:", *steps] if steps else [])])


_READS = {"readOnlyHint": True, "idempotentHint": True, "openWorldHint": False}
TOOLS: Mapping[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool(
            name="plan",
            title="Plan an action",
            description="Turns a request in natural language into a validated execution plan over the project's "
            "registered services: which to call, with which inputs, in which order. It carries nothing out. Put "
            "the request's values into `params` by name. A plan that is not finished in time comes back with the "
            "status `pending` or `planning`: call `get_plan` with its id.",
            takes=schemas.ASKED,
            answers=schemas.PLAN,
            hints={
                "readOnlyHint": False,
                "destructiveHint": False,
                "idempotentHint": False,
                "openWorldHint": False,
            },
            scope=Scope.PLAN,
            call=_plan,
        ),
        Tool(
            name="get_plan",
            title="Look at a plan",
            description="A plan by its id, as it is now.",
            takes=schemas.OF_PLAN,
            answers=schemas.PLAN,
            hints=_READS,
            scope=Scope.PLAN,
            call=_get_plan,
        ),
        Tool(
            name="explain",
            title="Explain what the cache would do",
            description="Whether a request would be served from the cache, with which plan, and why or why not. "
            "A dry run: nothing is planned, counted or changed.",
            takes=schemas.TO_EXPLAIN,
            answers=schemas.EXPLANATION,
            hints=_READS,
            scope=Scope.CACHE_READ,
            call=_explain,
        ),
        Tool(
            name="report_wrong_plan",
            title="Report a wrong plan",
            description="Says that a ready plan is not what its request meant. It does not come back for such a "
            "request, and the cache entry that it came from serves nobody any more.",
            takes=schemas.REPORTED,
            answers=schemas.PLAN,
            hints={
                "readOnlyHint": False,
                "destructiveHint": True,
                "idempotentHint": True,
                "openWorldHint": False,
            },
            scope=Scope.PLAN,
            call=_report_wrong_plan,
        ),
    )
}
