from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from orra.base.strictjson import Json
from planengine.api.mcp.tools import TOOLS
from planengine.lifecycle.worker import work_on
from planengine.models import ApiKey, Plan, Project
from tests.api.mcp.agents import ask, call, send
from tests.conftest import Api

pytestmark = pytest.mark.django_db
REFUND = {"action": "Refund order ORD-17", "params": {"order_id": "ORD-17"}}


def problem_of(answer: Json) -> Json:
    return json.loads(answer["content"][1]["text"])


def planned(api: Api, **request: Json) -> Json:
    """The finished plan's answer; a worker makes it meanwhile."""
    asked = call(api, "plan", **{**REFUND, **request})
    work_on(asked["structuredContent"]["id"])
    return call(api, "get_plan", plan_id=asked["structuredContent"]["id"])


def test_every_tool_says_what_it_takes_and_answers(api: Api) -> None:
    listed = ask(api, "tools/list")["tools"]

    assert [tool["name"] for tool in listed] == ["plan", "get_plan", "explain", "report_wrong_plan"]
    for tool in listed:
        for schema in (tool["inputSchema"], tool["outputSchema"]):
            Draft202012Validator.check_schema(schema)
            assert schema["type"] == "object"
    reading = {tool["name"] for tool in listed if tool["annotations"]["readOnlyHint"]}
    assert reading == {"get_plan", "explain"}


def test_tools_that_only_read_leave_everything_as_it_was(api: Api, project: Project) -> None:
    plan_id = planned(api)["structuredContent"]["id"]
    before = list(Plan.objects.values())

    call(api, "explain", **REFUND)
    call(api, "get_plan", plan_id=plan_id)

    assert list(Plan.objects.values()) == before


def test_a_plan_that_has_to_be_made_comes_with_its_id(api: Api) -> None:
    asked = call(api, "plan", **REFUND)

    told = asked["structuredContent"]
    assert (told["status"], told["plan"], asked["isError"]) == ("pending", None, False)
    assert Plan.objects.get().pk == told["id"]


def test_what_is_told_of_a_plan_is_what_the_rest_api_tells(api: Api) -> None:
    finished = planned(api)

    told = finished["structuredContent"]
    rest = api.get(f"/v1/plans/{told['id']}").json()
    assert told == {name: rest[name] for name in told}
    assert told["status"] == "ready" and told["plan"]["tasks"][0]["input"] == {"order_id": "ORD-17"}
    assert finished["content"][-1]["uri"] == f"orra://plans/{told['id']}"


@pytest.mark.parametrize("action", ["Refund order ORD-17", "Paint the moon"])
def test_answers_are_as_their_schema_says(api: Api, action: str) -> None:
    answers = {
        "plan": call(api, "plan", action=action, params={"order_id": "ORD-17"}),
        "get_plan": planned(api, action=action),
        "explain": call(api, "explain", action=action),
    }
    for name, answer in answers.items():
        checker = Draft202012Validator(TOOLS[name].answers)
        assert [fault.message for fault in checker.iter_errors(answer["structuredContent"])] == []


def test_a_request_that_no_plan_can_be_made_of_is_an_error_that_says_what_to_do(api: Api) -> None:
    failed = planned(api, action="Paint the moon", params={})

    assert failed["isError"]
    error = failed["structuredContent"]["error"]
    assert failed["content"][0]["text"].startswith(error["message"])
    for step in error["how_to_fix"]:
        assert step in failed["content"][0]["text"]


@pytest.mark.parametrize(
    ("tool", "arguments", "code"),
    [
        ("plan", {}, "action_missing"),
        ("plan", {"action": 7}, "action_not_text"),
        ("plan", {"action": "Refund", "colour": "red"}, "unknown_member"),
        ("plan", {"action": "Refund", "wait_seconds": 61}, "wait_seconds_invalid"),
        ("plan", {"action": "Refund", "cache": "never"}, "cache_mode_unknown"),
        ("plan", {"action": "Refund", "params": "x"}, "params_wrong_type"),
        ("plan", {"action": "Refund", "idempotency_key": 1}, "invalid_idempotency_key"),
        ("plan", {"action": "Refund", "idempotency_key": ""}, "invalid_idempotency_key"),
        ("get_plan", {}, "plan_id_missing"),
        ("get_plan", {"plan_id": "o_nowhere"}, "not_found"),
        ("explain", {"action": ""}, "action_empty"),
        ("explain", {"action": "Refund", "wait_seconds": 1}, "unknown_member"),
        ("report_wrong_plan", {"plan_id": "o_nowhere"}, "not_found"),
        ("report_wrong_plan", {"plan_id": "o_nowhere", "verdict": "right_plan"}, "unknown_member"),
    ],
)
def test_faults_of_arguments_are_told_as_the_rest_api_tells_them(
    api: Api, tool: str, arguments: Json, code: str
) -> None:
    answer = call(api, tool, **arguments)

    problem = problem_of(answer)
    assert answer["isError"] and problem["code"] == code
    assert answer["content"][0]["text"].startswith(problem["detail"])
    assert not Plan.objects.exists()


def test_a_key_makes_one_plan_of_a_request_sent_twice(api: Api) -> None:
    first, again = (call(api, "plan", **REFUND, idempotency_key="k-1")["structuredContent"] for _ in range(2))
    other = call(api, "plan", action="Find order ORD-1", idempotency_key="k-1")

    assert first["id"] == again["id"]
    assert problem_of(other)["code"] == "idempotency_key_reused"


def test_a_wrong_plan_does_not_come_back(api: Api) -> None:
    plan_id = planned(api)["structuredContent"]["id"]
    assert call(api, "plan", **REFUND)["structuredContent"]["source"] == "exact"

    reported = call(api, "report_wrong_plan", plan_id=plan_id, note="not this one")

    assert reported["structuredContent"]["id"] == plan_id
    assert call(api, "explain", **REFUND)["structuredContent"]["decision"] == "miss"


def test_another_projects_plan_is_none(api: Api, other_api: Api) -> None:
    plan_id = planned(api)["structuredContent"]["id"]

    for tool in ("get_plan", "report_wrong_plan"):
        assert problem_of(call(other_api, tool, plan_id=plan_id))["code"] == "not_found"


def test_a_key_does_what_its_scopes_say(api: Api) -> None:
    ApiKey.objects.update(scopes=["cache:read"])

    assert call(api, "explain", **REFUND)["structuredContent"]["decision"] == "miss"
    for refused in (
        send(api, "tools/call", name="plan", arguments=REFUND),
        send(api, "resources/list"),
        send(api, "resources/read", uri="orra://plans/o_1"),
    ):
        assert (refused.status_code, refused.json()["error"]["data"]["code"]) == (403, "insufficient_scope")


def test_a_tool_that_there_is_not(api: Api) -> None:
    answer = send(api, "tools/call", name="paint", arguments={})

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, -32602)
    assert "report_wrong_plan" in answer.json()["error"]["message"]
