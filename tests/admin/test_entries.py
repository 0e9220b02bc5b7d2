from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from cache import storage
from cache.models import Entry, EntryUse, EntryVector
from planengine.models import Plan, Project, Service
from tests.admin.conftest import CHAIN
from tests.admin.pages import address, body, list_of, page_of, said, text


def test_the_template_is_shown_with_its_slots_marked(operator: Client, entry: Entry) -> None:
    def mark(name: str, value: str) -> str:
        return f'<mark class="orra-slot orra-param" title="here: {value}">{{{name}}}</mark>'

    copies, order = mark("copies", "2"), mark("order_id", "ORD-17")
    template = f"<bdi>Print {copies} labels for order {order} and tell the customer</bdi>"
    assert template in body(operator, page_of(entry))


def test_a_literal_slot_is_told_from_a_param_s(
    operator: Client, shop: Project, make_entry: Callable[..., Entry]
) -> None:
    lookup_alone = {**CHAIN, "tasks": CHAIN["tasks"][:2], "parallel_groups": [["task1"]]}
    entry = make_entry(shop, "Look up order ORD-17", {}, lookup_alone)
    assert 'class="orra-slot orra-literal" title="here: ORD-17"' in body(operator, page_of(entry))


def test_the_page_says_what_fills_which_place(operator: Client, entry: Entry) -> None:
    page = text(body(operator, page_of(entry)))
    assert 'task0 order_id param order_id "ORD-17"' in page
    assert "task0 copies param copies 2" in page
    assert "customer_id ← task1.customer_id" in page


def test_the_page_tells_the_entry_s_standing(operator: Client, entry: Entry, served: Plan) -> None:
    cost = {"attempts": 2, "milliseconds": 30.4, "prompt_tokens": None}
    Entry.objects.filter(pk=entry.pk).update(
        pinned=True, cost=cost, created_at=datetime(2026, 1, 31, 3, 5, 7, tzinfo=UTC)
    )
    page = text(body(operator, page_of(entry)))
    assert "State usable pinned" in page
    assert "Hits 1, last on" in page
    assert "every request of its template" in page
    assert "384 dimensions" in page
    assert "Planned by composer (it cost attempts: 2, milliseconds: 30.4)" in page
    assert "Planner composer:" in page and "Embedding model all-MiniLM-L6-v2" in page
    assert "stored 2026-01-31 03:05:07" in page and "All times are UTC." in page


def test_the_plans_it_served_are_linked(operator: Client, entry: Entry, served: Plan, rejected: Plan) -> None:
    page = body(operator, page_of(entry))
    assert f'<a href="{page_of(served)}">{served.pk}</a>' in page
    assert rejected.pk not in page
    assert f'href="{list_of(Plan, entry=entry.pk)}"' in page


def test_services_that_changed_since_are_pointed_out(operator: Client, entry: Entry) -> None:
    project = entry.project
    # Past the registry, which would evict the entry at once.
    Service.objects.filter(project=project, name="notify").update(version=2)
    Service.objects.filter(project=project, name="print_labels").delete()
    page = text(body(operator, page_of(entry)))
    assert "order_lookup 1 1 notify 1 2 differs" in page or "notify 1 2 differs" in page
    assert "print_labels 1 not registered any more differs" in page
    assert "order_lookup 1 1 differs" not in page


def test_an_entry_in_quarantine_says_why(operator: Client, entry: Entry) -> None:
    storage.quarantine(entry.pk, "The service 'notify' has gone.")
    page = text(body(operator, page_of(entry)))
    assert "in quarantine" in page
    assert "The service 'notify' has gone." in page
    assert "none: not found by meaning" in page


def test_an_expired_entry_says_so(operator: Client, entry: Entry) -> None:
    Entry.objects.filter(pk=entry.pk).update(expires_at=timezone.now())
    assert "State expired" in text(body(operator, page_of(entry)))


@pytest.mark.parametrize(
    "damage",
    [
        {"template": {}},
        {"template": {"action": "x", "slots": [[0, 99, "param", "a", []]], "fields": []}},
        {"recipe": {}},
        {"recipe": []},
        {"plan": {}},
        {"plan": {"tasks": 7, "parallel_groups": [[1], "x", None]}},
        {"plan": []},
        {"services": []},
        {"params": "none"},
        {"params": [{"field": 1}]},
        {"scope_facts": None},
    ],
)
def test_a_damaged_entry_can_still_be_looked_at_and_evicted(
    damage: dict[str, Any], operator: Client, entry: Entry
) -> None:
    Entry.objects.filter(pk=entry.pk).update(
        **{name: value for name, value in damage.items() if value is not None}
    )
    assert entry.pk in body(operator, page_of(entry))
    assert entry.pk in body(operator, list_of(Entry))
    assert operator.get(address(entry, "replay")).status_code in (200, 302)
    operator.post(address(entry, "delete"), {"post": "yes"})
    assert not Entry.objects.exists()


def test_evicting_one_asks_first(operator: Client, entry: Entry) -> None:
    page = text(body(operator, address(entry, "delete")))
    assert "Evict this entry?" in page
    assert "Entries: 1" in page
    assert Entry.objects.exists()
    answer = operator.post(address(entry, "delete"), {"post": "yes"})
    assert answer.status_code == 302
    assert not Entry.objects.exists()
    assert not EntryVector.objects.exists()
    assert not EntryUse.objects.exists()


def test_evicting_many_asks_first_and_leaves_the_others(
    operator: Client, entry: Entry, make_entry: Callable[..., Entry], make_project: Callable[..., Project]
) -> None:
    alone = {**CHAIN, "tasks": CHAIN["tasks"][:2], "parallel_groups": [["task1"]]}
    elsewhere = make_entry(make_project("another"), "Look up order ORD-1", {}, alone)
    kept = make_entry(entry.project, "Look up order ORD-1", {}, alone)
    chosen = {"action": "delete_selected", "_selected_action": [entry.pk, elsewhere.pk], "index": "0"}
    page = text(operator.post(list_of(Entry), chosen).content.decode())
    assert "Entries: 2" in page
    assert Entry.objects.count() == 3
    operator.post(list_of(Entry), {**chosen, "post": "yes"})
    assert list(Entry.objects.all()) == [kept]


def test_the_list_offers_to_evict_and_to_pin(operator: Client, entry: Entry) -> None:
    page = body(operator, list_of(Entry))
    for label in ("Evict selected entries", "Pin selected entries", "Unpin selected entries"):
        assert f">{label}</option>" in page


def test_pinning_one_and_back(operator: Client, entry: Entry) -> None:
    for button, pinned in (("pin", True), ("unpin", False)):
        assert f'name="{button}"' in body(operator, page_of(entry))
        operator.post(address(entry, "pin"), {button: "1"})
        entry.refresh_from_db()
        assert entry.pinned is pinned
    assert operator.get(address(entry, "pin")).status_code == 405
    assert LogEntry.objects.count() == 2


def test_pinning_many(operator: Client, entry: Entry) -> None:
    for action, pinned in (("pin", True), ("unpin", False)):
        chosen = {"action": action, "_selected_action": [entry.pk], "index": "0"}
        answer = operator.post(list_of(Entry), chosen, follow=True)
        assert f"{action}ned 1 entry" in said(answer).lower()
        entry.refresh_from_db()
        assert entry.pinned is pinned


def test_entries_are_not_edited_by_hand(operator: Client, entry: Entry) -> None:
    assert operator.post(page_of(entry), {"action": "other"}).status_code == 403
    assert operator.get(list_of(Entry) + "add/").status_code == 403
