"""The id of a request: in the answer, in the log, and in the messages to workers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any, cast

import pytest
import structlog
from a2wsgi import WSGIMiddleware
from django.db import connections
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

from orra import asgi
from orra.celery import REQUEST, PatientTask, app
from orra.serving import request_ids
from orra.wsgi import application
from planengine import tasks
from planengine.api.hits import answering as hits
from planengine.lifecycle import plans
from planengine.models import ApiKey, Plan, Project
from planengine.requests import PlanRequest
from tests.conftest import Api

MADE = 32

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _own_context(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing bound, and one thread for the views, whose connection is closed at the end."""
    clear_contextvars()
    thread = WSGIMiddleware(cast(Any, application), workers=1)
    monkeypatch.setattr(asgi, "django", thread)
    monkeypatch.setattr(asgi, "streamed", thread)
    yield
    thread.executor.submit(connections.close_all).result()
    thread.executor.shutdown()
    clear_contextvars()


def ask(
    method: str, path: str, body: bytes = b"", *, quick: bool = False, **headers: str
) -> tuple[int, list[str]]:
    """The status, and every request id of the answer."""
    sent: list[Any] = []
    given = {"host": "localhost", "content_type": "application/json", **headers}
    lines = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in given.items()]
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        return messages.pop() if messages else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        **{"type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b""},
        **{"headers": [*lines, (b"content-length", b"%d" % len(body))], "http_version": "1.1", "scheme": "http"},
        **{"server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1), "root_path": ""},
    }

    async def serve() -> None:
        if quick:
            await hits.storage.open()
        try:
            await asyncio.wait_for(asgi.application(scope, receive, send), 30)
        finally:
            await hits.storage.close()

    asyncio.run(serve())
    ids = [value.decode() for name, value in sent[0]["headers"] if name == b"x-request-id"]
    return sent[0]["status"], ids


@pytest.mark.parametrize("path", ["/livez", "/nothing/here", "/v1/plans"])
def test_a_well_formed_id_is_taken_and_sent_back(path: str) -> None:
    assert ask("GET", path, x_request_id="from-outside.7_A")[1] == ["from-outside.7_A"]


@pytest.mark.parametrize("given", ["", "a b", "a" * 65, "<script>", "a\nb", "ä", '{"a":1}'])
def test_any_other_is_replaced(given: str) -> None:
    [made] = ask("GET", "/livez", x_request_id=given)[1]
    assert made != given
    assert len(made) == MADE


def test_each_request_has_its_own() -> None:
    assert ask("GET", "/livez")[1] != ask("GET", "/livez")[1]


def test_log_lines_of_a_plan_have_its_request_and_its_project(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[Any, dict[str, str]]] = []

    def send(task: Any, args: Any = None, kwargs: Any = None, **options: Any) -> None:
        sent.append((args, options["headers"]))

    monkeypatch.setattr("celery.app.task.Task.apply_async", send)
    secret = ApiKey.issue(project)[1]
    body = json.dumps({"action": "Refund order A-1", "params": {"order_id": "A-1"}}).encode()

    with _logged() as told:
        status, _ = ask("POST", "/v1/plans", body, authorization=f"Bearer {secret}", x_request_id="mine")

    assert status == 202
    plan = Plan.objects.get()
    [line] = [line for line in told if line["event"] == "plan asked for"]
    assert (line["request"], line["plan"], line["project"]) == ("mine", plan.id, project.pk)
    assert ((plan.id,), {REQUEST: "mine"}) in sent


def test_so_has_the_line_of_a_hit_that_is_served_without_a_view(api: Api, project: Project) -> None:
    for order in ("A-1", "A-2"):
        api.plan(f"Refund order {order}", {"order_id": order})
    body = json.dumps({"action": "Refund order A-3", "params": {"order_id": "A-3"}}).encode()

    with _logged() as told:
        status, _ = ask(
            "POST", "/v1/plans", body, quick=True, authorization=f"Bearer {api.secret}", x_request_id="mine"
        )

    assert status == 201
    [line] = [line for line in told if line["event"] == "plan asked for"]
    assert (line["request"], line["source"]) == ("mine", "exact")


def test_a_task_has_the_id_of_its_message_and_only_while_it_runs() -> None:
    seen: list[dict[str, Any]] = []

    @app.task(base=PatientTask, name="tests.look")  # type: ignore[untyped-decorator]
    def look() -> None:
        seen.append(dict(get_contextvars()))

    for headers in ({REQUEST: "mine"}, {}):
        look.push_request(**headers)
        try:
            look()
        finally:
            look.pop_request()
    assert seen == [{"request": "mine"}, {}]
    assert get_contextvars() == {}


def test_lines_of_a_worker_have_the_plan_and_its_project(project: Project) -> None:
    plan, _ = plans.ask(project, PlanRequest("Refund order A-1", {"order_id": "A-1"}))
    bind_contextvars(request="mine")
    with _logged() as told:
        tasks.generate_plan.run(plan.id)
    mine = [line for line in told if line.get("plan") == plan.id]
    assert {"plan claimed", "plan finished"} <= {line["event"] for line in mine}
    assert {(line["request"], line["project"]) for line in mine} == {("mine", project.pk)}
    assert get_contextvars() == {"request": "mine"}


def test_what_a_worker_asks_of_others_is_no_requests() -> None:
    bind_contextvars(request="of a task")
    assert request_ids.answered.get() == ""


class _logged:
    """The lines that are logged within it, with what is bound."""

    def __enter__(self) -> list[dict[str, Any]]:
        self._lines: list[dict[str, Any]] = []
        self._before = structlog.get_config()["processors"]
        kept = list(self._before)
        self._before[:] = [structlog.contextvars.merge_contextvars, self._keep]
        self._kept = kept
        return self._lines

    def __exit__(self, *_: object) -> None:
        self._before[:] = self._kept

    def _keep(self, logger: object, method: str, line: Any) -> Any:
        self._lines.append(dict(line))
        raise structlog.DropEvent
