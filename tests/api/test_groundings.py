from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator

from orra.base import strictyaml
from orra.base.strictjson import Json, same
from planengine.api.serializers.groundings import EXAMPLE
from planengine.grounding.constraints import EXPLICIT, SHORT
from planengine.grounding.reading import MAX_BYTES
from planengine.models import Grounding, Project
from tests.conftest import Api
from tests.planengine.grounding.specs import groundings, returns, spec

pytestmark = pytest.mark.django_db

PATH = "/v1/groundings/returns"
YAML_KINDS = ["application/yaml", "application/x-yaml", "text/yaml", "application/yaml; charset=utf-8"]
YAML = """\
domain: returns desk
version: "1.0"
mode: strict
use_cases:
- action: Refund order {order_id}
  also: ["Give the customer the money back for {order_id}"]
  params: {order_id: ORD-17}
  capabilities: [verify refund eligibility, refund an order]
  order: true
  forbidden: [delete an order]
  intent: A customer sent something back and wants the money.
constraints:
- Be polite.
- requires: verify refund eligibility before refund an order
- at_most: 1 of refund an order
"""


def versions_of(project: Project, name: str = "returns") -> dict[str, bool]:
    """Every version that is kept, and whether it holds."""
    rows = Grounding.objects.filter(project=project, name=name).order_by("version")
    return dict(rows.values_list("version", "current"))


# --- applying


def test_a_grounding_is_applied_and_read(api: Api, project: Project) -> None:
    made = api.put(PATH, returns())

    assert made.status_code == 201
    row = Grounding.objects.get(project=project)
    assert made.json() == {
        "id": row.id,
        "name": "returns",
        "version": "1.0",
        **spec().content,
        "current": True,
        "created_at": row.created_at.isoformat(),
    }
    assert api.get(PATH).json() == made.json()
    assert api.get(f"{PATH}?version=1.0").json() == made.json()
    assert api.get("/v1/project").json()["groundings_revision"] == 1


@pytest.mark.parametrize("kind", YAML_KINDS)
def test_yaml_says_the_same(api: Api, kind: str) -> None:
    assert api.put(PATH, returns()).status_code == 201

    again = api.put(PATH, YAML, content_type=kind)

    assert (again.status_code, again.json()["version"]) == (200, "1.0")


@pytest.mark.parametrize("kind", YAML_KINDS[:3])
def test_yaml_is_told_where_it_is_asked_for(api: Api, kind: str) -> None:
    api.put(PATH, returns())

    answer = api.get(PATH, Accept=kind)

    assert answer["Content-Type"].startswith(kind)
    document = strictyaml.parse(answer.content)
    assert document == {"name": "returns", "version": "1.0", **spec().content}
    assert api.put(PATH, answer.content, content_type="application/yaml").status_code == 200
    assert answer.content.decode().startswith(
        "name: returns\ndomain: returns desk\nversion: '1.0'\nmode: strict\n"
    )


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html,*/*;q=0.8", "image/png", ";;;", ""])
def test_json_is_told_otherwise(api: Api, accept: str) -> None:
    api.put(PATH, returns())

    assert api.get(PATH, Accept=accept).json()["current"] is True


def test_lists_are_told_in_yaml_too_and_problems_never(api: Api) -> None:
    api.put(PATH, returns())

    for path in ("/v1/groundings", f"{PATH}/versions"):
        listed = strictyaml.parse(api.get(path, Accept="application/yaml").content)
        assert [each["name"] for each in listed["results"]] == ["returns"]
    assert api.get("/v1/groundings/other", Accept="application/yaml").json()["code"] == "not_found"
    assert api.put(PATH, "a: *a", content_type="text/yaml", Accept="text/yaml").json()["code"] == "invalid_yaml"
    assert api.delete(PATH).status_code == 204


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=groundings)
def test_what_is_told_can_be_sent_back(api: Api, document: Json) -> None:
    made = api.put("/v1/groundings/any", document)
    assert made.status_code in (200, 201), made.content
    path = f"/v1/groundings/any?version={quote(document['version'])}"

    told = api.get(path, Accept="application/yaml").content
    assert api.put("/v1/groundings/any", told, content_type="application/yaml").status_code == 200
    assert same(api.get(path).json(), {**made.json(), "current": True})
    api.delete("/v1/groundings/any")


# --- versions


def test_versions_are_kept_and_an_older_one_can_hold_again(api: Api, project: Project) -> None:
    assert api.put(PATH, returns(version="1.0")).status_code == 201
    assert api.put(PATH, returns(version="1.1", mode="advisory")).status_code == 201
    assert versions_of(project) == {"1.0": False, "1.1": True}
    assert api.get(PATH).json()["mode"] == "advisory"
    assert api.get(f"{PATH}?version=1.0").json()["mode"] == "strict"

    back = api.put(PATH, returns(version="1.0"))

    assert (back.status_code, back.json()["current"]) == (200, True)
    assert versions_of(project) == {"1.0": True, "1.1": False}
    listed = api.get(f"{PATH}/versions").json()["results"]
    assert [(each["version"], each["current"]) for each in listed] == [("1.1", False), ("1.0", True)]
    assert (listed[0]["use_case_count"], listed[0]["constraint_count"]) == (1, 3)


def test_the_same_version_with_other_content_is_a_conflict_that_tells_what_differs(
    api: Api, project: Project
) -> None:
    api.put(PATH, returns())
    other = returns(mode="advisory")
    other["use_cases"][0]["intent"] = "Other."

    answer = api.put(PATH, other)

    assert (answer.status_code, answer.json()["code"]) == (409, "grounding_version_conflict")
    assert [each["field"] for each in answer.json()["problems"]] == ["mode", "use_cases[0].intent"]
    assert "'use_cases[0].intent'" in answer.json()["detail"]
    assert "Give it another `version` than 1.0" in answer.json()["how_to_fix"][0]
    assert api.get(PATH).json()["mode"] == "strict"
    assert api.get("/v1/project").json()["groundings_revision"] == 1


def test_the_order_of_members_is_no_difference(api: Api) -> None:
    api.put(PATH, returns())

    assert api.put(PATH, dict(reversed(returns().items()))).status_code == 200


def test_versions_come_in_pages(api: Api) -> None:
    for number in range(5):
        api.put(PATH, returns(version=f"v{number}"))

    page, seen = f"{PATH}/versions?limit=2", []
    while page:
        answer = api.get(page).json()
        seen += [each["version"] for each in answer["results"]]
        page = answer["next"]

    assert seen == ["v4", "v3", "v2", "v1", "v0"]


def test_removing_takes_every_version(api: Api, project: Project) -> None:
    api.put(PATH, returns(version="1.0"))
    api.put(PATH, returns(version="1.1"))

    assert api.delete(PATH).status_code == 204

    assert versions_of(project) == {}
    for path in (PATH, f"{PATH}/versions", f"{PATH}?version=1.0"):
        assert api.get(path).status_code == 404
    assert api.delete(PATH).status_code == 404


def test_one_version_alone_is_not_removed(api: Api, project: Project) -> None:
    api.put(PATH, returns())

    answer = api.delete(f"{PATH}?version=1.0")

    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_parameter")
    assert versions_of(project) == {"1.0": True}


# --- lists


def test_groundings_are_listed_by_name_in_pages_and_filtered(api: Api) -> None:
    for name, domain, mode in (
        ("c", "shop", "strict"),
        ("a", "shop", "advisory"),
        ("b", "desk", "strict"),
        ("d", "shop", "strict"),
    ):
        api.put(f"/v1/groundings/{name}", returns(domain=domain, mode=mode))
    api.put("/v1/groundings/a", returns(domain="shop", mode="advisory", version="2"))

    def listed(query: str) -> list[tuple[str, str]]:
        return [(each["name"], each["version"]) for each in api.get(f"/v1/groundings?{query}").json()["results"]]

    assert listed("") == [("a", "2"), ("b", "1.0"), ("c", "1.0"), ("d", "1.0")]
    assert listed("domain=shop&mode=strict") == [("c", "1.0"), ("d", "1.0")]
    assert listed("name=b") == [("b", "1.0")]
    assert listed("domain=nothing") == []
    first = api.get("/v1/groundings?limit=3").json()
    assert [each["name"] for each in api.get(first["next"]).json()["results"]] == ["d"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("mode=loose", "invalid_filter"),
        ("mode=strict&mode=advisory", "invalid_filter"),
        ("colour=red", "unknown_parameter"),
        ("format=yaml", "unknown_parameter"),
        ("name=%00", "invalid_text"),
        ("domain=%00", "invalid_text"),
        ("limit=0", "invalid_limit"),
        ("cursor=x", "invalid_cursor"),
    ],
)
def test_what_a_list_cannot_be_asked(api: Api, query: str, code: str) -> None:
    answer = api.get(f"/v1/groundings?{query}")

    assert (answer.status_code, answer.json()["code"]) == (400, code)


# --- what is refused


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        ("x: " + "y" * MAX_BYTES, "application/yaml", 413, "grounding_too_large"),
        (json.dumps(returns(domain="y" * MAX_BYTES)), "application/json", 413, "grounding_too_large"),
        (" " * 3_000_000, "application/yaml", 413, "grounding_too_large"),
        ("a: &a [1]\nb: *a", "application/yaml", 400, "invalid_yaml"),
        ("- " * 50_000, "text/yaml", 400, "yaml_too_deep"),
        ("[" * 50_000, "application/json", 400, "json_too_deep"),
        ("a: 1\na: 2", "application/yaml", 400, "duplicate_key"),
        ('{"a": 1, "a": 2}', "application/json", 400, "duplicate_key"),
        ("version: 1e999", "application/yaml", 400, "number_too_large"),
        ("a: !!python/name:os.system x", "application/yaml", 400, "invalid_yaml"),
        ("a: 1\n---\nb: 2", "application/yaml", 400, "invalid_yaml"),
        (b"\xef\xbb\xbf" + YAML.encode(), "application/yaml", 400, "invalid_yaml"),
        (b"\xef\xbb\xbf{}", "application/json", 400, "invalid_json"),
        (YAML.encode("utf-16"), "application/yaml", 400, "invalid_yaml"),
        (YAML.encode("utf-32"), "application/yaml", 400, "invalid_yaml"),
        ('{"domain": "\\ud800"}', "application/json", 400, "invalid_text"),
        ('{"domain": "\\u0000"}', "application/json", 400, "invalid_text"),
        ('domain: "\\0"', "application/yaml", 400, "invalid_text"),
        (YAML.replace("desk", "de\u202esk"), "application/yaml", 400, "invalid_grounding"),
        (YAML, "application/json", 400, "invalid_json"),
        (YAML, "text/plain", 415, "unsupported_media_type"),
        ("", "application/yaml", 400, "invalid_grounding"),
        ("# nothing", "application/yaml", 400, "invalid_yaml"),
        ("just text", "application/yaml", 400, "body_not_an_object"),
        ("[]", "application/json", 400, "body_not_an_object"),
        ("null", "application/json", 400, "body_not_an_object"),
    ],
)
def test_a_body_that_is_refused_is_told_why_and_changes_nothing(
    api: Api, project: Project, body: str | bytes, kind: str, status: int, code: str
) -> None:
    api.put(PATH, returns(version="0.9"))

    answer = api.put(PATH, body, content_type=kind)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer["Content-Type"] == "application/problem+json"
    assert len(answer.json()["detail"]) < 1_000
    assert versions_of(project) == {"0.9": True}


def test_yaml_is_named_where_another_kind_was_sent(api: Api) -> None:
    assert "JSON or YAML" in api.put(PATH, YAML, content_type="text/plain").json()["detail"]
    assert "YAML" not in api.put("/v1/services/x", YAML, content_type="text/plain").json()["detail"]
    assert api.put("/v1/services/x", YAML, content_type="application/yaml").status_code == 415


def test_a_compressed_body_is_refused(api: Api) -> None:
    answer = api.put(PATH, YAML, content_type="application/yaml", **{"Content-Encoding": "gzip"})

    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_content_encoding")


def test_all_that_is_wrong_is_told_at_once(api: Api) -> None:
    body = returns(version=1.0, constraints=[{"requires": "a before b before c"}])
    body["use_cases"].append({"action": "Ship it", "capabilities": ["pack", 7]})

    answer = api.put(PATH, body)

    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (400, "invalid_grounding")
    assert {each["field"]: each["code"] for each in problem["problems"]} == {
        "version": "wrong_type",
        "constraints[0].requires": "ambiguous_rule",
        "use_cases[1].capabilities[1]": "wrong_type",
    }
    assert "use_cases[1].capabilities[1]: It must be text, not a number." in problem["detail"]
    assert 'Put it in quotes: "7".' in problem["how_to_fix"]


@pytest.mark.parametrize("name", ["a b", "-a", "x" * 101, "ä", "\u202ea", "a%0A", "a/b", "a%2Fb", "%C0%80"])
def test_a_name_is_plain(api: Api, name: str) -> None:
    answer = api.put(f"/v1/groundings/{name if '%' in name else quote(name)}", returns())

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_grounding_name")
    assert not Grounding.objects.exists()


@pytest.mark.parametrize("path", ["/v1/groundings/a%00", "/v1/groundings/a%00/versions"])
def test_a_name_with_nul_is_nobodys(api: Api, path: str) -> None:
    assert api.get(path).json()["code"] == "no_such_path"


def test_a_name_in_the_body_is_the_one_of_the_path(api: Api) -> None:
    assert api.put(PATH, returns(name="returns")).status_code == 201
    assert api.put(PATH, returns(name="other", version="2")).json()["problems"][0]["field"] == "name"


@pytest.mark.parametrize("version", ["%00", "2.0", "x" * 10_000])
def test_a_version_that_nobody_has(api: Api, version: str) -> None:
    api.put(PATH, returns())

    assert api.get(f"{PATH}?version={version}").status_code in (400, 404)


# --- projects


def test_projects_share_nothing(api: Api, other_api: Api) -> None:
    api.put(PATH, returns())

    assert other_api.get("/v1/groundings").json()["results"] == []
    assert other_api.get(PATH).status_code == 404
    assert other_api.get(f"{PATH}/versions").status_code == 404
    assert other_api.delete(PATH).status_code == 404
    assert other_api.put(PATH, returns(mode="advisory")).status_code == 201
    assert api.get(PATH).json()["mode"] == "strict"


def test_whether_grounding_is_required_is_a_setting(api: Api, project: Project) -> None:
    assert api.get("/v1/project").json()["grounding_required"] is False

    assert api.patch("/v1/project", {"grounding_required": True}).json()["grounding_required"] is True

    project.refresh_from_db()
    assert project.grounding_required
    assert api.patch("/v1/project", {"grounding_required": "yes"}).json()["code"] == "wrong_type"
    assert api.patch("/v1/project", {"groundings_revision": 5}).json()["code"] == "unknown_member"


def test_there_is_room_for_so_many(
    api: Api, make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("planengine.grounding.registry.MAX_GROUNDINGS", 1)
    api.put(PATH, returns())

    answer = api.put("/v1/groundings/other", returns())

    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_groundings")


# --- the description


@pytest.fixture
def document(anonymous: Api) -> Json:
    return anonymous.get("/v1/schema", Accept="application/vnd.oai.openapi+json").json()


def fits(document: Json, schema: Json, value: Json) -> bool:
    return Draft202012Validator({**schema, "components": document["components"]}).is_valid(value)


def test_what_is_sent_and_answered_is_as_documented(api: Api, document: Json) -> None:
    put = document["paths"]["/v1/groundings/{name}"]["put"]
    sent, told = put["requestBody"]["content"], put["responses"]["201"]["content"]
    rules: list[Json] = [json.loads(EXPLICIT[kind]) for kind in EXPLICIT]
    short = [dict([text.split(": ", 1)]) for text in SHORT.values()]
    body = returns(constraints=["Be polite.", *rules])

    assert set(told) == {"application/json", *YAML_KINDS[:3]}
    assert set(sent) == {"application/json"} and "application/yaml" in put["description"]  # or generators warn
    assert fits(document, sent["application/json"]["schema"], body)
    assert fits(document, sent["application/json"]["schema"], returns(constraints=short))
    refused: list[Json] = [
        {"colour": "red"},
        {"mode": "loose"},
        {"use_cases": []},
        {"version": "1 0"},
        {"constraints": [{}]},
    ]
    for wrong in refused:
        assert not fits(document, sent["application/json"]["schema"], returns(**wrong))
        assert api.put(PATH, returns(**wrong)).status_code == 400
    assert fits(document, told["application/json"]["schema"], api.put(PATH, body).json())
    for path in ("/v1/groundings", "/v1/groundings/{name}/versions", "/v1/groundings/{name}"):
        described = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        assert fits(document, described, api.get(path.format(name="returns")).json())


def test_the_examples_can_be_sent(api: Api, document: Json) -> None:
    content = document["paths"]["/v1/groundings/{name}"]["put"]["requestBody"]["content"]
    [example] = content["application/json"]["examples"].values()
    assert example["value"] == EXAMPLE.value
    assert api.put(PATH, EXAMPLE.value).status_code == 201
