"""Changing a service: what it would do is shown, and stored when it is confirmed; versions and what differs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from cache import pins
from cache.models import Entry
from orra.base.strictjson import Json
from planengine.catalogue import registry
from planengine.grounding import registry as groundings
from planengine.models import Plan, Project, Service, ServiceVersion
from tests.admin.pages import address, body, list_of, page_of, said, text
from tests.admin.test_services import FACTS, change, preview
from tests.conftest import Api, object_schema
from tests.planengine.grounding.specs import spec

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def service(shop: Project) -> Service:
    return Service.objects.get(project=shop, name="order_lookup")


def schema_with(**more: Json) -> str:
    return json.dumps(object_schema("order_id", order_id="string", **more))


def test_a_change_is_shown_before_it_is_stored(operator: Client, service: Service, entry: Entry) -> None:
    pins.pin([entry.pk])
    before = Service.objects.values().get(pk=service.pk)

    _, answer = preview(operator, service, input_schema=schema_with(region="string"))

    told = text(answer.content.decode())
    assert "The version would go from 1 to 2 (input schema)." in told
    assert "1 cache entry would be evicted, 1 of them pinned, and 1 that voted as examples." in told
    assert '+ "region": {' in told
    assert "Yes, store it, pinned entries too" in told
    assert Service.objects.values().get(pk=service.pk) == before
    assert Entry.objects.filter(pk=entry.pk).exists() and not LogEntry.objects.exists()


def test_confirmed_it_is_stored_and_says_what_went(operator: Client, service: Service, entry: Entry) -> None:
    pins.pin([entry.pk])

    answer = change(operator, service, input_schema=schema_with(region="string"))

    assert "The version is 2. 1 cache entry was evicted, 1 of them pinned" in said(answer)
    assert not Entry.objects.exists()
    assert Service.objects.get(pk=service.pk).version == 2
    logged = LogEntry.objects.get()
    assert "input_schema. The version is 2. 1 cache entry was evicted, 1 of them pinned" in logged.change_message


def test_what_a_service_says_of_itself_evicts_nothing(operator: Client, service: Service, entry: Entry) -> None:
    _, answer = preview(operator, service, annotations='{"readOnlyHint": true}')
    assert "the version stays 1, and no cache entry is evicted." in text(answer.content.decode())
    change(operator, service, annotations='{"readOnlyHint": true}')
    assert Entry.objects.filter(pk=entry.pk).exists()


def test_a_new_service_evicts_where_the_policy_is_strict(operator: Client, shop: Project, entry: Entry) -> None:
    Project.objects.update(catalogue_policy=Project.CataloguePolicy.STRICT)
    path, typed = list_of(Service) + "add/", {**FACTS, "project": shop.pk}
    answer = operator.post(path, typed)
    assert "The service is new, with version 1. 1 cache entry would be evicted, none of them pinned" in text(
        answer.content.decode()
    )
    operator.post(path, {**typed, "confirmed": answer.context["token"]})
    assert not Entry.objects.exists()


def test_a_change_meanwhile_is_not_overwritten(operator: Client, service: Service) -> None:
    typed, answer = preview(operator, service, input_schema=schema_with(region="string"))
    facts = {member: getattr(service, member) for member in registry.MEMBERS}
    registry.register(service.project, service.name, {**facts, "revertible": True})

    answer = operator.post(page_of(service), {**typed, "confirmed": answer.context["token"]})

    assert "Nothing was stored: the service, or its project's policy, was changed since" in text(
        answer.content.decode()
    )
    service.refresh_from_db()
    assert (service.version, service.revertible) == (2, True)


def test_what_is_confirmed_is_what_was_shown(operator: Client, service: Service) -> None:
    typed, answer = preview(operator, service, input_schema=schema_with(region="string"))
    other = {**typed, "description": "Another.", "confirmed": answer.context["token"]}

    answer = operator.post(page_of(service), other)

    page = text(answer.content.decode())
    assert "Nothing was stored" not in page and "+ Another." in page
    assert Service.objects.get(pk=service.pk).version == 1


def test_line_ends_and_spaces_that_a_browser_changes_are_no_change(operator: Client, service: Service) -> None:
    Service.objects.update(description=" Find it.\nThen show it. ")
    _, answer = preview(operator, service, description="Find it.\r\nThen show it.")
    assert "Nothing would change" in text(answer.content.decode())


def test_examples_that_fit_no_more_are_told_all_at_once(operator: Client, service: Service) -> None:
    registry.register(
        service.project,
        service.name,
        {member: getattr(service, member) for member in registry.MEMBERS}
        | {"examples": ["Look at {order_id}", "Show {order_id}", "Say hello"]},
    )
    _, answer = preview(operator, service, input_schema=json.dumps(object_schema("order", order="string")))
    [fault, *each] = answer.context["adminform"].form.errors["examples"]
    assert fault.startswith("2 of the 3 examples do not fit these inputs")
    assert [told[:6] for told in each] == ["At /0:", "At /1:"]


def test_removing_one_says_what_goes(operator: Client, service: Service, entry: Entry) -> None:
    pins.pin([entry.pk])
    page = text(body(operator, address(service, "delete")))
    assert "Remove this service?" in page and "1 cache entry would be evicted, 1 of them pinned" in page
    answer = operator.post(address(service, "delete"), {"post": "yes"}, follow=True)
    assert "order_lookup is removed. 1 cache entry was evicted, 1 of them pinned" in said(answer)
    assert "1 of them pinned" in LogEntry.objects.get().change_message
    assert not Entry.objects.exists() and not ServiceVersion.objects.filter(service=service.pk).exists()


def test_versions_are_listed_and_compared(operator: Client, service: Service) -> None:
    change(operator, service, description="Find an order, quickly.")
    change(operator, service, input_schema=schema_with(region={"type": "string", "title": HOSTILE}))
    page = body(operator, address(service, "versions"))
    assert "From version 2" in text(page) and '+ "region": {' in text(page)
    assert HOSTILE not in page and "&lt;script&gt;" in page
    newest, _, oldest = ServiceVersion.objects.filter(service=service)

    page = text(body(operator, f"{address(service, 'versions')}?old={oldest.pk}&new={newest.pk}"))

    assert "From version 1" in page and "+ Find an order, quickly." in page and '+ "region": {' in page


@pytest.mark.parametrize(
    "query", ["?old=1", "?new=0", "?old=x&new=y", "?old=%00&new=", "?old=99999999999999999999"]
)
def test_versions_that_are_not_there_are_not_found(query: str, operator: Client, service: Service) -> None:
    assert operator.get(address(service, "versions") + query).status_code == 404


def test_versions_of_another_service_are_not_shown(operator: Client, service: Service) -> None:
    other = ServiceVersion.objects.exclude(service=service)[0]
    assert operator.get(f"{address(service, 'versions')}?old={other.pk}&new={other.pk}").status_code == 404


def test_what_depends_on_it_is_shown(operator: Client, service: Service, entry: Entry, served: Plan) -> None:
    groundings.apply(service.project, spec())
    pins.pin([entry.pk])
    page = text(body(operator, page_of(service)))
    assert "Cache entries 1 of the project's latest 1, 1 of them pinned" in page
    assert "1 of the project's latest 1: Print 5 labels for order ORD-99" in page
    assert "Groundings that name it none" in page


def test_only_what_may_be_seen_is_told(staff: Callable[..., Client], service: Service, served: Plan) -> None:
    page = text(body(staff("planengine.view_service"), page_of(service)))
    assert "Cache entries" not in page and "Plans" not in page and "Groundings that" not in page
    assert "Show what it would do" not in page


def test_the_api_tells_the_same_and_stores_nothing(api: Api, project: Project) -> None:
    facts: dict[str, Any] = {key: value for key, value in FACTS.items() if key != "name"} | {
        "input_schema": object_schema("order_id", order_id="string"),
        "output_schema": object_schema(),
    }
    answer = api.post("/v1/services/refund/dry-run", facts)
    assert answer.status_code == 200
    assert answer.json() == {
        "changed": list(registry.MEMBERS),
        "version": None,
        "next_version": 1,
        "evicts": {"entries": 0, "pinned": 0, "voting": 0},
    }
    assert not Service.objects.filter(name="refund").exists()
    assert api.post("/v1/services/refund/dry-run", {**facts, "type": "robot"}).status_code == 400
    assert api.post("/v1/services/two words/dry-run", facts).json()["code"] == "invalid_service_name"


def test_a_grounding_that_names_what_it_can_do_is_linked(operator: Client, service: Service) -> None:
    kept = groundings.apply(service.project, spec()).grounding
    capability = spec().use_cases[0].capabilities[0]
    facts = {member: getattr(service, member) for member in registry.MEMBERS}
    registry.register(service.project, service.name, {**facts, "capabilities": [capability.upper()]})
    assert f'href="{page_of(kept)}"' in body(operator, page_of(service))
