"""``PUT /v1/services``: many services at once, each as it would be alone."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections

from cache.models import Entry
from orra.base.strictjson import Json
from planengine import tasks
from planengine.catalogue import registry
from planengine.models import Project, Service
from tests.conftest import SHOP, Api, object_schema
from tests.live.client import until

pytestmark = pytest.mark.django_db

GREETER: dict[str, Any] = {
    "name": "greeter",
    "description": "Greets somebody.",
    "input_schema": object_schema("name", name="string"),
    "output_schema": object_schema("greeting", greeting="string"),
}
KNOWN = [{"name": name, **facts} for name, facts in SHOP.items()]
CHANGED = {**KNOWN[0], "revertible": True}
HINTED = {**KNOWN[1], "annotations": {"destructiveHint": True}}
WRONG = {**GREETER, "name": "wrong", "input_schema": {"type": "text"}}


def put(api: Api, *services: Json, **members: Json) -> Any:
    return api.put("/v1/services", {"services": list(services), **members})


def outcomes(answer: Any) -> dict[str, str]:
    return {each["name"]: each["outcome"] for each in answer.json()["services"]}


def test_each_is_told_what_became_of_it(api: Api, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[str, str]] = []
    monkeypatch.setattr(tasks, "compare_with_cached_plans", lambda *asked: compared.append(asked))
    revision = Project.objects.get(pk=project.pk).catalogue_revision

    answer = put(api, GREETER, CHANGED, HINTED, KNOWN[2])

    assert answer.status_code == 200
    assert answer.json()["stored"] is True
    assert outcomes(answer) == {
        "greeter": "created",
        KNOWN[0]["name"]: "changed",
        KNOWN[1]["name"]: "changed",
        KNOWN[2]["name"]: "unchanged",
    }
    told = [(each["changed"], each["version"], each["next_version"]) for each in answer.json()["services"]]
    assert told == [(list(registry.MEMBERS), None, 1), (["revertible"], 1, 2), (["annotations"], 1, 1), ([], 1, 1)]
    for service in (GREETER, CHANGED, HINTED, KNOWN[2]):
        row = api.get(f"/v1/services/{service['name']}").json()
        assert {member: row[member] for member in service} == service
    assert Project.objects.get(pk=project.pk).catalogue_revision == revision + 1
    assert compared == [(project.pk, name) for name in ("greeter", KNOWN[0]["name"], KNOWN[1]["name"])]


def test_the_same_again_changes_nothing(api: Api, project: Project) -> None:
    put(api, GREETER, CHANGED)
    rows = list(Service.objects.values())
    revision = Project.objects.get(pk=project.pk).catalogue_revision

    answer = put(api, GREETER, CHANGED)

    assert set(outcomes(answer).values()) == {"unchanged"}, answer.json()
    assert list(Service.objects.values()) == rows
    assert Project.objects.get(pk=project.pk).catalogue_revision == revision


def test_one_that_is_refused_keeps_all_from_being_stored(api: Api, project: Project) -> None:
    rows = list(Service.objects.values())

    answer = put(api, GREETER, WRONG, CHANGED)

    told = answer.json()
    assert (answer.status_code, told["code"]) == (400, "services_refused")
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert "1 of 3 services is refused, so none is stored" in told["detail"]
    assert [(each["field"], each["code"]) for each in told["problems"]] == [("services.1", "invalid_schema")]
    assert list(outcomes(answer).values()) == ["created", "refused", "changed"]
    assert list(Service.objects.values()) == rows


def test_or_not_where_each_is_for_itself(api: Api) -> None:
    answer = put(api, GREETER, WRONG, CHANGED, mode="each")

    assert (answer.status_code, answer.json()["stored"]) == (200, True)
    assert list(outcomes(answer).values()) == ["created", "refused", "changed"]
    assert api.get("/v1/services/greeter").status_code == 200
    assert api.get("/v1/services/wrong").status_code == 404
    assert api.get(f"/v1/services/{CHANGED['name']}").json()["version"] == 2


@pytest.mark.parametrize(
    "fault",
    [
        {"input_schema": {"type": "object", "properties": {"name": {"type": "text"}}}},
        {"description": None},
        {"description": "x" * 4001},
        {"annotations": {"readOnly": True}},
        {"examples": ["Greet {nmae}"]},
        {"capabilities": "greet"},
        {"colour": "blue"},
        {"version": 3},
        {"type": "robot"},
        {"name": "with space"},
    ],
)
def test_it_is_refused_as_it_would_be_alone(api: Api, fault: dict[str, Any]) -> None:
    service = {**GREETER, **fault}
    alone = api.put(f"/v1/services/{service['name']}", {k: v for k, v in service.items() if k != "name"})

    [told] = put(api, service, mode="each").json()["services"]

    assert told["problem"] == alone.json()
    assert (told["name"], told["changed"], told["next_version"]) == (service["name"], [], None)


@pytest.mark.parametrize("service", [None, 5, "greeter", [], {}, {"name": 5}, {"name": None}, {"name": ["a"]}])
def test_what_is_no_service_is_refused_with_a_code(api: Api, service: Json) -> None:
    answer = put(api, service, GREETER, mode="each")

    assert [each["outcome"] for each in answer.json()["services"]] == ["refused", "created"]
    assert answer.json()["services"][0]["problem"]["code"] in ("body_not_an_object", "invalid_service_name")


def test_of_two_with_one_name_none_is_guessed(api: Api) -> None:
    answer = put(api, GREETER, {**GREETER, "description": "Another."}, CHANGED, mode="each")

    assert [each["outcome"] for each in answer.json()["services"]] == ["refused", "refused", "changed"]
    assert {each["problem"]["code"] for each in answer.json()["services"][:2]} == {"duplicate_service"}
    assert api.get("/v1/services/greeter").status_code == 404


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ([GREETER], "body_not_an_object"),
        ({}, "required"),
        ({"services": []}, "min_length"),
        ({"services": {"greeter": GREETER}}, "not_a_list"),
        ({"services": [GREETER] * 501}, "max_length"),
        ({"services": [GREETER], "mode": "some"}, "invalid_choice"),
        ({"services": [GREETER], "dry_run": "yes"}, "wrong_type"),
        ({"services": [GREETER], "dryrun": True}, "unknown_member"),
    ],
)
def test_a_body_that_says_something_else_is_refused(api: Api, body: Json, code: str) -> None:
    answer = api.put("/v1/services", body)

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert not Service.objects.filter(name="greeter").exists()


def test_there_is_room_for_many_and_a_bound(api: Api) -> None:
    many = [{**GREETER, "name": f"greeter_{n}", "description": "x" * 4_000} for n in range(200)]
    answer = put(api, *many)
    assert (answer.status_code, set(outcomes(answer).values())) == (200, {"created"})

    too_large = json.dumps({"services": [GREETER]}) + " " * settings.MAX_CATALOGUE_BYTES
    answer = api.put("/v1/services", too_large)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


@pytest.mark.parametrize("mode", ["atomic", "each"])
@pytest.mark.parametrize("policy", ["dependencies", "strict"])
def test_a_dry_run_tells_what_would_happen_and_stores_nothing(api: Api, mode: str, policy: str) -> None:
    api.patch("/v1/project", {"catalogue_policy": policy})
    api.plan("Refund order ORD-17", {"order_id": "ORD-17"})
    api.plan("Find order ORD-17", {"order_id": "ORD-17"})
    changed = [{**each, "description": each["description"] + "!"} for each in KNOWN]
    services, entries = list(Service.objects.values()), Entry.objects.count()
    assert entries == 2

    told = put(api, *changed, GREETER, mode=mode, dry_run=True).json()

    assert (told["stored"], told["evicts"]["entries"]) == (False, 2)
    by_service = {each["name"]: each["evicts"]["entries"] for each in told["services"]}
    assert by_service == {
        each["name"]: 2 if policy == "strict" else Entry.objects.filter(services__has_key=each["name"]).count()
        for each in [*changed, GREETER]
    }
    assert (list(Service.objects.values()), Entry.objects.count()) == (services, 2)
    assert put(api, *changed, GREETER, mode=mode).json() == {**told, "stored": True}
    assert Entry.objects.count() == 0


def test_a_dry_run_with_faults_is_an_answer_and_no_error(api: Api) -> None:
    answer = put(api, GREETER, WRONG, dry_run=True)

    assert (answer.status_code, answer.json()["stored"]) == (200, False)
    assert list(outcomes(answer).values()) == ["created", "refused"]


def test_services_of_another_project_stay_as_they_are(api: Api, other_api: Api, project: Project) -> None:
    others = list(Service.objects.exclude(project=project).values())

    answer = put(api, GREETER, *({**each, "description": "Mine."} for each in KNOWN))

    assert answer.status_code == 200
    assert list(Service.objects.exclude(project=project).values()) == others
    assert other_api.get("/v1/services/greeter").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_what_another_stored_at_the_same_time_is_what_it_is_compared_with(api: Api, project: Project) -> None:
    """While somebody else changes one of the services, many are put: they wait, and then see that change."""
    facts = {member: CHANGED[member] for member in registry.FACTS}
    with ThreadPoolExecutor(1) as pool:
        with registry.locked(project):
            registry.register(project, CHANGED["name"], facts)
            answer = pool.submit(_put_elsewhere, api, CHANGED, {**HINTED, "revertible": False})
            until(_somebody_waits)
        told = answer.result(30)

    assert outcomes(told) == {CHANGED["name"]: "unchanged", HINTED["name"]: "changed"}
    versions = {each["name"]: each["next_version"] for each in told.json()["services"]}
    rows = dict(Service.objects.filter(project=project, name__in=versions).values_list("name", "version"))
    assert rows == versions == {CHANGED["name"]: 2, HINTED["name"]: 2}


def _put_elsewhere(api: Api, *services: Json) -> Any:
    try:
        return put(api, *services)
    finally:
        connections.close_all()


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])
