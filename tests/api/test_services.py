from __future__ import annotations

from typing import Any

import pytest

from planengine.models import Project, Service
from tests.conftest import SHOP, Api, object_schema

pytestmark = pytest.mark.django_db

GREETER: dict[str, Any] = {
    "type": "agent",
    "description": "Greets somebody.",
    "input_schema": object_schema("name", name="string"),
    "output_schema": object_schema("greeting", greeting="string"),
    "revertible": False,
}


def test_registering_twice_changes_nothing(api: Api, project: Project) -> None:
    first = api.put("/v1/services/greeter", GREETER)
    revision = api.get("/v1/project").json()["catalogue_revision"]
    second = api.put("/v1/services/greeter", GREETER)

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert second.json()["version"] == 1
    assert second.json()["id"].startswith("s_")
    assert api.get("/v1/project").json()["catalogue_revision"] == revision


@pytest.mark.parametrize(
    "change",
    [
        {"description": "Greets anybody."},
        {"type": "service"},
        {"revertible": True},
        {"output_schema": object_schema("greeting", greeting="integer")},
    ],
)
def test_a_change_raises_the_version(api: Api, project: Project, change: dict[str, Any]) -> None:
    before = api.put("/v1/services/greeter", GREETER).json()
    revision = api.get("/v1/project").json()["catalogue_revision"]

    after = api.put("/v1/services/greeter", {**GREETER, **change}).json()

    assert (after["version"], after["id"]) == (2, before["id"])
    assert api.get("/v1/project").json()["catalogue_revision"] == revision + 1


def test_schemas_as_pydantic_writes_them_are_accepted(api: Api) -> None:
    address = {"type": "object", "properties": {"street": {"type": "string"}}, "required": ["street"]}
    schema = {
        "$defs": {"Address": address, "Size": {"enum": ["s", "m", "l"], "type": "string"}},
        "type": "object",
        "title": "Order",
        "properties": {
            "to": {"$ref": "#/$defs/Address"},
            "sizes": {"type": "array", "items": {"$ref": "#/$defs/Size"}},
            "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        },
        "required": ["to"],
    }

    answer = api.put("/v1/services/shipping", {**GREETER, "input_schema": schema})

    assert answer.status_code == 201
    assert answer.json()["input_schema"] == schema


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"name": {"type": "text"}}},
        {"type": "object", "properties": {"name": {"$ref": "#/$defs/Nowhere"}}},
        {"type": "object", "properties": {"name": {"$ref": "http://127.0.0.1/schema"}}},
        {"type": "string"},
        "not a schema",
        None,
    ],
)
def test_an_invalid_schema_is_refused_and_nothing_stored(api: Api, schema: object) -> None:
    answer = api.put("/v1/services/greeter", {**GREETER, "input_schema": schema})

    assert answer.status_code == 400
    assert "input_schema" in answer.json()["detail"]
    assert not Service.objects.filter(name="greeter").exists()


def test_the_path_of_a_schemas_fault_is_told(api: Api) -> None:
    schema = {"type": "object", "properties": {"name": {"type": "text"}}}

    answer = api.put("/v1/services/greeter", {**GREETER, "input_schema": schema})

    assert answer.json()["code"] == "invalid_schema"
    assert "properties" in answer.json()["detail"] and "name" in answer.json()["detail"]


@pytest.mark.parametrize("name", ["-x", "a b", "ä", "x" * 101, "a;b", "%00"])
def test_a_name_that_cannot_be_referred_to_is_refused(api: Api, name: str) -> None:
    answer = api.put(f"/v1/services/{name}", GREETER)

    assert 400 <= answer.status_code < 500
    assert answer.json()["code"]


@pytest.mark.parametrize("missing", ["description", "input_schema", "output_schema"])
def test_what_is_missing_is_named(api: Api, missing: str) -> None:
    body = {name: value for name, value in GREETER.items() if name != missing}

    answer = api.put("/v1/services/greeter", body)

    assert (answer.status_code, answer.json()["code"]) == (400, "required")
    assert answer.json()["problems"][0]["field"] == missing


def test_services_come_in_pages_by_name(api: Api) -> None:
    first = api.get("/v1/services?limit=2").json()
    rest = api.get(first["next"]).json()

    names = [service["name"] for service in first["results"] + rest["results"]]
    assert names == sorted(SHOP)
    assert rest["next"] is None
    assert [one["name"] for one in api.get("/v1/services?type=agent").json()["results"]] == ["search_laptops"]


def test_an_unknown_service_is_a_404_with_a_code(api: Api) -> None:
    for answer in (api.get("/v1/services/nobody"), api.delete("/v1/services/nobody")):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_removed_service_is_gone(api: Api, project: Project) -> None:
    assert api.delete("/v1/services/order_lookup").status_code == 204
    assert api.get("/v1/services/order_lookup").status_code == 404
    assert Service.objects.filter(project=project).count() == len(SHOP) - 1


def test_services_of_another_project_are_not_there(api: Api, other_api: Api) -> None:
    api.put("/v1/services/greeter", GREETER)

    assert other_api.get("/v1/services/greeter").status_code == 404
    assert other_api.delete("/v1/services/greeter").status_code == 404
    assert other_api.put("/v1/services/greeter", GREETER).status_code == 201
    assert Service.objects.filter(name="greeter").count() == 2


@pytest.mark.parametrize("path", ["services/a%00", "plans/%00", "cache/entries/%00", "cache/entries/%00/replay"])
def test_a_name_with_nul_is_nobodys(api: Api, path: str) -> None:
    answer = api.get(f"/v1/{path}")

    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_path")
