from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from cache.models import Entry
from planengine import tasks
from planengine.catalogue import registry
from planengine.models import Project, Service
from tests.admin.pages import address, body, fill, list_of, page_of, text
from tests.conftest import object_schema

FACTS = {
    "name": "refund",
    "type": "service",
    "description": "Refund an order.",
    "input_schema": json.dumps(object_schema("order_id", order_id="string")),
    "output_schema": json.dumps(object_schema()),
}


@pytest.fixture
def service(project: Project) -> Service:
    return Service.objects.get(project=project, name="order_lookup")


def preview(operator: Client, service: Service, **changes: Any) -> tuple[dict[str, Any], Any]:
    """What was typed, and the page that says what storing it would do."""
    form = operator.get(page_of(service)).context["adminform"].form
    typed = fill(form, **changes)
    return typed, operator.post(page_of(service), typed)


def change(operator: Client, service: Service, **changes: Any) -> Any:
    """Changed and confirmed; where there is nothing to confirm, the page that says so."""
    typed, answer = preview(operator, service, **changes)
    if not answer.context.get("may_store"):
        return answer
    return operator.post(page_of(service), {**typed, "confirmed": answer.context["token"]}, follow=True)


def add(operator: Client, project: Project, **changes: str) -> Any:
    path, typed = list_of(Service) + "add/", {**FACTS, "project": project.pk, **changes}
    answer = operator.post(path, typed)
    if "token" not in answer.context:
        return answer
    return operator.post(path, {**typed, "confirmed": answer.context["token"]})


def test_adding_one_registers_it(operator: Client, project: Project) -> None:
    revision = project.catalogue_revision
    assert add(operator, project).status_code == 302
    service = Service.objects.get(name="refund")
    assert service.input_schema == object_schema("order_id", order_id="string")
    assert service.version == 1
    project.refresh_from_db()
    assert project.catalogue_revision == revision + 1


def test_a_change_raises_the_version_and_the_catalogue_s_revision(operator: Client, service: Service) -> None:
    revision = Project.objects.get().catalogue_revision
    change(operator, service, description="Find an order.", revertible="on")
    service.refresh_from_db()
    assert (service.description, service.revertible, service.version) == ("Find an order.", True, 2)
    assert Project.objects.get().catalogue_revision == revision + 1


def test_what_it_says_of_itself_changes_and_the_version_stays(
    operator: Client,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    compared: list[tuple[str, str]] = []
    monkeypatch.setattr(tasks, "compare_with_cached_plans", lambda *asked: compared.append(asked))
    revision = Project.objects.get().catalogue_revision
    with django_capture_on_commit_callbacks(execute=True):
        change(operator, service, annotations='{"readOnlyHint": true}', examples='["Show order {order_id}"]')
    service.refresh_from_db()
    assert (service.annotations, service.examples) == ({"readOnlyHint": True}, ["Show order {order_id}"])
    assert service.version == 1
    assert Project.objects.get().catalogue_revision == revision + 1
    assert compared == [(service.project_id, "order_lookup")]

    change(operator, service, capabilities='["look at an order"]')
    service.refresh_from_db()
    assert (service.capabilities, service.version) == (["look at an order"], 1)
    assert Project.objects.get().catalogue_revision == revision + 2

    page = body(operator, page_of(service))
    assert "readOnlyHint" in page and "Show order {order_id}" in page
    assert "look at an order" in page
    change(operator, service, annotations="", examples="", capabilities="")
    service.refresh_from_db()
    assert (service.annotations, service.examples, service.capabilities, service.version) == ({}, [], [], 1)


def test_examples_are_judged_by_the_inputs_beside_them(operator: Client, service: Service) -> None:
    change(operator, service, examples='["Show order {order_id}"]')
    renamed = json.dumps(object_schema("number", number="string"))
    answer = change(operator, service, input_schema=renamed)
    assert list(answer.context["adminform"].form.errors) == ["examples"]
    change(operator, service, input_schema=renamed, examples='["Show order {number}"]')
    service.refresh_from_db()
    assert (service.examples, service.version) == (["Show order {number}"], 2)


@pytest.mark.parametrize(
    ("annotations", "told"),
    [({}, "may be destructive"), ({"readOnlyHint": True}, "none"), ({"destructiveHint": False}, "adds only")],
)
def test_the_list_tells_what_a_service_does(
    annotations: dict[str, bool], told: str, operator: Client, service: Service
) -> None:
    Service.objects.filter(pk=service.pk).update(annotations=annotations)
    Service.objects.exclude(pk=service.pk).delete()
    assert f">{told}<" in body(operator, list_of(Service))


def test_saving_without_a_change_leaves_the_version(operator: Client, service: Service) -> None:
    answer = change(operator, service, input_schema=json.dumps(service.input_schema))
    assert "Nothing would change: the version stays 1" in text(answer.content.decode())
    service.refresh_from_db()
    assert service.version == 1


@pytest.mark.parametrize(
    ("field", "typed", "message"),
    [
        ("input_schema", "{", "The JSON is malformed"),
        ("input_schema", '{"type": "object", "type": "object"}', "appears twice"),
        ("input_schema", '{"type": "string"}', "At /type:"),
        ("output_schema", '{"type": "object", "properties": {"a": {"type": "strnig"}}}', "At /properties/a/type:"),
        (
            "output_schema",
            '{"type": "object", "properties": {"a": {"$ref": "http://example.com"}}}',
            "/properties/a",
        ),
        ("input_schema", "[" * 100_000, "The JSON is nested deeper"),
        ("input_schema", "{}", "object"),
        ("annotations", '{"readOnly": true}', "Known are: readOnlyHint"),
        ("annotations", '{"readOnlyHint": 1}', "At /readOnlyHint: It must be true or false"),
        ("annotations", "{", "The JSON is malformed"),
        ("annotations", "[]", "must be an object"),
        ("examples", '["Find {order}"]', "At /0: '{order}' names no input of the service."),
        ("examples", '"Find {order_id}"', "must be a list"),
        ("examples", "[" * 100_000, "The JSON is nested deeper"),
        ("capabilities", '["look at orders", 5]', "At /1: A capability must be text, not integer."),
        ("capabilities", '"look at orders"', "must be a list of texts"),
        ("description", " ", "This field is required"),
        ("description", "x" * 4001, "at most 4000 characters"),
        ("type", "robot", "not one of the available choices"),
    ],
)
def test_a_fault_is_told_at_its_field_and_changes_nothing(
    field: str, typed: str, message: str, operator: Client, service: Service
) -> None:
    before = Service.objects.values().get(pk=service.pk)
    answer = change(operator, service, **{field: typed})
    form = answer.context["adminform"].form
    assert list(form.errors) == [field]
    assert message in form.errors[field][0]
    assert form[field].value() == typed
    assert Service.objects.values().get(pk=service.pk) == before


@pytest.mark.parametrize("name", ["", "two words", "-dash", "a" * 101, "é", "a\n", "a/b"])
def test_a_name_that_the_api_refuses_is_refused(name: str, operator: Client, project: Project) -> None:
    answer = add(operator, project, name=name)
    allowed = registry.NAME.match(name.strip())
    assert (answer.status_code == 302) is bool(allowed)


def test_a_name_is_taken_once_per_project(
    operator: Client, project: Project, make_project: Callable[..., Project]
) -> None:
    answer = add(operator, project, name="order_lookup")
    assert "already exists" in text(answer.content.decode())
    assert Service.objects.get(project=project, name="order_lookup").version == 1
    assert add(operator, make_project("another", {}), name="order_lookup").status_code == 302


def test_a_service_keeps_its_name_and_project(
    operator: Client, service: Service, make_project: Callable[..., Project]
) -> None:
    change(operator, service, name="other", project=make_project("another").pk)
    service.refresh_from_db()
    assert (service.name, service.version) == ("order_lookup", 1)


def test_deleting_one_removes_it_from_the_catalogue(operator: Client, service: Service) -> None:
    revision = Project.objects.get().catalogue_revision
    operator.post(address(service, "delete"), {"post": "yes"})
    assert not Service.objects.filter(pk=service.pk).exists()
    assert Project.objects.get().catalogue_revision == revision + 1


def test_deleting_many_removes_each(operator: Client, project: Project) -> None:
    revision = project.catalogue_revision
    chosen = list(Service.objects.values_list("pk", flat=True))
    operator.post(
        list_of(Service), {"action": "delete_selected", "_selected_action": chosen, "index": "0", "post": "yes"}
    )
    assert not Service.objects.exists()
    assert Project.objects.get().catalogue_revision == revision + len(chosen)


def test_a_service_leads_to_the_entries_that_use_it(operator: Client, service: Service) -> None:
    used_by = list_of(Entry, project=service.project_id, service=service.name)
    assert used_by.replace("&", "&amp;") in body(operator, page_of(service))
