from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db.models import F
from django.test import Client

from cache import storage
from cache.models import Entry
from orra.base.strictjson import Json
from planengine.models import Plan, Project, Service
from tests.admin.pages import address, body, fill, page_of, said, text

ACTION = "Print 7 labels for order ORD-8 and tell the customer"
CHANGES = {"action": ACTION, "value-0": "ORD-8", "value-1": "7"}


@pytest.fixture
def replay(operator: Client, entry: Entry) -> Callable[..., Any]:
    """Opens the form, changes some fields and presses a button."""

    def press(button: str, **changes: str) -> Any:
        form = operator.get(address(entry, "replay")).context["form"]
        return operator.post(address(entry, "replay"), {**fill(form, **changes), button: "1"}, follow=True)

    return press


def test_the_entry_s_page_leads_to_its_replay(operator: Client, entry: Entry) -> None:
    assert f'href="{address(entry, "replay")}"' in body(operator, page_of(entry))


def test_the_form_has_a_field_per_param_prefilled(operator: Client, entry: Entry) -> None:
    form = operator.get(address(entry, "replay")).context["form"]
    assert fill(form) == {
        "action": entry.action,
        "value-0": "ORD-17",
        "kind-0": "text",
        "value-1": "2",
        "kind-1": "json",
    }
    assert [row.field for row in form.rows] == ["order_id", "copies"]


def test_the_preview_shows_the_plan_with_the_new_values_and_stores_nothing(replay: Callable[..., Any]) -> None:
    page = text(replay("preview", **CHANGES).content.decode())
    assert "This is the validated plan for these values. Nothing is stored yet." in page
    assert 'Values task0 copies 7 order_id "ORD-8" Step 1' in page
    assert "ORD-17" not in page
    assert not Plan.objects.exists()


def test_what_was_typed_is_still_there_after_the_preview(replay: Callable[..., Any]) -> None:
    form = replay("preview", **CHANGES).context["form"]
    assert {name: form[name].value() for name in CHANGES} == CHANGES


def test_storing_makes_a_plan_with_its_types_kept(replay: Callable[..., Any], entry: Entry) -> None:
    answer = replay("store", **CHANGES)
    plan = Plan.objects.get()
    assert answer.redirect_chain == [(page_of(plan), 302)]
    assert (plan.status, plan.source, plan.cache_entry_id) == ("ready", "replay", entry.pk)
    assert plan.project == entry.project
    assert plan.action == ACTION
    assert plan.params == [{"field": "order_id", "value": "ORD-8"}, {"field": "copies", "value": 7}]
    stored: Json = plan.plan
    assert stored["tasks"][0] == {"id": "task0", "input": {"order_id": "ORD-8", "copies": 7}}
    planned: Json = entry.plan
    assert stored["tasks"][1:] == planned["tasks"][1:]
    assert f"Stored as plan {plan.pk}." in said(answer)
    assert LogEntry.objects.get().get_change_message().startswith(f"Replayed as {plan.pk}. (from ")


def test_the_stored_plan_says_that_it_is_a_replay(replay: Callable[..., Any]) -> None:
    page = text(replay("store", **CHANGES).content.decode())
    assert "replay of a cache entry" in page
    assert "replayed. An operator or a client had a chosen entry filled" in page


@pytest.mark.parametrize(
    ("kind", "typed", "stored"),
    [
        ("text", "17", "17"),
        ("json", "17", 17),
        ("json", "17.5", 17.5),
        ("json", '"17"', "17"),
        ("json", "true", True),
        ("text", "null", "null"),
        ("text", " two\r\nlines ", " two\nlines "),
        ("json", '{"city": ["Oslo", null]}', {"city": ["Oslo", None]}),
    ],
)
def test_a_value_is_what_its_kind_says(kind: str, typed: str, stored: Json, replay: Callable[..., Any]) -> None:
    replay("store", action="Print labels", **{"value-0": typed, "kind-0": kind})
    value = Plan.objects.get().params[0]["value"]
    assert value == stored
    assert type(value) is type(stored)


@pytest.mark.parametrize(
    ("changes", "where", "message"),
    [
        ({"action": "  "}, "action", "`action` is empty"),
        ({"action": "x" * 8001}, "action", "8,000 is the most"),
        ({"value-1": "seven"}, "value-1", "The JSON is malformed"),
        ({"value-1": "NaN"}, "value-1", "NaN is not a JSON number"),
        ({"value-1": ""}, "value-1", "The JSON is malformed"),
        ({"value-1": "[" * 40 + "]" * 40}, "value-1", "nested deeper"),
        ({"value-1": '{"a": 1, "a": 2}'}, "value-1", "appears twice"),
        ({"value-0": "a\x00b"}, "value-0", "Null characters are not allowed"),
        ({"kind-0": "number"}, "kind-0", "not one of the available choices"),
        ({"value-0": "x" * 200_001}, "__all__", "larger than 200,000 characters"),
    ],
)
@pytest.mark.parametrize("button", ["preview", "store"])
def test_a_fault_is_told_at_its_field_and_nothing_typed_is_lost(
    button: str, changes: dict[str, str], where: str, message: str, replay: Callable[..., Any]
) -> None:
    form = replay(button, **{**CHANGES, **changes}).context["form"]
    assert list(form.errors) == [where]
    assert message in form.errors[where][0]
    typed = {**CHANGES, **changes}
    assert {name: form[name].value() for name in typed} == typed
    assert not Plan.objects.exists()


def lose_service(entry: Entry, name: str) -> None:
    """Past the registry, which would evict the entry at once."""
    Service.objects.filter(project=entry.project, name=name).delete()
    Project.objects.update(catalogue_revision=F("catalogue_revision") + 1)


def test_a_plan_that_is_invalid_today_is_previewed_with_its_problems(
    replay: Callable[..., Any], entry: Entry
) -> None:
    lose_service(entry, "notify")
    page = text(replay("preview", **CHANGES).content.decode())
    assert "Preview: no plan" in page
    assert "unknown_service" in page
    assert "'task3' names the service 'notify', which doesn't exist" in page
    assert not Plan.objects.exists()


def test_a_plan_that_is_invalid_today_is_stored_as_failed_like_through_the_api(
    replay: Callable[..., Any], entry: Entry
) -> None:
    lose_service(entry, "notify")
    answer = replay("store", **CHANGES)
    plan = Plan.objects.get()
    error: Json = plan.error
    assert (plan.status, plan.source, error["code"]) == ("failed", "replay", "replay_invalid")
    assert "which failed" in said(answer)


def test_a_value_of_the_wrong_type_is_a_problem(replay: Callable[..., Any]) -> None:
    page = text(replay("preview", **CHANGES, **{"kind-1": "text"}).content.decode())
    assert "Preview: no plan" in page


def test_text_that_nobody_touched_keeps_its_line_ends(
    operator: Client, shop: Project, make_entry: Callable[..., Entry]
) -> None:
    value = "one\r\ntwo\nthree\r"
    plan = {
        "tasks": [
            {"id": "task0", "input": {"order_id": value}},
            {"id": "task1", "service": "order_lookup", "input": {"order_id": "$task0.order_id"}},
        ],
        "parallel_groups": [["task1"]],
    }
    entry = make_entry(shop, "Look the order up", {"order_id": value}, plan)
    form = operator.get(address(entry, "replay")).context["form"]
    sent = {
        name: shown.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
        for name, shown in fill(form).items()
    }
    operator.post(address(entry, "replay"), {**sent, "store": "1"})
    assert Plan.objects.get().params == [{"field": "order_id", "value": value}]


def test_an_entry_in_quarantine_can_be_replayed_and_says_so(replay: Callable[..., Any], entry: Entry) -> None:
    storage.quarantine(entry.pk, "It was wrong once.")
    assert "This entry is in quarantine: It was wrong once." in text(replay("preview").content.decode())


def test_an_entry_without_params_can_be_replayed(
    operator: Client, shop: Project, make_entry: Callable[..., Entry]
) -> None:
    plan = {
        "tasks": [
            {"id": "task0", "input": {"order_id": "ORD-17"}},
            {"id": "task1", "service": "order_lookup", "input": {"order_id": "$task0.order_id"}},
        ],
        "parallel_groups": [["task1"]],
    }
    entry = make_entry(shop, "Look up order ORD-17", {}, plan)
    operator.post(address(entry, "replay"), {"action": "Look up order ORD-99", "store": "1"})
    stored: Json = Plan.objects.get().plan
    assert stored["tasks"][0]["input"] == {"order_id": "ORD-99"}


def test_there_is_nothing_to_replay_where_there_is_no_entry(operator: Client, entry: Entry) -> None:
    path = address(entry, "replay")
    entry.delete()
    assert operator.get(path).status_code == 404
    assert operator.post(path, {"store": "1"}).status_code == 404


def test_a_replay_from_another_site_is_refused(entry: Entry, django_user_model: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(django_user_model.objects.create_superuser("ada"))
    for view in ("replay", "pin", "delete"):
        assert client.post(address(entry, view), {"store": "1", "post": "yes", "pin": "1"}).status_code == 403
    assert not Plan.objects.exists()
    assert Entry.objects.filter(pinned=False).count() == 1
