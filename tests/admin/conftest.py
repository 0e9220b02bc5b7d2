"""Operators, and a project with something to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from cache.models import Entry
from orra.base.strictjson import Json
from planengine.lifecycle import plans
from planengine.models import Attempt, Plan, Project
from planengine.models.states import PlanStatus
from planengine.requests import PlanRequest
from planengine.reuse import plan_cache
from tests.admin.browsing import CHROMIUM, PASSWORD, Browse, ByHand, Chromium, Visit, started
from tests.conftest import SHOP, object_schema

CHAIN: Json = {
    "tasks": [
        {"id": "task0", "input": {"order_id": "ORD-17", "copies": 2}},
        {"id": "task1", "service": "order_lookup", "input": {"order_id": "$task0.order_id"}},
        {
            "id": "task2",
            "service": "print_labels",
            "input": {"order_id": "$task0.order_id", "copies": "$task0.copies"},
        },
        {"id": "task3", "service": "notify", "input": {"customer_id": "$task1.customer_id"}},
    ],
    "parallel_groups": [["task1", "task2"], ["task3"]],
}


def sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def operator(db: None) -> Client:
    """Signed in as somebody who may do everything."""
    return sign_in(User.objects.create_superuser("ada"))


@pytest.fixture
def ada(db: None) -> User:
    """Whom browsers sign in as."""
    return User.objects.create_superuser("ada", password=PASSWORD)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    if not Path(CHROMIUM).exists():
        pytest.skip("no Chromium: install it, or name it in the variable CHROMIUM")
    with started() as browser:
        yield browser


@pytest.fixture
def browse(chromium: Chromium, live_server: Any, ada: User) -> Browse:
    def visit(by_hand: ByHand, *, scripts: bool = False, signed_in: bool = True) -> Visit:
        session = sign_in(ada).cookies[settings.SESSION_COOKIE_NAME].value if signed_in else ""
        return chromium.visit(live_server.url, session, by_hand, scripts=scripts)

    return visit


@pytest.fixture
def staff(db: None) -> Callable[..., Client]:
    """``staff("cache.view_entry")``: signed in with these rights and no others."""

    def make(*rights: str) -> Client:
        user = User.objects.create_user(f"staff{User.objects.count()}", is_staff=True)
        for right in rights:
            app, codename = right.split(".")
            user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
        return sign_in(user)

    return make


@pytest.fixture
def shop(make_project: Callable[..., Project]) -> Project:
    """A project in which :data:`CHAIN` is valid."""
    labels = {
        "type": "service",
        "description": "Print labels for an order.",
        "input_schema": object_schema("order_id copies", order_id="string", copies="integer"),
        "output_schema": object_schema(printed="integer"),
        "revertible": False,
    }
    notify = {
        "type": "service",
        "description": "Tell a customer.",
        "input_schema": object_schema("customer_id", customer_id="string"),
        "output_schema": object_schema(),
        "revertible": False,
    }
    return make_project("shop", {**SHOP, "print_labels": labels, "notify": notify})


@pytest.fixture
def make_entry() -> Callable[..., Entry]:
    def make(project: Project, action: str, params: dict[str, Json], plan: Json) -> Entry:
        request = PlanRequest(action, params)
        vector = plan_cache.embed(plan_cache.request_for(project, request).template.embedding_text)
        entry = plan_cache.store(project, request, plan, vector=vector, planned_by="composer", cost={})
        assert entry is not None
        return entry

    return make


@pytest.fixture
def entry(shop: Project, make_entry: Callable[..., Entry]) -> Entry:
    return make_entry(
        shop, "Print 2 labels for order ORD-17 and tell the customer", {"order_id": "ORD-17", "copies": 2}, CHAIN
    )


@pytest.fixture
def make_plan() -> Callable[..., Plan]:
    """A failed Plan, unless said otherwise."""

    def make(project: Project, action: str = "Do it", status: str = PlanStatus.FAILED, **columns: Any) -> Plan:
        finished = {} if status in (PlanStatus.PENDING, PlanStatus.PLANNING) else {"finished_at": timezone.now()}
        columns = {"created_at": timezone.now(), "project": project, **finished, **columns}
        return Plan.objects.create(action=action, status=status, **columns)

    return make


@pytest.fixture
def served(entry: Entry) -> Plan:
    """A Plan that the entry served, by meaning of its template."""
    request = PlanRequest(
        "Print 5 labels for order ORD-99 and tell the customer", {"order_id": "ORD-99", "copies": 5}
    )
    plan, _ = plans.ask(entry.project, request)
    assert plan.cache_entry_id == entry.pk
    return plan


@pytest.fixture
def rejected(shop: Project, make_plan: Callable[..., Plan]) -> Plan:
    """A Plan whose three drafts were all wrong."""
    problem = {
        "code": "unknown_service",
        "message": "'task1' names the service 'refunds', which doesn't exist",
        "task": "task1",
        "field": "service",
        "hint": "Did you mean 'refund_payment'?",
    }
    error = {
        "code": "plan_rejected",
        "message": "ORCHESTRATION ERROR\nPROBLEM: no such service",
        "problems": [problem],
        "how_to_fix": ["Register a service that gives refunds."],
        "retryable": False,
    }
    plan = make_plan(shop, "Refund order ORD-5", error=error, prompt_tokens=900, timings_ms={"total": 1234.5})
    for number in (1, 2, 3):
        Attempt.objects.create(
            plan=plan,
            number=number,
            planner="model:1:tiny",
            model="tiny",
            prompt=f"prompt of attempt {number}",
            answer=f"answer of attempt {number}",
            problems=[problem],
            seconds=1.5,
        )
    return plan
