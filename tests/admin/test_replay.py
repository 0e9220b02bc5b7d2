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
CHANGES = {"value-0": "ORD-8", "value-1": "7"}


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
    assert fill(form) == {"value-0": "ORD-17", "value-1": "2"}
    assert [(row.label, row.told) for row in form.rows] == [
        ("order_id", "as order_lookup.order_id takes it"),
        ("copies", "as print_labels.copies takes it"),
    ]
    assert 'type="number"' in str(form["value-1"]) and 'step="1"' in str(form["value-1"])


def test_the_preview_shows_the_plan_with_the_new_values_and_stores_nothing(replay: Callable[..., Any]) -> None:
    page = text(replay("preview", **CHANGES).content.decode())
    assert "This is the validated plan for these values. Nothing is stored yet." in page
    assert 'Values task0 copies 7 order_id "ORD-8" Step 1' in page
    assert page.count("ORD-17") == 1 and '- "order_id": "ORD-17"' in page
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
    ("changes", "where", "message"),
    [
        ({"action": "x" * 8001}, "action", "8,000 is the most"),
        ({"value-1": "seven"}, "value-1", "It must be a number"),
        ({"value-1": "NaN"}, "value-1", "It must be a number"),
        ({"value-1": "true"}, "value-1", "It must be a number"),
        ({"value-1": "2.5"}, "value-1", "It must be a whole number"),
        ({"value-1": ""}, "value-1", "This field is required"),
        ({"value-0": "a\x00b"}, "value-0", "Null characters are not allowed"),
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


def test_the_action_follows_the_template(replay: Callable[..., Any]) -> None:
    page = text(replay("preview", **CHANGES).content.decode())
    assert f"It reads {ACTION}" in page
    assert not Plan.objects.exists()


def test_the_preview_says_what_differs_from_the_stored_plan(replay: Callable[..., Any]) -> None:
    page = text(replay("preview", **CHANGES).content.decode())
    assert '- "copies": 2' in page and '+ "copies": 7' in page
    assert "What differs from the stored plan Nothing." in text(replay("preview").content.decode())


def test_own_words_that_are_the_template_s_are_taken(replay: Callable[..., Any]) -> None:
    replay("store", **CHANGES, action="print 7 labels for order ORD-8 and tell the customer.")
    assert Plan.objects.get().action == "print 7 labels for order ORD-8 and tell the customer."


@pytest.mark.parametrize("button", ["preview", "store"])
def test_words_that_do_not_fit_are_told_plainly_and_nothing_is_stored(
    button: str, replay: Callable[..., Any]
) -> None:
    answer = replay(button, **CHANGES, action="Cancel order ORD-8 and tell 7 customers")
    told = answer.context["form"].errors["action"][0]
    assert "The words do not fit" in told
    assert "“Cancel order {order_id} and tell {copies} customers”" in told
    assert "“Print {copies} labels for order {order_id} and tell the customer”" in told
    assert "validated" not in text(answer.content.decode())
    assert not Plan.objects.exists()


@pytest.mark.parametrize("value", ["ORD-1 and refund it", "", "7"])
def test_values_with_which_the_action_asks_for_something_else_are_told(
    value: str, replay: Callable[..., Any]
) -> None:
    """Whatever is typed: either the plan is for such a request, or the page says that it is not."""
    answer = replay("preview", **{"value-0": value, "value-1": "7"})
    said = text(answer.content.decode())
    assert ("Nothing is stored yet" in said) != bool(answer.context["form"].errors)


class TestFields:
    @pytest.fixture
    def booked(self, make_project: Callable[..., Project], make_entry: Callable[..., Entry]) -> Entry:
        schema = {
            "type": "object",
            "properties": {
                "room": {"type": "string", "enum": ["small", "large", "<script>alert(1)</script>"]},
                "day": {"type": "string", "format": "date"},
                "quiet": {"type": "boolean"},
                "guests": {"type": "number"},
                "names": {"type": "array", "items": {"type": "string"}},
            },
            "required": ["room", "day"],
        }
        service = {
            "type": "service",
            "description": "Book a room for a day.",
            "input_schema": schema,
            "output_schema": {"type": "object", "properties": {"booking": {"type": "string"}}},
            "revertible": True,
        }
        project = make_project("rooms", {"book_room": service})
        params: dict[str, Json] = {
            "room": "small",
            "day": "2026-03-04",
            "quiet": True,
            "guests": 2.5,
            "names": ["Ada", "Bo"],
        }
        plan = {
            "tasks": [
                {"id": "task0", "input": params},
                {"id": "task1", "service": "book_room", "input": {name: f"$task0.{name}" for name in params}},
            ],
            "parallel_groups": [["task1"]],
        }
        return make_entry(project, "Book the small room on 2026-03-04 for Ada and Bo", params, plan)

    def test_each_is_typed_as_the_schema_says(self, operator: Client, booked: Entry) -> None:
        page = body(operator, address(booked, "replay"))
        form = operator.get(address(booked, "replay")).context["form"]
        assert [kind.name for kind in form.kinds.values()] == ["choice", "date", "flag", "number", "json"]
        for part in ('<select name="value-0"', 'type="date"', 'type="checkbox"', 'step="any"'):
            assert part in page
        assert "<script>alert(1)</script>" not in page

    def test_what_is_chosen_is_stored_with_its_type(self, operator: Client, booked: Entry) -> None:
        form = operator.get(address(booked, "replay")).context["form"]
        typed = {
            "value-0": '"large"',
            "value-1": "2026-05-06",
            "value-2": None,
            "value-3": "3",
            "value-4": '["Cy", "Di"]',
        }
        operator.post(address(booked, "replay"), {**fill(form, **typed), "store": "1"})
        plan = Plan.objects.get()
        assert plan.params_by_field == {
            "room": "large",
            "day": "2026-05-06",
            "quiet": False,
            "guests": 3,
            "names": ["Cy", "Di"],
        }
        assert plan.action == "Book the large room on 2026-05-06 for Cy and Di"

    def test_of_a_service_that_is_gone_they_are_typed_by_their_values(
        self, operator: Client, booked: Entry
    ) -> None:
        lose_service(booked, "book_room")
        form = operator.get(address(booked, "replay")).context["form"]
        assert [kind.name for kind in form.kinds.values()] == ["text", "text", "json", "json", "json"]

    def test_without_the_right_to_contents_nothing_is_prefilled(
        self, staff: Callable[..., Client], booked: Entry
    ) -> None:
        page = body(staff("cache.view_entry", "cache.change_entry"), address(booked, "replay"))
        assert "2026-03-04" not in page and "Ada" not in page


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
    page = text(replay("preview", **{**CHANGES, "value-1": '"7"'}).content.decode())
    assert "It must be a number." in page and "Nothing is stored yet" not in page


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
    form = operator.get(address(entry, "replay")).context["form"]
    assert fill(form) == {"literal-0": "ORD-17"}
    operator.post(address(entry, "replay"), {"literal-0": "ORD-99", "store": "1"})
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
