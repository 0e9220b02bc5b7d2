"""Traces: one from the client's request to the model's server, with nothing private in it, and none unasked."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import LazySettings
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from orra.base import tracing
from orra.celery import PatientTask
from orra.serving.traced import route_of, traced
from planengine import tasks
from planengine.api.problems import problem
from planengine.lifecycle import plans
from planengine.models import Plan, Project
from planengine.requests import PlanRequest
from tests.deploy.compositions import ROOT
from tests.planengine.conftest import forget_planners
from tests.servers.scripted import Reply, ScriptedServer

SECRET_WORD = "Xylophone"


class Kept(InMemorySpanExporter):
    def spans(self) -> dict[str, ReadableSpan]:
        assert tracing._provider is not None
        tracing._provider.force_flush()
        return {span.name: span for span in self.get_finished_spans()}


@pytest.fixture
def kept() -> Iterator[Kept]:
    exporter = Kept()
    tracing.begin(exporter)
    yield exporter
    tracing.end()


@pytest.fixture
def model(settings: LazySettings) -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        settings.LLM_MODEL, settings.LLM_API_BASE_URL = "scripted-1", server.url
        settings.LLM_PLANNING, settings.LLM_TRUST = "full", "trusted"
        forget_planners()
        yield server
    forget_planners()


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def lineage(spans: dict[str, ReadableSpan], name: str) -> list[str]:
    """The span and those around it, inmost first."""
    by_id = {span.context.span_id: span for span in spans.values() if span.context is not None}
    found = [spans[name]]
    while (parent := found[-1].parent) is not None and parent.span_id in by_id:
        found.append(by_id[parent.span_id])
    return [span.name for span in found]


@pytest.mark.django_db(transaction=True)
def test_a_task_goes_on_with_the_trace_of_its_message_down_to_the_model(
    project: Project, model: ScriptedServer, kept: Kept
) -> None:
    action = f"Refund order A-1 for {SECRET_WORD}"
    with tracing.span("POST /v1/plans", kind="server"):
        plan, _ = plans.ask(project, PlanRequest(action, {"order_id": "A-1"}))
        headers = tracing.carried()
    assert plan.status == "pending"
    _run(tasks.generate_plan, headers, plan.id)

    done = Plan.objects.get(pk=plan.id)
    assert done.is_finished
    spans = {span.name: span for span in kept.get_finished_spans()} | kept.spans()
    task = "planengine.tasks.generate_plan"
    assert lineage(spans, "chat scripted-1") == ["chat scripted-1", "attempt", "plan", task, "POST /v1/plans"]
    assert len({span.context.trace_id for span in spans.values() if span.context}) == 1
    told = attributes(spans["chat scripted-1"])
    assert told["gen_ai.operation.name"] == "chat"
    assert told["gen_ai.request.model"] == "scripted-1"
    assert (told["gen_ai.usage.input_tokens"], told["gen_ai.usage.output_tokens"]) == (120, 30)
    url = urlsplit(model.url)
    assert (told["server.address"], told["server.port"]) == (url.hostname, url.port)
    assert attributes(spans["plan"])["orra.plan.id"] == plan.id
    assert attributes(spans["cache lookup"])["orra.cache.decision"] == "miss"
    assert SECRET_WORD not in "".join(span.to_json() for span in kept.get_finished_spans())


@pytest.mark.django_db(transaction=True)
def test_a_failure_is_told_by_its_code_alone(project: Project, model: ScriptedServer, kept: Kept) -> None:
    model.script(*[Reply(status=401, body={"error": {"message": SECRET_WORD}})] * 3)
    plan, _ = plans.ask(project, PlanRequest("Refund order A-1", {"order_id": "A-1"}))
    _run(tasks.generate_plan, {}, plan.id)
    span = kept.spans()["chat scripted-1"]
    assert attributes(span)["error.type"] == "model_auth"
    assert span.events == ()
    assert SECRET_WORD not in span.to_json()


def test_a_request_has_a_span_that_goes_on_with_its_clients(kept: Kept) -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    spans = _ask("/v1/plans/o_abcdefghijklmnopqrstuvwx/events", kept, parent)
    span = spans["GET /v1/plans/{id}/events"]
    told = attributes(span)
    assert span.context is not None and f"{span.context.trace_id:032x}" == parent.split("-")[1]
    assert (told["http.response.status_code"], told["orra.request.id"]) == (404, "mine")


@pytest.mark.parametrize("parent", ["", "nonsense", "00-0-0-01", "ä" * 1000])
def test_a_parent_that_is_none_is_left_out(kept: Kept, parent: str) -> None:
    assert _ask("/v1/plans", kept, parent)["GET /v1/plans"].parent is None


def test_probes_are_not_traced(kept: Kept) -> None:
    assert _ask("/readyz", kept, "") == {}


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/v1/plans", "/v1/plans"),
        ("/v1/services/find_order", "/v1/services/{name}"),
        ("/v1/services/plans/dry-run", "/v1/services/{name}/dry-run"),
        ("/v1/cache/entries/ce_abcdefghijklmnopqrstuvwx", "/v1/cache/entries/{id}"),
        ("/v1/Xylophone 7/a/b/c/d/e/f", "/v1/{path}/a/b/c"),
        ("/admin/planengine/plan/", "/admin"),
        ("/", "/"),
        ("/.env", "/{path}"),
    ],
)
def test_routes_are_few_and_have_nothing_of_anybodys(path: str, route: str) -> None:
    assert route_of(path) == route


def test_off_a_span_is_one_object_that_does_nothing() -> None:
    assert not tracing.is_on()
    assert tracing.span("a") is tracing.span("b")
    assert tracing.carried() == {}


@pytest.mark.parametrize("endpoint", ["", "http://127.0.0.1:4318"])
def test_opentelemetry_is_imported_only_where_traces_are_wanted(endpoint: str) -> None:
    statements = "import sys, orra.asgi as a; print(a.application.__qualname__, 'opentelemetry' in sys.modules)"
    environment = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}
    done = subprocess.run(
        [sys.executable, "-c", statements], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    wrapped = "traced.<locals>.application" if endpoint else "_application"
    assert done.stdout.split()[0] == wrapped
    assert endpoint or done.stdout.split()[1] == "False"


def _run(task: PatientTask, headers: dict[str, str], *arguments: str) -> None:
    task.push_request(**headers)
    try:
        task(*arguments)
    finally:
        task.pop_request()


def _ask(path: str, kept: Kept, parent: str) -> dict[str, ReadableSpan]:
    """The spans of a request that an app answers with 404."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers: Sequence[tuple[bytes, bytes]] = [(b"x-request-id", b"mine")]
        await send({"type": "http.response.start", "status": problem(404, "x", "y")["status"], "headers": headers})

    async def nothing(_: Any = None) -> Any: ...

    lines = [(b"traceparent", parent.encode("latin-1"))] if parent else []

    async def serve() -> None:
        await traced(app)({"type": "http", "method": "GET", "path": path, "headers": lines}, nothing, nothing)

    asyncio.run(serve())
    return kept.spans()
