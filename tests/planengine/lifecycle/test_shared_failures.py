"""A flight that fails: whose the failure is, and that it is not kept."""

from __future__ import annotations

from typing import Any

import pytest

from planengine.models import Attempt, Follower
from tests.conftest import Api, object_schema
from tests.planengine.in_flight import ITEMS, ask, get, meanwhile, work
from tests.servers.scripted import ScriptedServer, completion, failure

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_failure_is_shared_and_not_kept(api: Api, server: ScriptedServer) -> None:
    leader, follower = ask(api, "A-1"), ask(api, "B-2")
    server.script(meanwhile(lambda: work(follower), then=failure(401, "Unauthorized")))

    work(leader)

    plan = get(api, follower)
    assert (plan["status"], plan["error"]) == ("failed", get(api, leader)["error"])
    assert (plan["error"]["code"], server.calls) == ("model_auth", 1)
    assert (plan["source"], plan["attempts"], plan["cache"]["reason"]) == (None, [], "same_flight")
    assert plan["usage"] == {"prompt_tokens": None, "completion_tokens": None}
    timings = plan["timings_ms"]
    assert timings["total"] >= timings["waiting"] > 0 and timings["planner"] == 0
    assert not Follower.objects.exists()
    assert api.plan("Refund order C-3", {"order_id": "C-3"})["status"] == "ready"
    assert server.calls == 2


def test_a_failure_of_a_draft_says_whose_it_is(api: Api, server: ScriptedServer) -> None:
    leader, follower = ask(api, "A-1"), ask(api, "B-2")
    nothing = completion("I would rather not.")
    server.script(meanwhile(lambda: work(follower), then=nothing), nothing)

    work(leader)

    plan = get(api, follower)
    assert (plan["error"]["code"], server.calls) == ("plan_rejected", 2)
    assert plan["error"]["message"].startswith(get(api, leader)["error"]["message"])
    assert f"outcome of plan {leader}" in plan["error"]["message"]


def test_that_nothing_can_be_done_is_shared_too(api: Api, server: ScriptedServer) -> None:
    leader, follower = ask(api, "A-1"), ask(api, "B-2")
    final = {"tasks": [{"id": "final", "input": {"error": "Refunds are closed."}}], "parallel_groups": []}
    server.script(meanwhile(lambda: work(follower), then=final))

    work(leader)

    assert [get(api, each)["status"] for each in (leader, follower)] == ["not_actionable"] * 2


def test_a_failure_of_the_leaders_values_is_its_own(api: Api, server: ScriptedServer) -> None:
    schema = object_schema("order_id", order_id={"type": "string", "maxLength": 5})
    api.put("/v1/services/refund_payment", {**ITEMS, "description": "Refund an order.", "input_schema": schema})
    leader, follower = ask(api, "A-1000000"), ask(api, "B-2")
    twin = ask(api, "A-1000000")
    server.script(meanwhile(lambda: work(follower, twin)))

    work(leader)

    assert get(api, leader)["error"]["code"] == get(api, twin)["error"]["code"] == "plan_rejected"
    assert (get(api, follower)["status"], get(api, follower)["source"]) == ("ready", "model")
    assert Attempt.objects.filter(plan=twin).count() == 0


def test_a_failure_of_the_engine_itself_ends_everybody(
    api: Api, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    leader, follower = ask(api, "A-1"), ask(api, "B-2")

    def broken(*args: Any, **kwargs: Any) -> None:
        work(follower)
        raise RuntimeError("secret detail")

    monkeypatch.setattr("planengine.drafting.fallback.generate", broken)

    work(leader)

    assert [get(api, each)["error"]["code"] for each in (leader, follower)] == ["internal_error"] * 2


def test_a_failure_before_a_flight_is_boarded_ends_in_the_row(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    plan_id = ask(api, "A-1")

    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("planengine.lifecycle.worker.singleflight.route_of", broken)

    work(plan_id)

    assert get(api, plan_id)["error"]["code"] == "internal_error"
