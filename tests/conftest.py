"""What tests of several folders share: projects, keys, services, a client that speaks JSON."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client
from hypothesis import settings

from orra.base import brokers
from orra.base.strictjson import Json
from planengine.catalogue import registry
from planengine.lifecycle.worker import work_on
from planengine.models import ApiKey, Project
from tests.api.described import undescribed

# How long an example takes is the machine's affair.
settings.register_profile("orra", deadline=None)
settings.load_profile("orra")

# Files whose tests start stacks and browsers take minutes each.
SLOW = ("tests/live/", "tests/admin/test_browser", "tests/admin/test_accessibility")


@pytest.hookimpl(trylast=True)  # after their order was drawn
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first: else, at the end, one process would work on it and others on nothing."""
    items.sort(key=lambda item: not item.nodeid.startswith(SLOW))


@dataclass
class Api:
    """A project's API client. Bodies that are not text already are sent as JSON; ``content_type``, among
    the headers, says what else a text is."""

    secret: str = ""
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def request(self, method: str, path: str, body: Json = None, **headers: str) -> Any:
        raw = body if isinstance(body, str | bytes) else json.dumps(body)
        if self.secret:
            headers.setdefault("Authorization", f"Bearer {self.secret}")
        kind = headers.pop("content_type", "application/json")
        content = b"" if body is None else raw
        answer = self.client.generic(method, path, content, content_type=kind, headers=headers)
        assert (found := undescribed(method, path, answer)) is None, f"not in the API's description: {found}"
        return answer

    def get(self, path: str, **headers: str) -> Any:
        return self.request("GET", path, **headers)

    def post(self, path: str, body: Json = None, **headers: str) -> Any:
        return self.request("POST", path, body, **headers)

    def put(self, path: str, body: Json, **headers: str) -> Any:
        return self.request("PUT", path, body, **headers)

    def patch(self, path: str, body: Json) -> Any:
        return self.request("PATCH", path, body)

    def delete(self, path: str) -> Any:
        return self.request("DELETE", path)

    def plan(self, action: str, params: Json = None, **members: Json) -> Json:
        """The finished Plan for a request, as a client sees it. A miss is worked on here, as a worker would."""
        answer = self.post("/v1/plans", {"action": action, "params": params or {}, **members})
        assert answer.status_code in (201, 202), answer.content
        plan = answer.json()
        if answer.status_code == 202:
            work_on(plan["id"])
            plan = self.get(f"/v1/plans/{plan['id']}").json()
        return plan


def object_schema(required: str = "", **properties: Json) -> Json:
    """``object_schema("a b", a="string", b={...}, c="integer")``: types by name, required ones listed."""
    shapes = {name: {"type": kind} if isinstance(kind, str) else kind for name, kind in properties.items()}
    return {"type": "object", "properties": shapes, "required": required.split()}


SHOP: dict[str, dict[str, Json]] = {
    "order_lookup": {
        "type": "service",
        "description": "Find an order by its order id: the customer, the items and the amount paid.",
        "input_schema": object_schema("order_id", order_id="string"),
        "output_schema": object_schema(
            "customer_id amount", customer_id="string", amount="number", items={"type": "array"}
        ),
        "revertible": False,
    },
    "refund_payment": {
        "type": "service",
        "description": "Refund an order: give the customer the money back.",
        "input_schema": object_schema("order_id", order_id="string"),
        "output_schema": object_schema("refund_id", refund_id="string"),
        "revertible": True,
    },
    "search_laptops": {
        "type": "agent",
        "description": "Search for used laptops that fit a description of what they are for.",
        "input_schema": object_schema("query", query="string"),
        "output_schema": object_schema("laptops", laptops={"type": "array"}),
        "revertible": False,
    },
}


@pytest.fixture(autouse=True)
def a_broker_is_not_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Because another test's took no message."""
    monkeypatch.setattr(brokers, "_leave_alone_until", 0.0)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C counts, as it does not in what a shell has put into the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def make_project(db: None) -> Callable[..., Project]:
    def make(name: str = "tests", services: dict[str, Json] | None = None, **settings: Json) -> Project:
        project = Project.objects.create(name=name, **settings)
        for service, facts in (SHOP if services is None else services).items():
            registry.register(project, service, facts)
        return project

    return make


@pytest.fixture
def project(make_project: Callable[..., Project]) -> Project:
    return make_project()


@pytest.fixture
def api(project: Project) -> Api:
    return Api(ApiKey.issue(project)[1])


@pytest.fixture
def other_api(make_project: Callable[..., Project]) -> Api:
    """A client of another project with the same services."""
    return Api(ApiKey.issue(make_project("another"))[1])


@pytest.fixture
def anonymous() -> Api:
    return Api()
