"""A worker's way with a plan, against a model server over real HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cache.models import Entry, EntryVector
from planengine.drafting import planner_choice
from planengine.evaluation import shadow
from planengine.models import Attempt, Plan
from tests.conftest import SHOP, Api
from tests.servers.scripted import Reply, ScriptedServer, fenced, thinking

pytestmark = pytest.mark.django_db(transaction=True)

REFUND = ("Refund order ORD-17", {"order_id": "ORD-17"})


def plan_of(service: str, task0: dict[str, Any], task1: dict[str, Any]) -> dict[str, Any]:
    tasks = [{"id": "task0", "input": task0}, {"id": "task1", "service": service, "input": task1}]
    return {"tasks": tasks, "parallel_groups": [["task1"]]}


RIGHT = plan_of("refund_payment", {"order_id": "ORD-17"}, {"order_id": "$task0.order_id"})
INVENTED = plan_of("refund_everything", {"order_id": "ORD-17"}, {"order_id": "$task0.order_id"})
RENAMED = plan_of("refund_payment", {"orderId": "ORD-17"}, {"order_id": "$task0.orderId"})


def test_wrong_twice_and_right_the_third_time(api: Api, server: ScriptedServer) -> None:
    server.script(INVENTED, RENAMED, RIGHT)

    plan = api.plan(*REFUND)

    assert (plan["status"], plan["source"]) == ("ready", "model")
    assert plan["plan"] == RIGHT
    assert [attempt["number"] for attempt in plan["attempts"]] == [1, 2, 3]
    codes = [[problem["code"] for problem in attempt["problems"]] for attempt in plan["attempts"]]
    assert "unknown_service" in codes[0] and not codes[2]
    assert {"unknown_task0_field", "param_missing"} <= set(codes[1])
    assert plan["usage"] == {"prompt_tokens": 360, "completion_tokens": 90}
    assert "refund_everything" in server.requests[1].prompt
    assert "doesn't match any action parameter" in server.requests[2].prompt
    assert "Right: In 'task0', write" in " ".join(server.requests[2].sections["what was wrong with it"])
    assert Entry.objects.count() == 1


def test_the_same_wrong_draft_again_ends_in_the_diagnosis(api: Api, server: ScriptedServer) -> None:
    params = {
        "query": "I need a used laptop for college that is powerful enough",
        "budget": "800",
        "category": "laptop",
    }
    composite = {"query": "$task0.query budget: $task0.budget category: $task0.category"}
    server.script(*[plan_of("search_laptops", params, composite)] * 2)

    plan = api.plan("I need a used laptop for college that is powerful enough", params)

    assert (plan["status"], plan["error"]["code"], server.calls) == ("failed", "plan_rejected", 2)
    text = plan["error"]["message"]
    for expected in (
        "ORCHESTRATION ERROR",
        "PROBLEM",
        "HOW TO FIX",
        "$task0.query budget: $task0.budget",
        "query",
    ):
        assert expected in text
    update, remove = plan["error"]["how_to_fix"][:2]
    assert "search_laptops" in update and "budget" in update and "category" in update
    assert "budget" in remove and "category" in remove
    assert "composite_reference" in {problem["code"] for problem in plan["error"]["problems"]}
    assert not Entry.objects.exists()


@pytest.mark.parametrize("wrapped", [thinking(RIGHT), thinking(RIGHT, opening=False), fenced(RIGHT)])
def test_thoughts_and_fences_are_no_obstacle(api: Api, server: ScriptedServer, wrapped: Reply) -> None:
    server.script(wrapped)

    plan = api.plan(*REFUND)

    assert (plan["plan"], len(plan["attempts"])) == (RIGHT, 1)


def test_a_refused_key_is_told_as_such(api: Api, server: ScriptedServer) -> None:
    server.script(Reply(401, {"error": "Unauthorized"}))

    plan = api.plan(*REFUND)

    assert plan["status"] == "failed"
    assert "API key may be required or invalid for this endpoint" in plan["error"]["message"]
    assert server.calls == 1


def test_an_unreachable_model_is_a_clear_failure_and_loses_nothing(api: Api, server: ScriptedServer) -> None:
    server.stop()

    plan = api.plan(*REFUND)

    assert (plan["status"], plan["error"]["code"], plan["error"]["retryable"]) == (
        "failed",
        "model_unreachable",
        True,
    )
    assert Attempt.objects.get().error_code == "model_unreachable"
    assert Plan.objects.get().action == REFUND[0]
    assert not Entry.objects.exists()
    server.stop = lambda: None  # type: ignore[method-assign]


def test_the_second_request_reaches_no_model(api: Api, server: ScriptedServer) -> None:
    server.script(RIGHT)
    api.plan(*REFUND)

    hit = api.plan("Refund order ORD-99", {"order_id": "ORD-99"})

    assert (hit["source"], server.calls) == ("exact", 1)
    stats = api.get("/v1/cache/stats").json()
    assert (stats["calls_saved"], stats["tokens_saved"]) == (1, 150)


def test_another_model_does_not_serve_this_ones_plans(api: Api, server: ScriptedServer, settings: Any) -> None:
    api.plan(*REFUND)
    settings.LLM_MODEL = "another"
    planner_choice.current_planner.cache_clear()

    plan = api.plan("Refund order ORD-99", {"order_id": "ORD-99"})

    assert (plan["source"], server.calls) == ("model", 2)


def test_a_model_may_say_that_it_cannot_be_done(api: Api, server: ScriptedServer) -> None:
    server.script({"tasks": [{"id": "final", "input": {"error": "No service books flights."}}]})

    plan = api.plan("Book me a flight to Mars")

    assert plan["status"] == "not_actionable"
    assert "No service books flights." in plan["error"]["message"]


class TestExamples:
    """What becomes of an outcome besides the answer."""

    NOTHING = {"tasks": [{"id": "final", "input": {"error": "Nothing does that."}}]}

    def test_a_plan_votes(self, api: Api, server: ScriptedServer) -> None:
        api.plan(*REFUND)
        entry = Entry.objects.get()
        assert (entry.kind, entry.planned_by) == ("plan", "model")
        assert EntryVector.objects.get().pk == entry.pk

    def test_a_refusal_of_the_model_is_kept_and_serves_nobody(self, api: Api, server: ScriptedServer) -> None:
        server.script(self.NOTHING)
        assert api.plan(*REFUND)["status"] == "not_actionable"

        entry = Entry.objects.get()
        assert (entry.kind, entry.plan) == ("refusal", None)
        assert EntryVector.objects.get().pk == entry.pk
        later = api.plan("Refund order ORD-18", {"order_id": "ORD-18"})
        assert (later["status"], later["source"], server.calls) == ("ready", "model", 2)

    def test_one_that_asked_to_bypass_the_cache_leaves_no_trace(self, api: Api, server: ScriptedServer) -> None:
        server.script(self.NOTHING)
        api.plan(*REFUND, cache="bypass")
        api.plan(*REFUND, cache="bypass")
        assert not Entry.objects.exists()

    def test_a_failure_is_no_refusal(self, api: Api, server: ScriptedServer) -> None:
        server.script(*[INVENTED] * 3)
        assert api.plan(*REFUND)["status"] == "failed"
        assert not Entry.objects.exists()

    def test_what_the_composer_made_votes_for_nothing(self, api: Api) -> None:
        """It must not learn from itself."""
        assert api.plan(*REFUND)["source"] == "composer"
        assert Entry.objects.get().planned_by == "composer"
        assert not EntryVector.objects.exists()
        assert api.plan("Refund order ORD-18", {"order_id": "ORD-18"})["source"] == "exact"

    def test_nor_what_it_refused(self, api: Api) -> None:
        assert api.plan("Book a flight to Mars")["status"] == "not_actionable"
        assert not Entry.objects.exists()

    def test_a_plan_that_was_reported_is_not_made_again(self, api: Api, server: ScriptedServer) -> None:
        wrong = api.plan(*REFUND)
        shadow.report(Plan.objects.get(pk=wrong["id"]))

        again = api.plan("Refund order ORD-18", {"order_id": "ORD-18"})

        assert (again["status"], again["plan"], again["error"]["code"]) == (
            "not_actionable",
            None,
            "reported_wrong",
        )
        assert "refund_payment" in again["error"]["message"]
        assert len(again["error"]["how_to_fix"]) == 2
        assert server.calls == 2
        assert not EntryVector.objects.exclude(entry__kind="counter").exists(), "it votes for nothing any more"

    def test_another_plan_may_be_made(self, api: Api, server: ScriptedServer) -> None:
        shadow.report(Plan.objects.get(pk=api.plan(*REFUND)["id"]))
        lookup = plan_of("order_lookup", {"order_id": "ORD-18"}, {"order_id": "$task0.order_id"})
        server.script(lookup)
        again = api.plan("Refund order ORD-18", {"order_id": "ORD-18"})
        assert (again["status"], again["plan"]) == ("ready", lookup)


@pytest.mark.parametrize("catalogue", [{}, {"order_lookup": SHOP["order_lookup"]}])
def test_the_prompt_holds_the_projects_services_only(
    make_project: Callable[..., Any], server: ScriptedServer, catalogue: dict[str, Any]
) -> None:
    from planengine.models import ApiKey

    api = Api(ApiKey.issue(make_project("small", services=catalogue))[1])
    make_project("large")

    api.plan(*REFUND)

    if server.requests:
        assert {spec["name"] for spec in server.requests[0].sections["services"]} == set(catalogue)
