from __future__ import annotations

import re
from contextlib import closing
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import F
from drf_spectacular.drainage import GENERATOR_STATS, reset_generator_stats
from jsonschema import Draft202012Validator
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from orra.base.strictjson import Json
from orra.embedded.defaults import BASE_DIR
from planengine.accounting import exemplars
from planengine.accounting.backlog import Gauges
from planengine.api.description.codes import ELSEWHERE, every_code
from planengine.models import Plan, Project
from tests.conftest import Api

pytestmark = pytest.mark.django_db


def test_the_schema_is_openapi_3_1_and_names_every_endpoint(anonymous: Api) -> None:
    schema = anonymous.get("/v1/schema", Accept="application/vnd.oai.openapi+json").json()

    assert schema["openapi"].startswith("3.1")
    assert {
        "/v1/projects",
        "/v1/project",
        "/v1/api-keys",
        "/v1/services/{name}",
        "/v1/services/{name}/dry-run",
        "/v1/groundings",
        "/v1/groundings/{name}",
        "/v1/groundings/{name}/versions",
        "/v1/plans",
        "/v1/plans/{plan_id}",
        "/v1/plans/{plan_id}/events",
        "/v1/usage",
        "/v1/cache/entries",
        "/v1/cache/entries/{entry_id}/replay",
        "/v1/cache/stats",
    } <= set(schema["paths"])


def test_events_are_described_as_a_stream(anonymous: Api) -> None:
    schema = anonymous.get("/v1/schema", Accept="application/vnd.oai.openapi+json").json()

    listen = schema["paths"]["/v1/plans/{plan_id}/events"]["get"]
    assert set(listen["responses"]["200"]["content"]) == {"text/event-stream"}
    assert "Last-Event-ID" in [parameter["name"] for parameter in listen["parameters"]]


def test_the_docs_load_nothing_from_another_host(anonymous: Api) -> None:
    page = anonymous.get("/docs").content.decode()

    assert "swagger" in page.lower()
    assert not re.findall(r"(?:src|href)=[\"'](?:https?:)?//", page)


def test_the_docs_assets_are_served(anonymous: Api) -> None:
    page = anonymous.get("/docs").content.decode()
    assets = re.findall(r"(?:src|href)=[\"'](/static/[^\"']+)", page)

    assert assets
    for asset in assets:
        with closing(anonymous.get(asset)) as answer:
            assert answer.status_code == 200, asset


def test_health(anonymous: Api) -> None:
    assert anonymous.get("/livez").json() == {"status": "ok"}
    assert anonymous.get("/readyz").json()["database"] == "ok"


def test_metrics_count_what_happened_and_name_nobody(api: Api, project: Project) -> None:
    plan_id = api.post("/v1/plans", {"action": "Refund order ORD-17"}).json()["id"]

    metrics = api.get("/metrics").content.decode()

    assert 'orra_plans_waiting{status="pending"} 1.0' in metrics
    assert "orra_cache_lookups_total{" in metrics
    assert project.pk not in metrics and plan_id not in metrics


def test_metrics_are_told_while_the_database_is_away(anonymous: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(self: Gauges) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(Gauges, "_ask", unreachable)

    answer = anonymous.get("/metrics")

    assert answer.status_code == 200
    assert b"orra_plans_waiting" not in answer.content


OPEN_METRICS = "application/openmetrics-text"
SCRAPERS = {
    "*/*": "text/plain",
    "text/plain": "text/plain",
    "nonsense": "text/plain",
    f"{OPEN_METRICS};version=1.0.0": OPEN_METRICS,
    f"{OPEN_METRICS};version=1.0.0;q=0.5,{OPEN_METRICS};version=0.0.1;q=0.4,text/plain;q=0.2": OPEN_METRICS,
}


@pytest.mark.parametrize("accept", SCRAPERS)
def test_metrics_are_told_to_every_scraper(anonymous: Api, accept: str) -> None:
    assert anonymous.get("/metrics", Accept=accept).headers["Content-Type"].startswith(SCRAPERS[accept])


def test_a_bucket_leads_to_a_plan_in_it(api: Api) -> None:
    api.plan("Refund order ORD-17", {"order_id": "ORD-17"})
    hit = api.plan("Refund order ORD-18", {"order_id": "ORD-18"})
    slow = Plan.objects.get(pk=hit["id"])
    Plan.objects.filter(pk=slow.pk).update(created_at=F("finished_at") - timedelta(seconds=7))

    text = api.get("/metrics", Accept=OPEN_METRICS).content.decode()

    families = text_string_to_metric_families(text)  # type: ignore[no-untyped-call]
    [found] = [each for each in families if each.name == "orra_plan_seconds"]
    told = {
        (sample.labels["source"], sample.exemplar.labels["plan_id"]): (sample.labels["le"], sample.exemplar.value)
        for sample in found.samples
        if sample.exemplar is not None
    }
    assert told["exact", slow.pk] == ("10.0", 7.0)
    assert {source for source, _ in told} == {"exact", "composer"}
    assert "# {" not in api.get("/metrics").content.decode()


def test_metrics_need_no_exemplars(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    api.plan("Refund order ORD-17", {"order_id": "ORD-17"})

    def unreachable() -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(exemplars, "_oldest_first", unreachable)

    text = api.get("/metrics", Accept=OPEN_METRICS).content.decode()

    assert 'orra_plan_seconds_bucket{le="' in text and "# {" not in text


def test_metrics_take_no_other_method(anonymous: Api) -> None:
    anonymous.client.handler.enforce_csrf_checks = True

    answer = anonymous.post("/metrics")

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_database_that_is_behind_is_not_ready(anonymous: Api) -> None:
    last = MigrationRecorder.Migration.objects.filter(app="cache").latest("name")
    last.delete()

    answer = anonymous.get("/readyz")

    assert (answer.status_code, answer.json()["database"]) == (503, "migrations pending")


@pytest.mark.parametrize("path", ["/docs", "/v1/schema", "/metrics", "/livez"])
def test_a_problem_is_json_whatever_the_view_speaks(anonymous: Api, path: str) -> None:
    answer = anonymous.request("PUT", path)

    assert (answer.status_code, answer["Content-Type"]) == (405, "application/problem+json")
    assert "Possible are: GET, HEAD" in answer.json()["detail"]
    assert answer["Allow"].startswith("GET, HEAD")


@pytest.mark.parametrize("method", ["OPTIONS", "HEAD"])
def test_every_operation_says_which_methods_there_are(api: Api, document: Json, method: str) -> None:
    for path, methods in document["paths"].items():
        answer = api.request(method, re.sub(r"\{\w+\}", "x", path), {})
        assert answer.status_code < 500, path
        assert {each.upper() for each in methods} <= set(answer["Allow"].split(", ")), path


def test_the_docs_take_no_other_method(anonymous: Api) -> None:
    assert anonymous.request("OPTIONS", "/docs").status_code == 405


@pytest.mark.parametrize("query", ["version=%0d%0aX-Other:%201", "version=9", "version=%ff"])
def test_the_description_is_of_one_version_whatever_is_asked_for(anonymous: Api, query: str) -> None:
    answer = anonymous.get(f"/v1/schema?{query}")

    assert answer.status_code == 200
    assert answer["Content-Disposition"] == 'inline; filename="orra.json"'


@pytest.mark.parametrize("accept", ["text/plain", "application/xml", "application/problem+json", ";;;"])
def test_json_is_told_whatever_is_accepted(anonymous: Api, api: Api, accept: str) -> None:
    assert anonymous.get("/livez", Accept=accept).json() == {"status": "ok"}
    assert api.get("/v1/plans?limit=1", Accept=accept).json()["results"] == []
    assert anonymous.get("/v1/plans", Accept=accept).json()["code"] == "missing_api_key"


def test_the_root_leads_to_the_docs(anonymous: Api) -> None:
    anonymous.client.handler.enforce_csrf_checks = True

    assert anonymous.get("/").headers["Location"] == "/docs"
    refused = anonymous.post("/", {})
    assert (refused.status_code, refused.json()["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_slash_too_many_is_told(api: Api, method: str) -> None:
    answer = api.request(method, "/v1/plans/", {})

    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_path")
    assert "leave out the slash" in answer.json()["detail"]
    assert "/docs" in api.get("/v1/nothing/").json()["detail"]


def test_the_description_is_json_unless_yaml_is_asked_for(anonymous: Api) -> None:
    for accept in ("*/*", "text/html", "application/json", "application/vnd.oai.openapi+json"):
        assert anonymous.get("/v1/schema", Accept=accept).json()["openapi"] == "3.1.1"
    in_yaml = anonymous.get("/v1/schema", Accept="application/yaml")
    assert in_yaml.content.startswith(b"openapi: 3.1.1")
    assert in_yaml["Content-Disposition"] == 'inline; filename="orra.yaml"'


@pytest.fixture
def document(anonymous: Api) -> Json:
    return anonymous.get("/v1/schema", Accept="application/vnd.oai.openapi+json").json()


def faults(document: Json, schema: Json, value: Json) -> list[str]:
    checker = Draft202012Validator({**schema, "components": document["components"]})
    return [f"{fault.json_path}: {fault.message}" for fault in checker.iter_errors(value)]


DESCRIBED = (
    "/v1/project",
    "/v1/usage",
    "/v1/api-keys",
    "/v1/services",
    "/v1/plans",
    "/v1/cache/entries",
    "/v1/cache/stats",
)


@pytest.mark.parametrize("path", DESCRIBED)
def test_answers_are_as_documented(api: Api, document: Json, path: str) -> None:
    for action in ("Refund order ORD-1", "Refund order ORD-2", "Paint the moon"):
        api.plan(action, {"order_id": action[-5:]} if "ORD" in action else {})
    [content] = document["paths"][path]["get"]["responses"]["200"]["content"].values()

    assert faults(document, content["schema"], api.get(path).json()) == []


def test_what_every_answer_has_is_required(document: Json) -> None:
    """Else generated types have members that may be missing, and never are."""
    optional = {
        f"{name}.{member}"
        for name, schema in document["components"]["schemas"].items()
        if not name.endswith("Request")
        for member in set(schema.get("properties", {})) - set(schema.get("required", []))
    }

    assert optional == {
        "Candidate.model_check",
        "PlanningCost.attempts",
        "PlanningCost.completion_tokens",
        "PlanningCost.cost",
        "PlanningCost.milliseconds",
        "PlanningCost.prompt_tokens",
        "Problem.how_to_fix",
        "Problem.pointer",
        "Problem.problems",
        "Task.after",
        "Task.service",
    }


def test_only_values_of_any_kind_have_no_type(document: Json) -> None:
    said = {"type", "$ref", "oneOf", "anyOf", "allOf", "enum"}
    untyped = [
        f"{name}.{member}"
        for name, schema in document["components"]["schemas"].items()
        for member, described in schema.get("properties", {}).items()
        if said.isdisjoint(described)
    ]

    assert untyped == ["Param.value"]


@pytest.mark.parametrize("params", [{"order_id": 1}, [{"field": "order_id", "value": None}], {}, []])
def test_both_forms_of_params_are_documented(document: Json, params: Json) -> None:
    for path in ("/v1/plans", "/v1/cache/entries/{entry_id}/replay"):
        content = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        assert faults(document, content["schema"], {"action": "Refund", "params": params}) == []
        assert faults(document, content["schema"], {"action": "Refund", "params": "x"}) != []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("post", "/v1/plans", {"action": "Refund", "actoin": "Refund"}),
        ("post", "/v1/plans", {"action": "Refund", "params": [{"field": "a", "value": 1, "type": "x"}]}),
        ("post", "/v1/cache/explain", {"action": "Refund", "other": 1}),
        ("patch", "/v1/project", {"colour": "red"}),
        ("put", "/v1/services/{name}", {"description": "d", "input_schema": [], "output_schema": {}}),
    ],
)
def test_what_is_refused_is_not_described_as_welcome(
    api: Api, document: Json, method: str, path: str, body: Json
) -> None:
    content = document["paths"][path][method]["requestBody"]["content"]["application/json"]

    assert faults(document, content["schema"], body) != []
    assert api.request(method.upper(), path.format(name="refund"), body).status_code == 400


def test_the_description_is_made_without_complaint(anonymous: Api) -> None:
    reset_generator_stats()

    anonymous.get("/v1/schema")

    assert not GENERATOR_STATS, "it would complain in the log at every start"


def test_operations_are_grouped_by_what_they_are_about(document: Json) -> None:
    tags = {tag for path in document["paths"].values() for operation in path.values() for tag in operation["tags"]}

    assert tags == {
        "plans",
        "services",
        "groundings",
        "cache",
        "project",
        "projects",
        "api-keys",
        "usage",
        "health",
    }


def test_the_bounds_of_pages_are_described(document: Json) -> None:
    [limit] = [found for found in document["paths"]["/v1/plans"]["get"]["parameters"] if found["name"] == "limit"]

    assert limit["schema"] == {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}


def test_every_operation_tells_what_it_refuses(document: Json) -> None:
    assert document["servers"] and document["info"]["license"]
    codes = set(document["components"]["schemas"]["ProblemCode"]["enum"])
    told = set()
    for methods in document["paths"].values():
        for operation in methods.values():
            refusals = {status: told for status, told in operation["responses"].items() if int(status) >= 400}
            assert {"400", "500", "503"} <= set(refusals), operation["operationId"]
            for status, refusal in refusals.items():
                for code in refusal.get("content", {}).get("application/problem+json", {}).get("examples", {}):
                    assert str(document["components"]["examples"][code]["value"]["status"]) == status
                    told.add(code)
    assert told == codes - set(ELSEWHERE)


def test_every_code_of_the_api_is_described() -> None:
    """Those that stand in its sources; what else comes at run time is found out by every test of the API."""
    written = {
        code
        for folder in ("planengine/api", "planengine/requests", "planengine/grounding", "orra/base")
        for file in sorted((BASE_DIR / folder).rglob("*.py"))
        for code in re.findall(r"\bcode=\"([a-z0-9_]+)\"", file.read_text())
    }

    of_tools = {"origin_not_allowed", "plan_id_missing", "insufficient_scope"}
    assert written - of_tools <= {name for name, _ in every_code()}


def test_names_are_what_a_stranger_would_call_them(document: Json) -> None:
    names = list(document["components"]["schemas"])

    assert [name for name in names if "Serializer" in name or name.endswith(("Enum", "RequestRequest"))] == []
    assert "Null" not in names
