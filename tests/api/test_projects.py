from __future__ import annotations

import pytest
from django.db import OperationalError
from django.test import override_settings

from planengine.models import ApiKey, Project
from tests.conftest import Api

pytestmark = pytest.mark.django_db


@override_settings(OPEN_REGISTRATION=True)
def test_anybody_makes_a_project_when_registration_is_open(anonymous: Api) -> None:
    answer = anonymous.post("/v1/projects", {"name": "shop"})

    assert answer.status_code == 201
    body = answer.json()
    assert body["id"].startswith("p_")
    assert body["api_key"].startswith("sk-orra-v1-") and len(body["api_key"]) == len("sk-orra-v1-") + 64
    assert Api(body["api_key"]).get("/v1/project").json()["name"] == "shop"


@override_settings(OPEN_REGISTRATION=False, OPERATOR_TOKEN="an operator's token")
@pytest.mark.parametrize(
    ("token", "status"),
    [("an operator's token", 201), ("another token", 401), ("", 401), ("an operator’s token", 401)],
)
def test_a_closed_installation_asks_for_the_operators_token(anonymous: Api, token: str, status: int) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}

    answer = anonymous.post("/v1/projects", {"name": "shop"}, **headers)

    assert answer.status_code == status
    assert Project.objects.count() == (1 if status == 201 else 0)
    if status != 201:
        assert answer.json()["code"] == "operator_token_required"


@override_settings(OPEN_REGISTRATION=False, OPERATOR_TOKEN="")
def test_without_an_operators_token_nobody_registers(anonymous: Api) -> None:
    assert anonymous.post("/v1/projects", {"name": "x"}, Authorization="Bearer ").status_code == 401


@override_settings(OPEN_REGISTRATION=True)
@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "required"),
        ({"name": ""}, "blank"),
        ({"name": "x" * 101}, "max_length"),
        ({"name": "shop", "colour": "red"}, "unknown_member"),
        ([], "body_not_an_object"),
        (None, "required"),
        ("null", "body_not_an_object"),
        ('"shop"', "body_not_an_object"),
        ({"name": 5}, "wrong_type"),
        ({"name": None}, "null"),
        ({"name": "shop", "repair": "yes"}, "wrong_type"),
    ],
)
def test_a_project_needs_a_sensible_name(anonymous: Api, body: object, code: str) -> None:
    answer = anonymous.post("/v1/projects", body)

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == code
    assert not Project.objects.exists()


def test_settings_are_changed_one_by_one(api: Api, project: Project) -> None:
    answer = api.patch("/v1/project", {"cache_ttl_seconds": 60, "similarity_threshold": 0})

    assert answer.status_code == 200
    project.refresh_from_db()
    assert (project.cache_ttl_seconds, project.similarity_threshold) == (60, 0.0)
    assert api.patch("/v1/project", {"similarity_threshold": None}).json()["similarity_threshold"] is None


@pytest.mark.parametrize(
    "change",
    [
        {"cache_ttl_seconds": 0},
        {"cache_ttl_seconds": "soon"},
        {"similarity_threshold": 1.1},
        {"similarity_threshold": -0.1},
        {"catalogue_policy": "whatever"},
        {"cache_ttl_seconds": "60"},
        {"cache_ttl_seconds": True},
        {"cache_ttl_seconds": 1.5},
        {"cache_ttl_seconds": 10**300},
        {"cache_max_entries": -1},
        {"similarity_threshold": "nan"},
        {"similarity_threshold": True},
        {"similarity_threshold": 10**308 * 9},
        {"tokens_per_day": 2**63},
        {"tokens_per_day": -1},
        {"tokens_per_day": []},
        {"repair": 1},
        {"repair": None},
        {"model_check": ["on"]},
        {"catalogue_policy": {}},
        {"name": "\t"},
        {"wrong_hit_tolerance": 2},
        {"id": "p_mine"},
        {"catalogue_revision": 7},
    ],
)
def test_a_bad_setting_changes_nothing(api: Api, project: Project, change: dict[str, object]) -> None:
    before = api.get("/v1/project").json()

    answer = api.patch("/v1/project", change)

    assert answer.status_code == 400, answer.json()
    assert next(iter(change)) in answer.json()["detail"]
    assert api.get("/v1/project").json() == before


@override_settings(OPEN_REGISTRATION=True)
def test_what_is_told_back_is_bounded(anonymous: Api) -> None:
    for body in ({"k" * 100_000: 1}, {"catalogue_policy": "x" * 300_000}, {f"f{i}": i for i in range(20_000)}):
        answer = anonymous.post("/v1/projects", {"name": "shop", **body})
        assert answer.status_code == 400
        assert len(answer.content) < 30_000


@override_settings(OPEN_REGISTRATION=True)
def test_a_project_comes_with_its_key_or_not_at_all(anonymous: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(project: Project, *, name: str = "") -> None:
        raise OperationalError("the connection is lost")

    monkeypatch.setattr(ApiKey, "issue", fail)

    assert anonymous.post("/v1/projects", {"name": "shop"}).status_code == 503
    assert not Project.objects.exists()


@pytest.mark.parametrize("body", ["[]", "null", "0", "false", '""', '"name"', "[1]"])
def test_a_key_is_not_made_for_what_is_no_request(api: Api, body: str) -> None:
    answer = api.post("/v1/api-keys", body)

    assert (answer.status_code, answer.json()["code"]) == (400, "body_not_an_object")
    assert answer.json()["detail"] == "Send a JSON object."
    assert ApiKey.objects.count() == 1


def test_a_key_is_shown_once_and_stored_hashed(api: Api, project: Project) -> None:
    made = api.post("/v1/api-keys", {"name": "ci"}).json()

    assert Api(made["api_key"]).get("/v1/project").status_code == 200
    listed = api.get("/v1/api-keys")
    assert made["api_key"] not in listed.content.decode()
    assert {key["name"] for key in listed.json()["results"]} == {"", "ci"}
    assert not ApiKey.objects.filter(digest__contains=made["api_key"]).exists()


def test_a_revoked_key_is_refused(api: Api) -> None:
    made = api.post("/v1/api-keys").json()

    assert api.delete(f"/v1/api-keys/{made['id']}").status_code == 204

    answer = Api(made["api_key"]).get("/v1/project")
    assert answer.status_code == 401
    assert answer.json()["code"] == "api_key_revoked"
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_the_last_key_stays(api: Api) -> None:
    [key] = api.get("/v1/api-keys").json()["results"]

    answer = api.delete(f"/v1/api-keys/{key['id']}")

    assert (answer.status_code, answer.json()["code"]) == (409, "last_api_key")
    assert api.get("/v1/project").status_code == 200


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, "missing_api_key"),
        ("Bearer sk-orra-v1-" + "0" * 64, "invalid_api_key"),
        ("Bearer nonsense", "invalid_api_key"),
        ("Basic dXNlcjpwYXNz", "invalid_api_key"),
        ("Bearer", "invalid_api_key"),
        ("Bearer sk-orra-v1-\xff\xfe", "invalid_api_key"),
    ],
)
def test_who_has_no_valid_key_learns_nothing(
    project: Project, anonymous: Api, authorization: str | None, code: str
) -> None:
    headers = {"Authorization": authorization} if authorization else {}

    answer = anonymous.get("/v1/project", **headers)

    assert (answer.status_code, answer.json()["code"]) == (401, code)
