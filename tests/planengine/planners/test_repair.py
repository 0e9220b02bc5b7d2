"""A model's choice of services, wired anew after all its drafts were rejected."""

from __future__ import annotations

from typing import Any

import pytest

from cache.models import Entry
from orra.base.strictjson import Json
from planengine.evaluation.expected import calls_of, comparable
from planengine.evaluation.planners.rows import own_rows
from planengine.planners.protocol import Job
from planengine.planners.repair import repair
from planengine.validation.problems import Problem
from tests.conftest import Api
from tests.planengine.shop import a_draft, shop
from tests.servers.scripted import ScriptedServer

JOB = Job("Tell the customer of ORD-17", {"orderId": "ORD-17", "text": "Hello"}, shop)
CHOSEN = a_draft({}, ("find-order", {}), ("find-customer", {"customerId": "$task0.nothing"}), ("notify", {}))


def message_of(result: Any) -> str:
    assert isinstance(result, Problem)
    return result.message


def test_the_services_are_wired_by_names_and_types() -> None:
    plan = repair([CHOSEN], JOB)
    assert not isinstance(plan, Problem)
    assert plan["tasks"][0]["input"] == JOB.params
    assert [task.get("service") for task in plan["tasks"][1:]] == ["find-order", "find-customer", "notify"]
    assert plan["tasks"][3]["input"] == {"email": "$task2.email", "text": "$task0.text"}


def test_a_lookup_that_the_model_forgot_is_added_and_nothing_else() -> None:
    plan = repair([a_draft({}, ("notify", {}))], JOB)
    assert not isinstance(plan, Problem)
    assert {task.get("service") for task in plan["tasks"][1:]} == {"find-order", "find-customer", "notify"}


def test_the_last_draft_that_can_be_wired_counts() -> None:
    unknown = a_draft({}, ("telepathy", {}))
    assert repair([CHOSEN, unknown, None, "text", a_draft({})], JOB) == repair([CHOSEN], JOB)


def test_what_cannot_be_wired_is_told() -> None:
    assert "No draft calls services" in message_of(repair([None, a_draft({}, ("telepathy", {}))], JOB))
    assert "No draft calls services" in message_of(repair([a_draft({}, ("notify", {}), ("notify", {}))], JOB))
    assert "'query'" in message_of(repair([a_draft({}, ("search-laptops", {}))], JOB))
    assert "'text'" in message_of(repair([a_draft({}, ("find-order", {}))], JOB))


def test_what_is_repaired_is_right() -> None:
    """Of the requests that come with orra, given the right services and no wiring at all."""
    repaired = 0
    rows = [row for row in own_rows() if row.expected]
    for row in rows:
        draft = row.draft
        for task in draft["tasks"]:
            task["input"] = {}
        plan = repair([draft], row.job)
        if not isinstance(plan, Problem):
            repaired += 1
            assert comparable(calls_of(plan)) == comparable(row.expected), row.job.action
    assert repaired >= 0.9 * len(rows)


REFUND = ("Refund order ORD-17", {"order_id": "ORD-17"})
UNWIRED: Json = {
    "tasks": [{"id": "task0", "input": {}}, {"id": "task1", "service": "refund_payment", "input": {}}]
}


@pytest.fixture
def unwiring(server: ScriptedServer) -> ScriptedServer:
    server.script(*[UNWIRED] * 3)
    return server


def test_a_project_may_forbid_it(api: Api, unwiring: ScriptedServer) -> None:
    assert api.patch("/v1/project", {"repair": False}).json()["repair"] is False
    plan = api.plan(*REFUND)
    assert (plan["status"], plan["repaired"], len(plan["attempts"])) == ("failed", False, 2)


def test_a_repaired_plan_says_so_everywhere(api: Api, unwiring: ScriptedServer) -> None:
    assert api.get("/v1/project").json()["repair"] is True
    plan = api.plan(*REFUND)
    # A draft that is repeated word for word is not asked for a third time.
    assert (plan["status"], plan["source"], plan["repaired"], unwiring.calls) == ("ready", "model", True, 2)
    assert plan["plan"]["tasks"][1]["input"] == {"order_id": "$task0.order_id"}
    last = plan["attempts"][-1]
    assert (last["number"], last["planner"], last["problems"]) == (3, "repair:1", [])
    assert plan["attempts"][0]["services_shown"] == 3 and last["services_shown"] is None
    assert Entry.objects.get().planned_by == "repaired"

    served = api.plan("Refund order ORD-18", {"order_id": "ORD-18"})
    assert (served["status"], served["source"]) == ("ready", "exact")


def test_what_cannot_be_repaired_fails_with_the_models_problems(api: Api, server: ScriptedServer) -> None:
    api.patch("/v1/project", {"repair": True})
    server.script(*[{"tasks": [{"id": "task0", "input": {}}, {"id": "task1", "service": "telepathy"}]}] * 3)
    plan = api.plan(*REFUND)
    assert (plan["status"], plan["error"]["code"], plan["repaired"]) == ("failed", "plan_rejected", False)
    assert "telepathy" in plan["error"]["message"]
    assert [problem["code"] for problem in plan["attempts"][-1]["problems"]] == ["not_repairable"]
    assert not Entry.objects.exists()
