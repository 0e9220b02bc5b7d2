from __future__ import annotations

from typing import Any

import pytest

from cache.models import Entry
from planengine import tasks
from planengine.api.serializers.plans import VotesSerializer
from planengine.models import Plan, Project
from planengine.requests import PlanRequest
from planengine.reuse import plan_cache
from planengine.reuse.freshness import forget_refusals, mark_second_best
from tests.api.teaching import REWORDED, ask, report, teach
from tests.conftest import SHOP, Api, object_schema

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def entry(api: Api) -> dict[str, object]:
    api.plan("Refund order ORD-17", {"order_id": "ORD-17"})
    [found] = api.get("/v1/cache/entries").json()["results"]
    return dict(found)


def test_an_entry_tells_what_it_holds(api: Api, entry: dict[str, object]) -> None:
    assert api.get(f"/v1/cache/entries/{entry['id']}").json() == entry
    assert "{order_id}" in str(entry["template"])
    assert entry["services"] == {"refund_payment": 1}
    assert (entry["hits"], entry["reusable"], entry["pinned"]) == (0, True, False)


def test_entries_are_found_by_service(api: Api, entry: dict[str, object]) -> None:
    assert len(api.get("/v1/cache/entries?service=refund_payment").json()["results"]) == 1
    assert api.get("/v1/cache/entries?service=order_lookup").json()["results"] == []


def test_one_entry_is_evicted(api: Api, entry: dict[str, object]) -> None:
    assert api.delete(f"/v1/cache/entries/{entry['id']}").status_code == 204
    assert api.delete(f"/v1/cache/entries/{entry['id']}").status_code == 404
    assert api.post("/v1/plans", {"action": "Refund order X-1", "params": {"order_id": "X-1"}}).status_code == 202


def test_entries_are_purged_by_service(api: Api, entry: dict[str, object]) -> None:
    assert api.delete("/v1/cache/entries?service=order_lookup").json() == {"evicted": 0}
    assert api.delete("/v1/cache/entries?service=refund_payment").json() == {"evicted": 1}
    assert not Entry.objects.exists()


def test_a_purge_says_what_it_purges(api: Api, entry: dict[str, object]) -> None:
    answer = api.delete("/v1/cache/entries")

    assert (answer.status_code, answer.json()["code"]) == (400, "service_missing")
    assert Entry.objects.exists()


def test_a_replay_is_a_new_plan_with_the_given_values(api: Api, entry: dict[str, object]) -> None:
    answer = api.post(
        f"/v1/cache/entries/{entry['id']}/replay", {"action": "Refund order B-2", "params": {"order_id": "B-2"}}
    )

    assert answer.status_code == 201
    plan = answer.json()
    assert (plan["status"], plan["source"]) == ("ready", "replay")
    assert plan["plan"]["tasks"][0]["input"] == {"order_id": "B-2"}
    assert plan["cache"]["entry_id"] == entry["id"]
    assert Plan.objects.get(pk=plan["id"]).source == "replay"


def test_a_replay_without_a_body_repeats_the_entrys_own_request(api: Api, entry: dict[str, object]) -> None:
    plan = api.post(f"/v1/cache/entries/{entry['id']}/replay", {}).json()

    assert plan["action"] == "Refund order ORD-17"
    assert plan["plan"]["tasks"][0]["input"] == {"order_id": "ORD-17"}


def test_a_replay_that_does_not_fit_fails_and_says_why(api: Api, entry: dict[str, object]) -> None:
    plan = api.post(f"/v1/cache/entries/{entry['id']}/replay", {"params": {"order_id": 5}}).json()

    assert plan["status"] == "failed"
    assert plan["error"]["code"] in ("replay_invalid", "replay_impossible")
    assert Entry.objects.get().quarantined_at is None


@pytest.mark.parametrize("body", [[], {"cache": "use"}, {"params": 5}, {"action": ""}])
def test_a_malformed_replay_stores_nothing(api: Api, entry: dict[str, object], body: object) -> None:
    before = Plan.objects.count()

    answer = api.post(f"/v1/cache/entries/{entry['id']}/replay", body)

    assert answer.status_code == 400
    assert Plan.objects.count() == before


def test_stats_count_hits_and_misses(api: Api, entry: dict[str, object]) -> None:
    api.plan("Refund order B-2", {"order_id": "B-2"})

    stats = api.get("/v1/cache/stats").json()

    assert stats["requests"] == 2
    assert stats["hits"] == {"exact": 1, "semantic": 0, "example": 0, "total": 1}
    assert (stats["misses"], sum(stats["misses_by_reason"].values())) == (1, 1)
    assert (stats["hit_rate"], stats["calls_saved"], stats["entries"]) == (0.5, 1, 1)


def test_stats_of_an_empty_project(other_api: Api) -> None:
    stats = other_api.get("/v1/cache/stats").json()

    assert (stats["requests"], stats["hit_rate"], stats["tokens_saved"]) == (0, None, 0)


# --- explain


def explain(api: Api, action: str, **params: object) -> dict[str, object]:
    answer = api.post("/v1/cache/explain", {"action": action, "params": params})
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def test_explain_tells_the_would_be_hit_and_changes_nothing(api: Api, entry: dict[str, object]) -> None:
    before = Plan.objects.count()

    told = explain(api, "Refund order B-2", order_id="B-2")

    assert (told["decision"], told["entry_id"]) == ("exact", entry["id"])
    assert told["template"] == "Refund order {order_id}"
    assert told["plan"]["tasks"][0]["input"] == {"order_id": "B-2"}  # type: ignore[index]
    assert [candidate["guard"] for candidate in told["candidates"]] == [None]  # type: ignore[attr-defined]
    assert Plan.objects.count() == before
    assert Entry.objects.get().use.hits == 0


def test_explain_tells_the_votes_and_what_was_not_accounted_for(api: Api) -> None:
    teach(api)
    before = Entry.objects.count()

    told = explain(api, "Never refund order B-2 twice", order_id="B-2")

    assert (told["decision"], told["reason"], told["plan"]) == ("miss", "refused", None)
    votes: Any = told["votes"]
    assert votes["services"] == ["refund_payment"] and votes["other_services"] == ["order_lookup"]
    assert votes["nearest"]["template"] == "Refund order {order_id}" and votes["rival"] is None
    assert 0 < votes["risk"] < votes["most_risk"] < 1
    assert votes["not_accounted_for"] == ["'never'", "'twice'"]
    assert votes["numbers"]["margin"] == votes["margin"] == 0.3 and isinstance(votes["log_odds"], float)
    [candidate] = told["candidates"]  # type: ignore[misc]
    assert (candidate["guard"], candidate["entry_id"]) == ("words", votes["nearest"]["entry_id"])  # type: ignore[has-type]
    [line] = told["what_to_do"]  # type: ignore[misc]
    assert "'never', 'twice' are not accounted for: add an example to refund_payment" in line  # type: ignore[has-type]
    assert "configure a model" in line and "`bypass`" in line  # type: ignore[has-type]
    assert Entry.objects.count() == before


def test_explain_tells_the_risk_its_rival_and_what_to_do(api: Api) -> None:
    teach(api, "Refund order {}")
    for action in ("Find order {}", "Find the order {}"):
        report(api, ask(api, action, "ORD-17"), "right_plan")
    api.patch("/v1/project", {"wrong_hit_tolerance": 0.0001})

    told = explain(api, "Refind order B-2", order_id="B-2")

    votes: Any = told["votes"]
    assert (votes["rival"]["kind"], votes["risk"] > votes["most_risk"]) == ("plan", True)
    lines: Any = told["what_to_do"]
    assert lines[0].startswith("The predicted risk is too high:") and "is tolerated" in lines[0]
    assert any(votes["rival"]["template"] in line for line in lines)
    assert "wrong_hit_tolerance" in lines[-1]


def test_what_explain_advises_helps(api: Api) -> None:
    teach(api)
    action = "Refund order {} without delay"
    told = explain(api, action.format("B-2"), order_id="B-2")
    assert "add an example to refund_payment" in told["what_to_do"][0]  # type: ignore[index]

    api.put("/v1/services/refund_payment", {**SHOP["refund_payment"], "examples": [action.format("{order_id}")]})

    assert explain(api, action.format("B-2"), order_id="B-2")["what_to_do"] == []
    assert ask(api, action, "B-2")["source"] == "semantic"


def test_a_plan_tells_its_votes_without_what_is_internal(api: Api) -> None:
    teach(api)

    hit = ask(api, REWORDED, "B-2")

    assert hit["cache"]["votes"].keys() == VotesSerializer().fields.keys()
    assert api.get(f"/v1/plans/{hit['id']}").json()["cache"] == hit["cache"]
    stored = Plan.objects.get(pk=hit["id"]).cache
    assert {"numbers", "log_odds"} <= stored["votes"].keys(), "learning reads it"
    assert ask(api, REWORDED, "B-2", cache="bypass")["cache"]["votes"] is None
    listed = api.get("/v1/plans?source=semantic").json()["results"][0]
    assert listed["cache"] == hit["cache"]


def test_a_plan_of_before_there_were_votes_has_none(api: Api, entry: dict[str, object]) -> None:
    Plan.objects.update(cache={"decision": "miss", "reason": "refused", "guards": []})

    assert api.get("/v1/plans").json()["results"][0]["cache"]["votes"] is None


def test_explain_quarantines_nothing(api: Api, entry: dict[str, object]) -> None:
    Entry.objects.update(recipe={"damaged": True})

    assert explain(api, "Refund order B-2", order_id="B-2")["decision"] == "miss"
    assert Entry.objects.get().quarantined_at is None


@pytest.mark.parametrize("body", [[], {}, {"action": 5}, {"action": "x", "params": 5}])
def test_a_malformed_explain_is_told(api: Api, body: object) -> None:
    assert api.post("/v1/cache/explain", body).status_code == 400


# --- what is no plan


@pytest.fixture
def others(api: Api, project: Project, entry: dict[str, object]) -> dict[str, Entry]:
    """A refusal and a counter-example beside the plan."""
    request = PlanRequest("Paint the moon", {})
    vector = plan_cache.embed("Paint the moon")
    refusal = plan_cache.keep_refusal(project, request, vector=vector, planned_by="model")
    wrong = ask(api, "Find order {}", "ORD-17")
    report(api, wrong, "wrong_plan")
    assert refusal is not None
    return {"refusal": refusal, "counter": Entry.objects.get(kind="counter")}


def test_entries_are_plans_unless_another_kind_is_asked_for(
    api: Api, entry: dict[str, object], others: dict[str, Entry]
) -> None:
    plans = api.get("/v1/cache/entries").json()["results"]
    assert {each["kind"] for each in plans} == {"plan"} and len(plans) == 2
    assert api.get("/v1/cache/entries?kind=plan").json()["results"] == plans
    for kind, other in others.items():
        [found] = api.get(f"/v1/cache/entries?kind={kind}").json()["results"]
        assert (found["id"], found["kind"], found["contested"]) == (other.pk, kind, False)
        assert api.get(f"/v1/cache/entries/{other.pk}").json() == found
    assert api.get("/v1/cache/entries?kind=counter&service=order_lookup").json()["results"][0]["plan"] is not None
    assert api.get("/v1/cache/entries?kind=refusal").json()["results"][0]["plan"] is None
    assert api.get("/v1/cache/entries?kind=counter").json()["results"][0]["expires_at"] is None
    assert api.get("/v1/cache/entries?kind=x").json()["code"] == "invalid_filter"


def test_what_is_no_plan_cannot_be_replayed(api: Api, others: dict[str, Entry]) -> None:
    before = Plan.objects.count()
    for other in others.values():
        answer = api.post(f"/v1/cache/entries/{other.pk}/replay", {})
        assert (answer.status_code, answer.json()["code"]) == (409, "no_plan_to_replay")
    assert Plan.objects.count() == before


def test_what_is_no_plan_is_counted_apart_and_evicted_by_its_id(api: Api, others: dict[str, Entry]) -> None:
    stats = api.get("/v1/cache/stats").json()
    assert (stats["entries"], stats["refusals"], stats["counter_examples"]) == (2, 1, 1)

    assert api.delete("/v1/cache/entries?service=order_lookup").json() == {"evicted": 1}
    assert Entry.objects.filter(kind="counter").exists()
    for other in others.values():
        assert api.delete(f"/v1/cache/entries/{other.pk}").status_code == 204
    assert ask(api, "Find order {}", "ORD-17")["status"] == "ready"


def test_a_contested_entry_says_so(api: Api, entry: dict[str, object]) -> None:
    Entry.objects.update(contested=True)

    assert api.get(f"/v1/cache/entries/{entry['id']}").json()["contested"] is True
    hit = api.plan("Refund order B-2", {"order_id": "B-2"}, cache="only")
    assert [guard["guard"] for guard in hit["cache"]["guards"]] == ["contested"]


def test_a_new_service_puts_refusals_out_of_date_that_it_suits_best(
    api: Api, project: Project, others: dict[str, Entry]
) -> None:
    moon = {
        **SHOP["search_laptops"],
        "description": "Paint the moon or another body.",
        "input_schema": object_schema(),
    }
    api.put("/v1/services/order_lookup", changed("order_lookup", description="Look up an order."))
    project.refresh_from_db()
    assert forget_refusals(project.pk, "order_lookup") == 0
    api.put("/v1/services/paint_moon", moon)

    tasks.mark_second_best(project.pk, "paint_moon")

    assert not Entry.objects.filter(kind="refusal").exists()
    assert Entry.objects.filter(kind="counter").exists()


# --- dependencies


def changed(name: str, **facts: object) -> dict[str, object]:
    return {**SHOP[name], **facts}


def test_only_a_change_of_its_own_services_drops_an_entry(api: Api, entry: dict[str, object]) -> None:
    api.put("/v1/services/order_lookup", changed("order_lookup", description="Look up an order."))
    assert Entry.objects.filter(pk=entry["id"]).exists()

    api.put("/v1/services/refund_payment", changed("refund_payment", description="Refund half of an order."))
    assert not Entry.objects.exists()


def test_under_the_strict_policy_any_change_drops_everything(api: Api, entry: dict[str, object]) -> None:
    api.patch("/v1/project", {"catalogue_policy": "strict"})
    api.plan("Refund order ORD-18", {"order_id": "ORD-18"}, cache="refresh")
    assert api.plan("Refund order B-2", {"order_id": "B-2"})["source"] == "exact"

    api.put("/v1/services/order_lookup", changed("order_lookup", description="Look up an order."))

    assert not Entry.objects.exists()


def test_an_entry_stored_while_its_service_changed_is_not_served(api: Api, entry: dict[str, object]) -> None:
    Entry.objects.update(dependencies="as it was before")

    answer = api.post("/v1/plans", {"action": "Refund order B-2", "params": {"order_id": "B-2"}})

    assert answer.status_code == 202
    assert [guard["guard"] for guard in answer.json()["cache"]["guards"]] == ["dependency"]


def test_a_better_suited_service_has_its_kind_planned_anew(api: Api) -> None:
    api.put("/v1/services/order_lookup", changed("order_lookup", description="Everything about orders."))
    api.plan("Search for a laptop", {"query": "light"})
    better = changed("search_laptops", description="Search for a laptop to buy.")
    api.put("/v1/services/laptop_search", better)
    project = Project.objects.get()

    marked = mark_second_best(project.pk, "laptop_search")
    unrelated = mark_second_best(project.pk, "order_lookup")

    assert (marked, unrelated) == (1, 0)
    answer = api.post("/v1/plans", {"action": "Search for a laptop", "params": {"query": "cheap"}})
    assert [guard["guard"] for guard in answer.json()["cache"]["guards"]] == ["replan"]


def test_an_example_says_better_than_a_description_what_a_service_is_for(api: Api) -> None:
    api.plan("Search for a laptop", {"query": "cheap"})
    silent = {**SHOP["search_laptops"], "description": "The catalogue of refurbished goods."}
    api.put("/v1/services/refurbished", silent)
    project = Project.objects.get()
    unmarked = mark_second_best(project.pk, "refurbished")
    api.put("/v1/services/refurbished", {**silent, "examples": ["Search for a laptop"]})
    project.refresh_from_db()

    assert (unmarked, mark_second_best(project.pk, "refurbished")) == (0, 1)


def test_examples_of_a_change_that_lacks_a_param_speak_against_reading_instead(api: Api) -> None:
    status = {
        "description": "Tell whether a ski lift is open, and its waiting time.",
        "input_schema": object_schema("lift", lift="string"),
        "output_schema": object_schema("open", open="boolean"),
        "annotations": {"readOnlyHint": True},
        "examples": [
            "Is the lift {lift} open?",
            "Is lift {lift} running?",
            "How long is the wait at lift {lift}?",
        ],
    }
    closing = {
        "description": "Close a ski lift for everybody, with the reason.",
        "input_schema": object_schema("lift reason", lift="string", reason="string"),
        "output_schema": object_schema("closed_at", closed_at="string"),
        "examples": ["Close lift {lift} because of {reason}"],
    }
    api.put("/v1/services/lift_status", status)
    api.put("/v1/services/close_lift", closing)
    told = api.post("/v1/cache/explain", {"action": "Close lift Sur", "params": {"lift": "Sur"}}).json()
    plan = api.plan("Close lift Sur", {"lift": "Sur"})
    asked = api.plan("Is the lift Sur open?", {"lift": "Sur"})

    assert told["decision"] == "miss" and "'close'" in told["votes"]["not_accounted_for"]
    assert told["votes"]["rival"]["services"] == ["close_lift"] and told["votes"]["margin"] < 0
    assert told["what_to_do"][0].startswith(
        'Nearer is "Close lift {lift} because of {reason}", which led to close_lift'
    )
    assert "add an example" not in " ".join(told["what_to_do"])
    assert plan["status"] == "not_actionable" and "'reason'" in plan["error"]["message"]
    assert (asked["source"], asked["plan"]["tasks"][1]["service"]) == ("example", "lift_status")


def test_examples_of_the_services_in_use_count_as_well(api: Api) -> None:
    api.put("/v1/services/search_laptops", {**SHOP["search_laptops"], "examples": ["Search for a laptop"]})
    api.plan("Search for a laptop", {"query": "cheap"})
    better = {**SHOP["search_laptops"], "description": "Search for a laptop", "examples": ["Search for a laptop"]}
    api.put("/v1/services/laptop_search", better)

    assert mark_second_best(Project.objects.get().pk, "laptop_search") == 0
