from typing import Any

import pytest

from orra.base.strictjson import Json
from orra.demo.shop import GROUNDING, SERVICES
from orra.demo.story import STORY, Expected, Origin, Step, faults
from planengine.catalogue.annotations import check_annotations, is_read_only
from planengine.catalogue.examples import check_examples
from planengine.catalogue.schemas import check_schema, compile_schema
from planengine.grounding.reading import read_grounding

STEP = Step(
    shows="the same words with other values",
    action="Refund order ORD-2 and tell the customer",
    params={"order_id": "ORD-2"},
    expected=Expected(origin=Origin.SAME_TEMPLATE, uses=frozenset({"find_order", "issue_refund"})),
)
EARLIER = Step("planned", "Refund order ORD-1 and tell the customer", {"order_id": "ORD-1"}, Expected())
REFUSED = Step("refused", "Fly to the moon", {}, Expected(status="not_actionable", origin=None, says=("fly",)))
ONLY_FIND = Expected(near_miss=True, uses=frozenset({"find_order"}))
NEAR_MISS = Step("near", "Do not refund", {"order_id": "ORD-2"}, ONLY_FIND)


def plan_of(*services: str, order_id: str = "ORD-2") -> Json:
    tasks: list[Json] = [{"id": "task0", "input": {"order_id": order_id}}]
    for number, service in enumerate(services, start=1):
        tasks.append({"id": f"task{number}", "service": service, "input": {"order_id": "$task0.order_id"}})
    return {"tasks": tasks, "parallel_groups": [[task["id"]] for task in tasks[1:]]}


def outcome(**changes: Any) -> Json:
    served = {
        "status": "ready",
        "source": "exact",
        "plan": plan_of("find_order", "issue_refund"),
        "cache": {"decision": "exact", "reason": "same_template", "guards": []},
        "error": None,
    }
    return served | changes


def refusal(message: str) -> Json:
    error = {"code": "not_actionable", "message": message, "how_to_fix": []}
    return outcome(status="not_actionable", source="composer", plan=None, error=error)


GUARD = {"template": "Refund {order_id}", "similarity": 0.95, "guard": "negation", "reason": "not"}


def told(step: Step, plan: Json, *, planner: str = "composer") -> list[str]:
    return faults(step, plan, planner=planner, story=[EARLIER, STEP])


def test_what_comes_out_as_told_has_no_faults() -> None:
    assert told(STEP, outcome()) == []


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"source": "composer"}, "its plan comes from composer, not from exact (same_template)"),
        ({"plan": plan_of("find_order")}, "its plan leaves out issue_refund"),
        (
            {"plan": plan_of("find_order", "issue_refund", "notify_customer")},
            "its plan calls notify_customer, which nobody asked for",
        ),
        (
            {"plan": plan_of("find_order", "issue_refund", order_id="ORD-1")},
            "its order_id is 'ORD-1', which is of another request",
        ),
        ({"plan": plan_of("find_order", "issue_refund", order_id="X")}, "its order_id is 'X', not 'ORD-2'"),
        (
            {"status": "failed", "plan": None, "error": {"message": "No.", "how_to_fix": []}},
            "its status is failed, not ready: No.",
        ),
    ],
)
def test_what_comes_out_otherwise_is_said(changes: dict[str, Json], fault: str) -> None:
    assert fault in told(STEP, outcome(**changes))


def test_tasks_that_should_run_at_the_same_time_are_counted() -> None:
    expected = Expected(origin=Origin.SAME_TEMPLATE, uses=STEP.expected.uses, at_once=2)
    step = Step(STEP.shows, STEP.action, STEP.params, expected)
    assert told(step, outcome()) == ["at most 1 of its tasks run at the same time, not 2"]
    at_once = plan_of("find_order", "issue_refund") | {"parallel_groups": [["task1", "task2"]]}
    assert told(step, outcome(plan=at_once)) == []


def test_a_refusal_must_say_why() -> None:
    assert told(REFUSED, refusal("Nobody can fly.")) == []
    assert told(REFUSED, refusal("No.")) == ["it does not say 'fly'"]
    assert "it does not say why" in told(REFUSED, refusal(" "))


def test_a_near_miss_must_have_been_seen_and_refused() -> None:
    planned = outcome(source="composer", plan=plan_of("find_order"))
    assert told(NEAR_MISS, planned) == ["the cache refused no plan that was near (same_template)"]
    seen = planned | {"cache": {"decision": "miss", "reason": "refused", "guards": [GUARD]}}
    assert told(NEAR_MISS, seen) == []


MENDED = Step("mended", "Refund", {"order_id": "ORD-2"}, Expected(uses=STEP.expected.uses, mended="skipped"))
PROBLEM = {"code": "skipped", "message": "It skips that.", "hint": "Add a task."}


def test_a_plan_that_is_to_be_mended_must_have_been_refused_first() -> None:
    planned = outcome(source="composer", attempts=[{"problems": []}])
    assert told(MENDED, planned) == ["no plan was refused for skipped"]
    assert told(MENDED, planned | {"attempts": [{"problems": [PROBLEM]}, {"problems": []}]}) == []
    assert told(MENDED, outcome(source="model", attempts=[{"problems": []}]), planner="model") == []


def test_the_shop_has_a_service_for_what_its_grounding_requires() -> None:
    spec = read_grounding("returns", GROUNDING)
    assert spec.mode == "strict"
    declared = {each for facts in SERVICES.values() for each in facts.get("capabilities", [])}
    assert declared.issuperset(spec.use_cases[0].capabilities)


def test_a_model_has_its_own_way_but_may_not_refund_what_must_not_be() -> None:
    seen = {"source": "model", "cache": {"decision": "miss", "reason": "refused", "guards": [GUARD]}}
    assert told(NEAR_MISS, outcome(**seen, plan=plan_of("find_order", "find_payment")), planner="model") == []
    assert told(NEAR_MISS, outcome(**seen), planner="model") == [
        "its plan calls issue_refund, which nobody asked for"
    ]
    assert told(REFUSED, refusal("I cannot."), planner="model") == []


def test_a_weak_model_may_look_up_what_nobody_can_use_and_leave_plans_to_the_composer() -> None:
    nobody = Step("", STEP.action, STEP.params, Expected(status="not_actionable", origin=None))
    fault = "its status is ready, not not_actionable: it has a plan"
    reads = outcome(source="model", plan=plan_of("find_order"))
    assert told(nobody, reads, planner="model") == []
    assert told(nobody, reads | {"source": "composer"}) == [fault]
    assert told(nobody, outcome(source="model"), planner="model") == [fault]
    planned = Step("", STEP.action, STEP.params, Expected(uses=STEP.expected.uses))
    assert told(planned, outcome(source="composer"), planner="model") == []


@pytest.mark.parametrize("name", SERVICES)
def test_the_shop_has_valid_schemas(name: str) -> None:
    check_schema(SERVICES[name]["input_schema"])
    check_schema(SERVICES[name]["output_schema"])


@pytest.mark.parametrize("name", SERVICES)
def test_the_shop_says_what_its_services_change_and_what_for(name: str) -> None:
    annotations, examples = SERVICES[name]["annotations"], SERVICES[name].get("examples", [])
    check_annotations(annotations)
    check_examples(examples, compile_schema(SERVICES[name]["input_schema"]))
    assert is_read_only(annotations) or 2 <= len(examples) <= 4


@pytest.mark.parametrize("step", STORY, ids=lambda step: step.shows)
def test_the_story_expects_only_what_the_shop_has(step: Step) -> None:
    assert step.expected.uses <= SERVICES.keys()
