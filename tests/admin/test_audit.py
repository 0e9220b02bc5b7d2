"""Who did what, and from where."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.contrib.auth.models import User
from django.test import Client

from cache.models import Entry
from orra.operators.audit import told
from planengine.models import Plan, Project
from tests.admin.pages import address, body, list_of, page_of, text


def test_what_is_done_is_told_with_who_and_from_where(operator: Client, entry: Entry) -> None:
    operator.post(address(entry, "pin"), {"pin": "1"}, REMOTE_ADDR="10.1.2.3")
    project = entry.project
    operator.post(list_of(Project) + "add/", {"name": "x"}, REMOTE_ADDR="10.1.2.4")
    operator.post(address(entry, "delete"), {"post": "yes"}, REMOTE_ADDR="10.1.2.5")

    page = text(body(operator, list_of(LogEntry)))

    assert "Pinned. (from 10.1.2.3)" in page
    assert "(from 10.1.2.5)" in page and "deleted" in page
    assert "ada" in page and project is not None


def test_a_form_and_a_login_are_told(client: Client, db: None) -> None:
    User.objects.create_superuser("ada", password="a long password for tests")
    sent = {"username": "ada", "password": "a long password for tests"}
    client.post("/admin/login/?next=/admin/", sent, REMOTE_ADDR="10.0.0.9")
    ada = User.objects.get()

    form = client.get(page_of(ada)).context["adminform"].form
    values = {bound.html_name: bound.value() for bound in form if bound.value()}
    values |= {"last_login_0": "2026-01-01", "last_login_1": "00:00", "date_joined_0": "2026-01-01"}
    client.post(page_of(ada), values | {"date_joined_1": "00:00", "first_name": "Ada"}, REMOTE_ADDR="10.0.0.8")

    said = [told(entry) for entry in LogEntry.objects.order_by("id")]
    assert said[0] == "Signed in. (from 10.0.0.9)"
    assert said[1].startswith("Changed ") and said[1].endswith("(from 10.0.0.8)"), said


def test_the_log_is_nobodys_to_change_and_who_stands_in_it_stays(operator: Client, entry: Entry) -> None:
    operator.post(address(entry, "pin"), {"pin": "1"})
    row, ada = LogEntry.objects.latest("id"), User.objects.get()

    assert operator.post(page_of(row), {"change_message": "nothing"}).status_code == 403
    assert operator.post(address(row, "delete"), {"post": "yes"}).status_code == 403
    assert operator.post(address(ada, "delete"), {"post": "yes"}).status_code == 403
    assert "delete_selected" not in body(operator, list_of(User))
    body(operator, page_of(row))
    assert LogEntry.objects.filter(pk=row.pk, action_flag=CHANGE).exists()


def test_of_many_deleted_at_once_each_is_told(operator: Client, entry: Entry, served: Plan) -> None:
    chosen = [each.pk for each in Entry.objects.all()]
    sent = {"action": "delete_selected", "_selected_action": chosen, "index": "0", "post": "yes"}

    operator.post(list_of(Entry), sent, REMOTE_ADDR="10.1.2.3")

    told_of = LogEntry.objects.filter(action_flag=DELETION)
    assert {entry.object_id for entry in told_of} == set(chosen)
    assert {told(entry) for entry in told_of} == {"(from 10.1.2.3)"}


def test_hostile_names_are_shown_and_not_run(operator: Client, staff: Callable[..., Client]) -> None:
    ada = User.objects.get(username="ada")
    LogEntry.objects.create(
        user=ada, object_repr="<script>alert(1)</script>", action_flag=CHANGE, change_message='[{"from": 5}, "x"]'
    )
    page = body(operator, list_of(LogEntry))

    assert "<script>alert" not in page and "&lt;script&gt;" in page
