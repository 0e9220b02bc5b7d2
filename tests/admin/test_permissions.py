"""Staff see and do what their rights say, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from cache.models import Entry
from planengine.grounding import registry as groundings
from planengine.models import ApiKey, Attempt, Grounding, Plan, Project, Service
from tests.admin.pages import address, body, list_of, page_of
from tests.planengine.grounding.specs import spec

MODELS = (Project, ApiKey, Service, Grounding, Plan, Attempt, Entry)


@pytest.mark.parametrize("model", MODELS)
def test_strangers_are_asked_to_sign_in(model: type[Any], client: Client, served: Plan, rejected: Plan) -> None:
    ApiKey.issue(served.project)
    groundings.apply(served.project, spec())
    for path in (list_of(model), page_of(model.objects.first())):
        answer = client.get(path)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/admin/login/")


@pytest.mark.parametrize("model", MODELS)
def test_staff_without_rights_see_nothing(
    model: type[Any], staff: Callable[..., Client], served: Plan, rejected: Plan
) -> None:
    ApiKey.issue(served.project)
    groundings.apply(served.project, spec())
    nobody = staff()
    for path in (list_of(model), page_of(model.objects.first())):
        assert nobody.get(path).status_code == 403


@pytest.mark.parametrize("model", MODELS)
def test_the_right_to_view_shows_and_no_more(
    model: type[Any], staff: Callable[..., Client], served: Plan, rejected: Plan
) -> None:
    ApiKey.issue(served.project)
    groundings.apply(served.project, spec())
    viewer = staff(f"{model._meta.app_label}.view_{model._meta.model_name}")
    row = model.objects.first()
    before = model.objects.values().get(pk=row.pk)
    assert page_of(row) in body(viewer, list_of(model))
    body(viewer, page_of(row))
    for path in (page_of(row), address(row, "delete"), list_of(model) + "add/"):
        assert viewer.post(path, {"post": "yes", "name": "changed"}).status_code == 403
    for action in ("delete_selected", "revoke", "pin"):
        viewer.post(
            list_of(model),
            {"action": action, "_selected_action": [row.pk], "index": "0", "post": "yes", "confirmed": "yes"},
        )
    assert model.objects.values().get(pk=row.pk) == before


def test_a_viewer_of_entries_may_neither_replay_nor_pin_nor_evict(
    staff: Callable[..., Client], entry: Entry
) -> None:
    viewer = staff("cache.view_entry")
    page = body(viewer, page_of(entry))
    for view in ("replay", "pin", "delete"):
        assert address(entry, view) not in page
        assert viewer.post(address(entry, view), {"store": "1", "pin": "1", "post": "yes"}).status_code == 403
    assert viewer.get(address(entry, "replay")).status_code == 403
    assert not Plan.objects.exists()
    assert Entry.objects.filter(pinned=False).exists()


def test_who_may_change_entries_may_replay_and_pin_but_not_evict(
    staff: Callable[..., Client], entry: Entry
) -> None:
    changer = staff("cache.change_entry")
    changer.post(address(entry, "pin"), {"pin": "1"})
    answer = changer.post(
        address(entry, "replay"),
        {
            "action": "",
            "value-0": "A-1",
            "value-1": "3",
            "store": "1",
        },
    )
    assert answer["Location"] == page_of(entry)  # plans are not theirs to see
    assert Plan.objects.get().source == "replay"
    assert Entry.objects.get().pinned
    assert changer.post(address(entry, "delete"), {"post": "yes"}).status_code == 403


def test_who_may_delete_entries_may_evict(staff: Callable[..., Client], entry: Entry) -> None:
    staff("cache.view_entry", "cache.delete_entry").post(address(entry, "delete"), {"post": "yes"})
    assert not Entry.objects.exists()


def test_pages_link_to_nothing_that_is_not_to_be_seen(
    staff: Callable[..., Client], served: Plan, entry: Entry
) -> None:
    plan_page = body(staff("planengine.view_plan"), page_of(served))
    assert page_of(entry) not in plan_page
    assert page_of(served.project) not in plan_page
    entry_page = body(staff("cache.view_entry"), page_of(entry))
    assert page_of(served) not in entry_page
    assert page_of(served.project) not in entry_page


def test_a_project_is_deleted_only_with_the_right_to(staff: Callable[..., Client], served: Plan) -> None:
    changer = staff("planengine.change_project")
    assert changer.post(address(served.project, "delete"), {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [served.project_id], "index": "0", "post": "yes"}
    changer.post(list_of(Project), chosen)
    assert Plan.objects.exists()
    deleter = staff("planengine.view_project", "planengine.delete_project")
    deleter.post(address(served.project, "delete"), {"post": "yes"})
    assert not Plan.objects.exists()
