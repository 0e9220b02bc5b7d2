"""Services with input schemas as people write them: registered or refused with the reason, and planned with."""

from __future__ import annotations

from typing import Any

import pytest

from orra.base.strictjson import Json
from planengine.lifecycle.worker import work_on
from planengine.models import ApiKey, Service
from tests.conftest import Api, object_schema

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = {"type": "string"}


@pytest.fixture
def alone(make_project: Any) -> Api:
    """The client of a project without services."""
    return Api(ApiKey.issue(make_project(services={}))[1])


def register(api: Api, name: str, description: str, schema: Json) -> Any:
    facts = {"type": "service", "description": description, "input_schema": schema}
    return api.put(f"/v1/services/{name}", {**facts, "output_schema": object_schema()})


def plan(api: Api, action: str, params: Json) -> Json:
    answer = api.post("/v1/plans", {"action": action, "params": params}).json()
    if answer["status"] == "pending":
        work_on(answer["id"])
    return api.get(f"/v1/plans/{answer['id']}").json()


def test_inputs_of_branches_are_planned_with(alone: Api) -> None:
    branches = [
        {"type": "object", "properties": {"isbn": TEXT}, "required": ["isbn"]},
        {"type": "object", "properties": {"title": TEXT, "author": TEXT}, "required": ["title"]},
    ]
    assert register(alone, "find_book", "Finds a book.", {"type": "object", "oneOf": branches}).status_code == 201
    found = plan(alone, "Find the book Emma", {"title": "Emma"})
    assert found["status"] == "ready", found["error"]
    assert found["plan"]["tasks"][1]["input"] == {"title": "$task0.title"}


def test_a_cached_plan_is_not_served_with_values_that_break_a_rule(alone: Api) -> None:
    schema = object_schema("parcel carrier", parcel="string", carrier={"enum": ["post", "drone"]}, permit="string")
    schema |= {"if": {"properties": {"carrier": {"const": "drone"}}}, "then": {"required": ["permit"]}}
    assert register(alone, "send_parcel", "Sends a parcel with a carrier.", schema).status_code == 201
    action = "Send parcel {} with the carrier {}"
    assert plan(alone, action.format("P-1", "post"), {"parcel": "P-1", "carrier": "post"})["status"] == "ready"
    again = plan(alone, action.format("P-2", "post"), {"parcel": "P-2", "carrier": "post"})
    assert (again["status"], again["source"]) == ("ready", "exact")

    refused = plan(alone, action.format("P-3", "drone"), {"parcel": "P-3", "carrier": "drone"})

    assert refused["status"] == "not_actionable"
    assert "'carrier' is \"drone\", then 'permit' is given" in refused["error"]["message"]
    later = plan(alone, action.format("P-4", "post"), {"parcel": "P-4", "carrier": "post"})
    assert later["source"] == "exact", "the entry is still right for others"


@pytest.mark.parametrize(
    ("member", "value"),
    [({"type": "number", "multipleOf": 0.05}, 4.35), ({"type": "string", "nullable": True}, None)],
)
def test_a_value_that_the_schema_means_is_taken(alone: Api, member: Json, value: Json) -> None:
    register(alone, "set_level", "Sets the level.", object_schema("level", level=member))
    found = plan(alone, "Set the level", {"level": value})
    assert found["status"] == "ready", found["error"]


def test_a_service_that_says_nothing_of_its_inputs_takes_the_params(alone: Api) -> None:
    assert register(alone, "archive_note", "Archives a note.", {"type": "object"}).status_code == 201
    found = plan(alone, "Archive note N-7", {"note": "N-7"})
    assert found["plan"]["tasks"][1]["input"] == {"note": "$task0.note"}


def test_an_input_that_no_request_could_give_is_refused_with_the_reason(alone: Api) -> None:
    schema = {
        **object_schema("kind", kind="string"),
        "additionalProperties": False,
        "anyOf": [object_schema(size="string")],
    }
    answer = register(alone, "order_pizza", "Orders a pizza.", schema)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_schema")
    assert "'size' is declared elsewhere" in answer.json()["detail"]
    assert not Service.objects.filter(name="order_pizza").exists()
