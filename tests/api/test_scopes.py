"""Which key may do what: for every operation of the OpenAPI document, as docs/keys.md has it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

import pytest
from django.db import ProgrammingError, transaction
from django.utils import timezone

from orra.base.strictjson import Json
from orra.embedded.defaults import BASE_DIR
from planengine.accounting import key_uses
from planengine.models import ApiKey, KeyUse, Project, Scope
from tests.conftest import Api

pytestmark = pytest.mark.django_db

ANY = "any key of the project"
METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture(autouse=True)
def nothing_noted() -> Iterator[None]:
    key_uses.forget()
    yield
    key_uses.forget()


@pytest.fixture
def make_api(project: Project) -> Callable[..., Api]:
    return lambda *scopes: Api(ApiKey.issue(project, scopes=list(scopes))[1])


def operations(anonymous: Api) -> dict[str, tuple[str, str, Json]]:
    """Those that take a key, by id: method, path, and what the document says of them."""
    document = anonymous.get("/v1/schema", Accept="application/vnd.oai.openapi+json").json()
    return {
        facts["operationId"]: (method.upper(), path, facts)
        for path, methods in document["paths"].items()
        for method, facts in methods.items()
        if method in METHODS and any("apiKey" in each for each in facts.get("security", ()))
    }


def told() -> dict[str, str]:
    """The scope of each operation, as the table in docs/keys.md has it."""
    page = (BASE_DIR / "docs" / "keys.md").read_text()
    rows = re.findall(r"^\| (`[a-z:]+`|any key of the project) \| (.+) \|$", page, re.MULTILINE)
    return {operation: scope.strip("`") for scope, row in rows for operation in re.findall(r"`(\w+)`", row)}


def test_every_operation_with_a_key_is_in_the_table_and_says_the_same(anonymous: Api) -> None:
    described = {
        name: next((scope for each in facts["security"] for scope in each["apiKey"]), ANY)
        for name, (_, _, facts) in operations(anonymous).items()
    }

    assert described == told()
    assert set(described.values()) == {ANY, *Scope.values}


def test_each_takes_its_scope_and_no_other(anonymous: Api, make_api: Callable[..., Api]) -> None:
    for name, (method, path, _) in operations(anonymous).items():
        scope, somewhere = told()[name], re.sub(r"{\w+}", "nothing", path)
        others = [each for each in Scope.values if each != scope]
        let_in = make_api(*(others[:1] if scope == ANY else [scope])).request(method, somewhere, {})
        kept_out = make_api(*others).request(method, somewhere, {})

        assert let_in.status_code not in (401, 403), (name, let_in.content)
        if scope == ANY:
            assert kept_out.status_code not in (401, 403), name
            continue
        problem = kept_out.json()
        assert (kept_out.status_code, problem["code"]) == (403, "insufficient_scope"), name
        assert f"the scope `{scope}`" in problem["detail"]
        assert f'scope="{scope}"' in kept_out["WWW-Authenticate"]


def test_what_is_refused_is_not_done(project: Project, make_api: Callable[..., Api]) -> None:
    service = {"type": "service", "description": "d", "input_schema": {}, "output_schema": {}}
    api = make_api(Scope.PLAN)
    before = [list(model._default_manager.order_by("pk").values()) for model in (Project, ApiKey)]

    for answer in (
        api.patch("/v1/project", {"name": "mine"}),
        api.post("/v1/api-keys", {"scopes": ["admin"]}),
        api.put("/v1/services/new", service),
        api.delete("/v1/services/order_lookup"),
    ):
        assert answer.status_code == 403

    assert [list(model._default_manager.order_by("pk").values()) for model in (Project, ApiKey)] == before
    assert api.get("/v1/services/order_lookup").status_code == 200


def test_a_key_is_for_everything_unless_it_is_told(api: Api) -> None:
    assert api.post("/v1/api-keys", {"name": "a"}).json()["scopes"] == Scope.values
    made = api.post("/v1/api-keys", {"scopes": ["cache:read", "plan", "plan"]}).json()

    assert made["scopes"] == ["plan", "cache:read"]
    assert Api(made["api_key"]).get("/v1/plans").status_code == 200


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"scopes": []}, "min_length"),
        ({"scopes": "plan"}, "not_a_list"),
        ({"scopes": ["everything"]}, "invalid_choice"),
        ({"scopes": [["plan"]]}, "invalid_choice"),
        ({"scopes": ["plan"] * 21}, "max_length"),
        ({"scopes": None}, "null"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_in_the_past"),
        ({"expires_at": 5}, "invalid"),
        ({"expires_at": "9999-12-31T23:59:59-23:59"}, "overflow"),
        ({"last_used_at": None}, "unknown_member"),
    ],
)
def test_a_key_that_makes_no_sense_is_not_made(api: Api, body: Json, code: str) -> None:
    answer = api.post("/v1/api-keys", body)

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert ApiKey.objects.count() == 1


def test_what_a_key_may_have_is_told(api: Api) -> None:
    scopes = api.post("/v1/api-keys", {"scopes": ["plan", "plans", 5]}).json()
    times = [
        api.post("/v1/api-keys", {"expires_at": said}).json()["detail"]
        for said in ("tomorrow", "2027-13-01T00:00:00Z")
    ]

    one_of = "Must be one of plan, cache:read, cache:write, admin."
    assert [(each["field"], each["message"]) for each in scopes["problems"]] == [
        ("scopes.1", one_of),
        ("scopes.2", one_of),
    ]
    assert times == ["expires_at: Must be a time such as 2027-01-31T12:00:00Z."] * 2


def test_an_expired_key_opens_nothing(api: Api) -> None:
    moment = timezone.now() + timedelta(hours=1)
    made = api.post("/v1/api-keys", {"expires_at": moment.isoformat()}).json()
    assert Api(made["api_key"]).get("/v1/project").status_code == 200

    ApiKey.objects.filter(pk=made["id"]).update(expires_at=timezone.now())

    answer = Api(made["api_key"]).get("/v1/project")
    assert (answer.status_code, answer.json()["code"]) == (401, "api_key_expired")


def rotate(api: Api, key_id: str, **told: Json) -> Json:
    answer = api.post(f"/v1/api-keys/{key_id}/rotate", told)
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_a_rotated_key_and_its_successor_are_both_good_for_a_while(api: Api) -> None:
    old = api.post("/v1/api-keys", {"name": "shop", "scopes": ["plan"]}).json()
    before = timezone.now()

    new = rotate(api, old["id"], overlap_seconds=60)

    assert (new["name"], new["scopes"], new["expires_at"]) == ("shop", ["plan"], None)
    assert {Api(key["api_key"]).get("/v1/plans").status_code for key in (old, new)} == {200}
    ends = ApiKey.objects.get(pk=old["id"]).expires_at
    assert ends is not None and timedelta(seconds=60) <= ends - before < timedelta(seconds=120)


def test_without_an_overlap_the_old_key_ends_at_once(api: Api) -> None:
    [own] = api.get("/v1/api-keys").json()["results"]

    new = rotate(api, own["id"], overlap_seconds=0)

    assert api.get("/v1/project").json()["code"] == "api_key_expired"
    assert Api(new["api_key"]).get("/v1/api-keys").status_code == 200


def test_who_was_to_expire_has_a_successor_that_lives_as_long(api: Api) -> None:
    ends = timezone.now() + timedelta(days=30)
    old = api.post("/v1/api-keys", {"expires_at": ends.isoformat()}).json()
    ApiKey.objects.filter(pk=old["id"]).update(
        created_at=ends - timedelta(days=90), expires_at=timezone.now() + timedelta(hours=1)
    )
    lived = ApiKey.objects.get(pk=old["id"])
    assert lived.expires_at is not None

    new = ApiKey.objects.get(pk=rotate(api, old["id"])["id"])

    assert new.expires_at is not None
    assert abs(new.expires_at - new.created_at - (lived.expires_at - lived.created_at)) < timedelta(seconds=5)
    assert ApiKey.objects.get(pk=old["id"]).expires_at == lived.expires_at  # sooner than the overlap of a day


def test_only_an_active_key_is_rotated(api: Api, other_api: Api) -> None:
    made = api.post("/v1/api-keys").json()
    api.delete(f"/v1/api-keys/{made['id']}")

    answer = api.post(f"/v1/api-keys/{made['id']}/rotate")
    assert (answer.status_code, answer.json()["code"]) == (409, "api_key_not_active")
    assert other_api.post(f"/v1/api-keys/{made['id']}/rotate").status_code == 404
    for body in ({"overlap_seconds": -1}, {"overlap_seconds": 10**9}, {"overlap": 5}, {"overlap_seconds": "1"}):
        assert api.post(f"/v1/api-keys/{made['id']}/rotate", body).status_code == 400


def test_somebody_can_always_make_keys(api: Api, project: Project) -> None:
    [own] = api.get("/v1/api-keys").json()["results"]
    others = [ApiKey.issue(project, scopes=[Scope.PLAN])[0]]
    others.append(ApiKey.issue(project, expires_at=timezone.now() + timedelta(hours=1))[0])
    ApiKey.objects.filter(pk=others[1].pk).update(expires_at=timezone.now())

    assert api.delete(f"/v1/api-keys/{own['id']}").json()["code"] == "last_api_key"
    assert {api.delete(f"/v1/api-keys/{other.pk}").status_code for other in others} == {204}


def last_used(api: Api) -> Sequence[Json]:
    return [key["last_used_at"] for key in api.get("/v1/api-keys").json()["results"]]


def test_when_a_key_was_used_is_written_once_in_a_while(
    api: Api, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert last_used(api) == [None]
    version = "SELECT xmin::text AS id, id AS key FROM planengine_apikey"
    before = [row.pk for row in ApiKey.objects.raw(version)]

    assert [key_uses.write(), key_uses.write()] == [1, 0]

    [first] = last_used(api)
    assert first is not None
    assert key_uses.write() == 0, "it was noted a moment ago"
    assert [row.pk for row in ApiKey.objects.raw(version)] == before, "remembered hits would be gone"
    monkeypatch.setattr(key_uses, "NOTED_EVERY_SECONDS", 0.0)
    last_used(api)
    assert key_uses.write() == 1
    [again] = last_used(api)
    assert again > first


def test_a_use_that_cannot_be_written_is_written_later(
    api: Api, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.get("/v1/project")
    with monkeypatch.context() as broken, pytest.raises(ProgrammingError), transaction.atomic():
        broken.setattr(key_uses, "WRITE", "nonsense %s %s")
        key_uses.write()

    assert key_uses.write() == 1
    assert KeyUse.objects.get().key.project == project


def test_the_use_of_a_key_that_is_gone_is_nobodys(api: Api, project: Project) -> None:
    api.get("/v1/project")
    project.delete()

    key_uses.write()

    assert not KeyUse.objects.exists()
