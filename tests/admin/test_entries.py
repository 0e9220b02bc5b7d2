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
from planengine.evaluation import shadow
from planengine.models import Plan, Project, Service
from planengine.requests import PlanRequest
from planengine.reuse import plan_cache
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
    assert "Evict 2 entries?" in page
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


class TestOtherKinds:
    @pytest.fixture
    def refusal(self, entry: Entry) -> Entry:
        request = PlanRequest("Paint the moon", {})
        vector = plan_cache.embed("Paint the moon")
        kept = plan_cache.keep_refusal(entry.project, request, vector=vector, planned_by="model")
        assert kept is not None
        return kept

    @pytest.fixture
    def counter(self, served: Plan) -> Entry:
        shadow.report(served)
        return Entry.objects.get(kind="counter")

    def test_a_refusal_says_what_it_is_for(self, operator: Client, refusal: Entry) -> None:
        page = body(operator, page_of(refusal))

        told = text(page)
        assert "Kind a refusal, which votes against plans" in told
        assert "Votes against plans for what is near to it" in told and "Serves nobody" in told
        assert not any(part in page for part in ("Stored plan", "Replay", "What fills which place", ">Pin<"))
        assert ">Evict<" in page

    def test_a_counter_example_shows_the_plan_that_was_wrong(self, operator: Client, counter: Entry) -> None:
        told = text(body(operator, page_of(counter)))

        assert "a plan that was found wrong for its template" in told
        assert "Votes against its own plan" in told
        assert "The plan that was found wrong" in told and "print_labels" in told
        assert "Expires never: what was found wrong is remembered until it is evicted" in told

    def test_lists_tell_them_apart(self, operator: Client, refusal: Entry, counter: Entry) -> None:
        Entry.objects.plans().update(contested=True)
        for kind in ("plan", "refusal", "counter"):
            [row] = operator.get(list_of(Entry, kind=kind)).context["cl"].result_list
            assert row.kind == kind
        [contested] = operator.get(list_of(Entry, contested__exact="1")).context["cl"].result_list
        assert contested.kind == "plan"
        assert "contested" in body(operator, page_of(contested))
        assert "votes only" in body(operator, list_of(Entry, kind="refusal"))

    def test_they_are_evicted_and_neither_replayed_nor_pinned(
        self, operator: Client, refusal: Entry, counter: Entry
    ) -> None:
        for other in (refusal, counter):
            answer = operator.get(address(other, "replay"), follow=True)
            assert "holds no plan to replay" in said(answer)
            operator.post(list_of(Entry), {"action": "pin", "_selected_action": [other.pk]})
            other.refresh_from_db()
            assert not other.pinned
            operator.post(address(other, "delete"), {"post": "yes"})
        assert not Entry.objects.exclude(kind="plan").exists()

    def test_what_the_composer_made_votes_when_it_was_reported_as_right(
        self, operator: Client, entry: Entry, served: Plan
    ) -> None:
        EntryVector.objects.all().delete()
        assert "votes only when somebody has reported it as right" in text(body(operator, page_of(entry)))
        shadow.report(served, wrong=False)
        assert "Votes for its plan" in text(body(operator, page_of(entry)))
