"""No read crosses projects, and no write: every operation, asked by one project for what is another's."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import quote, urlencode

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from orra.base.strictjson import Json
from planengine.models import ApiKey, Project
from tests.api.tenants import BODIES, IDEMPOTENCY_KEY, OWNED, WRITING, Operation, Tenant, operations
from tests.conftest import Api

pytestmark = pytest.mark.django_db

OPERATIONS = operations()


@pytest.fixture
def tenants(make_project: Callable[..., Project]) -> list[Tenant]:
    """Two who ask for the same and have services of the same names, and one of its own kind."""
    made = []
    for token, words in (("quokka", "urgent"), ("wombat", "urgent"), ("dingo", "ordinary")):
        project = make_project(f"project of {token}", services={})
        tenant = Tenant(token, words, project, Api(ApiKey.issue(project, name=token)[1]))
        tenant.fill()
        made.append(tenant)
    return made


@pytest.fixture
def filters(anonymous: Api) -> dict[str, list[str]]:
    """The names of an operation's filters, as the documentation has them."""
    paths = anonymous.get("/v1/schema", Accept="application/vnd.oai.openapi+json").json()["paths"]
    return {
        f"{method.upper()} {path}": [each["name"] for each in facts.get("parameters", ()) if each["in"] == "query"]
        for path, methods in paths.items()
        for method, facts in methods.items()
    }


def test_every_operation_is_tried() -> None:
    """Fails for an operation that is new: tell :mod:`tests.api.tenants` what a project has there."""
    assert len(OPERATIONS) >= 20
    assert {each.route for each in OPERATIONS if "{" in each.route} == set(OWNED)
    assert {str(each) for each in OPERATIONS if each.method in WRITING} == set(BODIES)


def test_a_project_reaches_what_is_its_own(tenants: list[Tenant]) -> None:
    """Or else there would be nothing to hide in the tests below."""
    for tenant in tenants:
        for operation in OPERATIONS:
            if operation.method == "GET" and operation.route in OWNED:
                for value in tenant.owned[operation.route]:
                    assert tenant.api.get(path_of(operation, value)).status_code == 200
        for listing in ("/v1/plans", "/v1/services", "/v1/groundings", "/v1/cache/entries", "/v1/api-keys"):
            assert tenant.token in tenant.api.get(listing).content.decode()


def test_a_project_without_anything_sees_nothing(
    tenants: list[Tenant], make_project: Callable[..., Project]
) -> None:
    newcomer = Api(ApiKey.issue(make_project("newcomer", services={}))[1])
    for listing in ("/v1/plans", "/v1/services", "/v1/groundings", "/v1/cache/entries"):
        assert newcomer.get(listing).json()["results"] == []
    assert len(newcomer.get("/v1/api-keys").json()["results"]) == 1
    stats = newcomer.get("/v1/cache/stats").json()
    assert {value for value in stats.values() if isinstance(value, int)} == {0}


# Not shrunk: an example takes long, and the assertions say which request it was.
@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_no_operation_shows_or_changes_what_is_anothers(
    tenants: list[Tenant], filters: dict[str, list[str]], data: st.DataObject
) -> None:
    caller, owner = data.draw(st.permutations(tenants))[:2]
    others = [tenant for tenant in tenants if tenant is not caller]
    hidden = set().union(*(tenant.secrets for tenant in others))
    before = [tenant.rows() for tenant in others]
    for operation in data.draw(st.permutations(OPERATIONS)):
        path, body, headers = data.draw(asking(operation, owner, filters.get(str(operation), [])))
        with transaction.atomic():
            answer = caller.api.request(operation.method, path, body, **headers)
            after = before if operation.method == "GET" else [tenant.rows() for tenant in others]
            transaction.set_rollback(operation.method != "GET")

        shown, sent = f"{answer.content.decode()} {answer.headers}", f"{path} {json.dumps(body)}"
        assert answer.status_code < 500, shown
        assert [secret for secret in hidden if secret in shown and secret not in sent] == [], (operation, sent)
        assert after == before, (operation, sent)
        makes = operation.method == "PUT" or operation.route.endswith("/dry-run")  # of what is not there, its own
        if not makes and is_only(owner, caller, operation, path):
            assert answer.status_code == 404, (operation, shown)
    assert [tenant.rows() for tenant in others] == before


def asking(
    operation: Operation, owner: Tenant, filters: list[str]
) -> st.SearchStrategy[tuple[str, Json, dict[str, str]]]:
    """A request as its owner would make it, or with what else the owner has, in path, filters, body and header."""
    anything = st.sampled_from(
        sorted({*owner.secrets, *(each for values in owner.owned.values() for each in values)})
    )
    value = st.sampled_from(owner.owned[operation.route]) | anything if operation.route in OWNED else st.just("")
    query = st.dictionaries(st.sampled_from(filters), anything, max_size=2) if filters else st.just({})
    path = st.builds(lambda of, by: path_of(operation, of) + (f"?{urlencode(by)}" if by else ""), value, query)
    body = st.sampled_from(BODIES[str(operation)](owner)) if str(operation) in BODIES else st.none()
    return st.tuples(path, body, st.sampled_from([{}, {"Idempotency-Key": IDEMPOTENCY_KEY}]))


def path_of(operation: Operation, value: str) -> str:
    before, brace, rest = operation.route.partition("{")
    return before + quote(value, safe="") + rest.partition("}")[2] if brace else operation.route


def is_only(owner: Tenant, caller: Tenant, operation: Operation, path: str) -> bool:
    """Whether the path names what the owner has and the caller has not."""
    if operation.route not in OWNED:
        return False
    named, own = ({path_of(operation, value) for value in each.owned[operation.route]} for each in (owner, caller))
    return path.partition("?")[0] in named - own
