from __future__ import annotations

import json
from typing import Any

import pytest

from cache.models import Entry
from planengine import tasks
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


@pytest.mark.parametrize("left_out", ["type", "revertible"])
def test_what_is_left_out_twice_changes_nothing_either(api: Api, project: Project, left_out: str) -> None:
    body = {name: value for name, value in GREETER.items() if name != left_out}

    assert api.put("/v1/services/greeter", body).json() == api.put("/v1/services/greeter", body).json()


@pytest.mark.parametrize(
    "change",
    [
        {"description": "Greets anybody."},
        {"type": "service"},
        {"revertible": True},
        {"output_schema": object_schema("greeting", greeting="integer")},
        {"description": "Greets anybody.", "annotations": {"readOnlyHint": True}, "examples": ["Greet {name}"]},
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


HINTS: list[dict[str, Any]] = [
    {"annotations": {"readOnlyHint": True, "openWorldHint": False, "title": "Greeter"}},
    {"examples": ["Greet {name}", "Say hello", {"action": "Greet Ana", "params": {"name": "Ana"}}]},
    {"capabilities": ["Greet somebody", "begrüßen", "打招呼"]},
]


@pytest.mark.parametrize("hint", HINTS)
def test_what_a_service_says_of_itself_is_told_as_given(api: Api, project: Project, hint: dict[str, Any]) -> None:
    made = api.put("/v1/services/greeter", {**GREETER, **hint})

    assert made.status_code == 201
    told = {"annotations": {}, "examples": [], "capabilities": []} | hint
    row = Service.objects.get(name="greeter")
    assert {name: getattr(row, name) for name in told} == told
    for answer in (
        made.json(),
        api.get("/v1/services/greeter").json(),
        api.get("/v1/services").json()["results"][0],
    ):
        assert {name: answer[name] for name in told} == told


@pytest.mark.parametrize("hint", HINTS)
def test_it_raises_the_catalogue_s_revision_and_no_version(
    api: Api, project: Project, hint: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = api.put("/v1/services/greeter", GREETER).json()
    compared: list[tuple[str, str]] = []
    monkeypatch.setattr(tasks, "compare_with_cached_plans", lambda *asked: compared.append(asked))

    for body, revisions in (({**GREETER, **hint}, 1), ({**GREETER, **hint}, 1), (GREETER, 2)):
        answer = api.put("/v1/services/greeter", body)
        assert (answer.status_code, answer.json()["version"]) == (200, 1)
        project_now = Project.objects.get(pk=project.pk)
        assert project_now.catalogue_revision == project.catalogue_revision + 1 + revisions

    assert answer.json() == {**before, "updated_at": answer.json()["updated_at"]}
    assert compared == [(project.pk, "greeter")] * 2


@pytest.mark.parametrize("policy", ["dependencies", "strict"])
@pytest.mark.parametrize("hint", [HINTS[0], {"examples": ["Give the money for {order_id} back"]}, HINTS[2]])
def test_it_leaves_cached_plans_alone(api: Api, policy: str, hint: dict[str, Any]) -> None:
    assert api.patch("/v1/project", {"catalogue_policy": policy}).status_code == 200
    api.plan("Refund order ORD-17", {"order_id": "ORD-17"})

    assert api.put("/v1/services/refund_payment", {**SHOP["refund_payment"], **hint}).json()["version"] == 1

    assert Entry.objects.count() == 1
    assert api.plan("Refund order ORD-18", {"order_id": "ORD-18"})["source"] == "exact"


@pytest.mark.parametrize(
    ("hint", "code", "said"),
    [
        (
            {"annotations": {"readOnly": True}},
            "invalid_annotations",
            "'readOnly' is unknown. Known are: readOnlyHint",
        ),
        (
            {"annotations": {"readOnlyHint": "yes"}},
            "invalid_annotations",
            "At /readOnlyHint: It must be true or false",
        ),
        ({"annotations": {"readOnlyHint": True, "destructiveHint": True}}, "invalid_annotations", "leave out"),
        ({"annotations": []}, "invalid_annotations", "must be an object"),
        ({"annotations": None}, "null", "annotations"),
        ({"annotations": {"title": "\x00"}}, "invalid_text", "NUL"),
        ({"annotations": {"\u202e": True}}, "invalid_annotations", "unknown"),
        ({"examples": "Greet {name}"}, "invalid_examples", "must be a list"),
        ({"examples": None}, "null", "examples"),
        ({"examples": ["Greet {nmae}"]}, "invalid_examples", "At /0: '{nmae}' names no input of the service."),
        ({"examples": ["Greet {nmae}"]}, "invalid_examples", "Its inputs are: 'name'."),
        ({"examples": ["Greet {{name}}"]}, "invalid_examples", "brace"),
        ({"examples": ["Greet", 5]}, "invalid_examples", "At /1: "),
        ({"examples": [{"action": "Greet", "params": {"who": 1}}]}, "invalid_examples", "'who' is no input"),
        ({"examples": ["Greet"] * 51}, "invalid_examples", "50 is the most"),
        ({"examples": ["Greet"] * 20_000}, "invalid_examples", "50 is the most"),
        ({"examples": ["x" * 1_001]}, "invalid_examples", "1,000 is the most"),
        ({"examples": ["Greet \x00"]}, "invalid_text", "NUL"),
        ({"examples": ["{" * 1_000]}, "invalid_examples", "brace"),
        ({"capabilities": "greet"}, "invalid_capabilities", "must be a list of texts, not string"),
        ({"capabilities": None}, "null", "capabilities"),
        ({"capabilities": ["greet", 5]}, "invalid_capabilities", "At /1: A capability must be text, not integer."),
        ({"capabilities": ["greet", " "]}, "invalid_capabilities", "At /1: The text is empty"),
        (
            {"capabilities": ["greet", "Greet "]},
            "invalid_capabilities",
            "At /1: 'Greet ' stands in the list already.",
        ),
        ({"capabilities": [f"greet {n}" for n in range(51)]}, "invalid_capabilities", "50 is the most"),
        (
            {"capabilities": ["x" * 201]},
            "invalid_capabilities",
            "At /0: The text has 201 characters, 200 is the most.",
        ),
        ({"capabilities": ["greet\x00"]}, "invalid_text", "NUL"),
        ({"capabilities": ["greet\n"]}, "invalid_capabilities", "the invisible character U+000A"),
        ({"capabilities": ["\u202egreet"]}, "invalid_capabilities", "the invisible character U+202E"),
    ],
)
def test_what_cannot_be_said_is_refused_and_nothing_stored(
    api: Api, project: Project, hint: dict[str, Any], code: str, said: str
) -> None:
    api.put("/v1/services/greeter", GREETER)
    before = Service.objects.values().get(name="greeter")

    answer = api.put("/v1/services/greeter", {**GREETER, **hint})

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert said in answer.json()["detail"]
    assert Service.objects.values().get(name="greeter") == before


def test_an_example_nested_too_deeply_is_refused(api: Api) -> None:
    body = json.dumps({**GREETER, "examples": "deep"}).replace('"deep"', "[" * 10_000 + "]" * 10_000)

    answer = api.put("/v1/services/greeter", body)

    assert (answer.status_code, answer.json()["code"]) == (400, "json_too_deep")


def test_odd_letters_are_kept(api: Api) -> None:
    examples = ["取消{name}的预约", "🔁 {name} — ñ e\u0301", "\u202eGreet {name}"]

    answer = api.put("/v1/services/greeter", {**GREETER, "examples": examples})

    assert (answer.status_code, answer.json()["examples"]) == (201, examples)


def test_examples_are_judged_by_the_inputs_that_come_with_them(api: Api) -> None:
    api.put("/v1/services/greeter", {**GREETER, "examples": ["Greet {name}"]})
    renamed = {**GREETER, "input_schema": object_schema("who", who="string")}

    refused = api.put("/v1/services/greeter", {**renamed, "examples": ["Greet {name}"]})
    taken = api.put("/v1/services/greeter", {**renamed, "examples": ["Greet {who}"]})

    assert (refused.status_code, taken.status_code) == (400, 200)
    assert taken.json()["version"] == 2


@pytest.mark.parametrize("name", ["crm/find", "crm%2Ffind", "a/b/c"])
def test_a_name_with_slashes_is_told_what_names_are(api: Api, name: str) -> None:
    answer = api.put(f"/v1/services/{name}", GREETER)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_service_name")
    assert "letters, digits" in answer.json()["detail"]
    assert "slash at its end" in api.put("/v1/services/greeter/", GREETER).json()["detail"]
    assert not Service.objects.exclude(name__in=SHOP).exists()
