"""What operators do with chosen entries, and what an entry's page says that it was good for."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from cache import pins, storage
from cache.models import Entry, EntryVector, ObservedWord
from planengine.accounting import entry_hits
from planengine.evaluation import shadow
from planengine.models import Plan, Project
from planengine.requests import PlanRequest
from planengine.reuse import plan_cache
from planengine.reuse.restoring import restore
from tests.admin.conftest import CHAIN
from tests.admin.pages import body, list_of, logged, page_of, said, text

ASKED = PlanRequest("Print 5 labels for order ORD-99 and tell the customer", {"order_id": "ORD-99", "copies": 5})


@pytest.fixture
def do(operator: Client) -> Callable[..., Any]:
    """Does something with chosen entries; without ``post`` it is only asked for."""

    def post(action: str, *entries: Entry, **fields: str) -> Any:
        chosen = {"action": action, "_selected_action": [entry.pk for entry in entries], "index": "0"}
        return operator.post(list_of(Entry), {**chosen, "post": "yes", **fields}, follow=True)

    return post


@pytest.fixture
def others(entry: Entry, make_entry: Callable[..., Entry]) -> list[Entry]:
    params = {"order_id": "ORD-17", "copies": 2}
    actions = ("Get 2 labels printed for order ORD-17, telling its customer", "Labels for ORD-17: 2, and tell")
    return [make_entry(entry.project, action, params, CHAIN) for action in actions]


class TestQuarantine:
    def test_it_is_asked_first_and_says_which_are_pinned(self, operator: Client, entry: Entry) -> None:
        pins.pin([entry.pk])
        chosen = {"action": "quarantine", "_selected_action": [entry.pk], "index": "0"}
        page = text(operator.post(list_of(Entry), chosen).content.decode())
        assert "Quarantine 1 entry (1 pinned)?" in page and entry.pk in page
        assert Entry.objects.get().quarantined_at is None

    @pytest.mark.parametrize("reason", ["", "   ", "x" * 2_001, "a\x00b"])
    def test_it_needs_a_reason(self, reason: str, do: Callable[..., Any], entry: Entry) -> None:
        answer = do("quarantine", entry, reason=reason)
        assert answer.status_code == 400 or answer.context["form"].errors
        assert Entry.objects.get().quarantined_at is None

    def test_one_serves_nobody_until_it_is_restored(self, do: Callable[..., Any], entry: Entry) -> None:
        assert plan_cache.find(entry.project, ASKED).hit
        assert "Quarantined 1 entry." in said(do("quarantine", entry, reason="Broken."))
        assert not plan_cache.find(entry.project, ASKED).hit
        assert not ObservedWord.objects.filter(skeleton=entry.skeleton).exists()
        assert "Restored 1 entry." in said(do("restore", entry))
        assert plan_cache.find(entry.project, ASKED).hit
        messages = logged()
        assert messages == ["Quarantined: Broken.", "Restored from quarantine."]

    def test_what_stayed_as_it_was_is_said(
        self, do: Callable[..., Any], entry: Entry, others: list[Entry]
    ) -> None:
        storage.quarantine(others[0].pk, "earlier")
        told = said(do("quarantine", entry, *others, reason="Now."))
        assert "Quarantined 2 entries." in told and "1 entry stayed as they were" in told
        others[0].refresh_from_db()
        assert others[0].quarantine_reason == "earlier"
        told = said(do("restore", entry, *others))
        assert "Restored 3 entries." in told

    def test_a_model_s_plan_votes_again_and_the_composer_s_does_not(
        self, entry: Entry, others: list[Entry]
    ) -> None:
        Entry.objects.filter(pk=entry.pk).update(planned_by="model")
        every = [each.pk for each in (entry, *others)]
        assert storage.quarantine_all(every, "x") == sorted(every)
        assert not EntryVector.objects.exists()
        restored = restore(list(Entry.objects.all()))
        assert set(restored.entries) == set(every)
        assert set(EntryVector.objects.values_list("pk", flat=True)) == {entry.pk}
        assert entry.pk not in restored.silent
        assert ObservedWord.objects.filter(skeleton=entry.skeleton, word="labels").exists()

    def test_what_is_remembered_as_wrong_is_said(self, do: Callable[..., Any], entry: Entry, served: Plan) -> None:
        shadow.report(served)
        told = said(do("restore", entry))
        assert "1 entry will still not serve" in told and "Evict that counter-example" in told
        assert not plan_cache.find(entry.project, ASKED).hit
        Entry.objects.filter(kind="counter").delete()
        assert plan_cache.find(entry.project, ASKED).hit

    def test_what_holds_no_plan_is_left_alone(self, do: Callable[..., Any], served: Plan) -> None:
        shadow.report(served)
        counter = Entry.objects.get(kind="counter")
        assert "hold no plan" in said(do("quarantine", counter, reason="x"))
        counter.refresh_from_db()
        assert counter.quarantined_at is None


class TestExtend:
    def test_entries_live_longer_by_so_many_days(self, do: Callable[..., Any], entry: Entry) -> None:
        assert "Extended 1 entry by 7 days." in said(do("extend", entry, days="7"))
        longer = Entry.objects.get()
        assert longer.expires_at - entry.expires_at == timedelta(days=7)
        assert EntryVector.objects.get().expires_at == longer.expires_at

    def test_an_expired_one_serves_again(self, do: Callable[..., Any], entry: Entry) -> None:
        Entry.objects.update(expires_at=timezone.now() - timedelta(days=3))
        EntryVector.objects.update(expires_at=timezone.now() - timedelta(days=3))
        assert not plan_cache.find(entry.project, ASKED).hit
        do("extend", entry, days="1")
        assert plan_cache.find(entry.project, ASKED).hit
        assert timedelta(hours=23) < Entry.objects.get().expires_at - timezone.now() <= timedelta(days=1)

    def test_pinned_ones_have_no_end(self, do: Callable[..., Any], entry: Entry) -> None:
        pins.pin([entry.pk])
        assert "Extended 0 entries by a year. 1 entry stayed" in said(do("extend", entry, days="365"))
        assert Entry.objects.get().expires_at == pins.NEVER

    @pytest.mark.parametrize("days", ["", "2", "-1", "x", "99999999"])
    def test_the_days_are_chosen(self, days: str, do: Callable[..., Any], entry: Entry) -> None:
        assert do("extend", entry, days=days).context["form"].errors
        assert Entry.objects.get().expires_at == entry.expires_at

    def test_there_is_an_end_to_it(self, do: Callable[..., Any], entry: Entry) -> None:
        for _ in range(12):
            pins.extend([entry.pk], days=365)
        assert Entry.objects.get().expires_at - timezone.now() <= timedelta(days=pins.MOST_DAYS)


class TestExport:
    def lines(self, answer: Any) -> list[Any]:
        return [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]

    def test_entries_are_lines_of_json(self, do: Callable[..., Any], entry: Entry, others: list[Entry]) -> None:
        answer = do("export", entry, *others)
        assert answer["Content-Disposition"] == 'attachment; filename="entries.jsonl"'
        first, *_ = found = self.lines(answer)
        assert {line["id"] for line in found} == {entry.pk, *(each.pk for each in others)}
        [mine] = [line for line in found if line["id"] == entry.pk]
        assert mine["plan"] == entry.plan and mine["recipe"] == entry.recipe
        assert mine["params"] == entry.params and mine["services"] == entry.services
        assert mine["template"] == "Print {copies} labels for order {order_id} and tell the customer"
        assert "Exported with 3 entries." in logged()

    def test_values_are_only_for_who_may_see_them(self, staff: Callable[..., Client], entry: Entry) -> None:
        chosen = {"action": "export", "_selected_action": [entry.pk], "index": "0"}
        viewer = staff("cache.view_entry")
        [line] = self.lines(viewer.post(list_of(Entry), chosen))
        assert "ORD-17" not in json.dumps(line) and "plan" not in line
        page = body(viewer, page_of(entry))
        assert "ORD-17" not in page and "order_id ← task0.order_id" in text(page)
        [line] = self.lines(staff("cache.view_entry", "planengine.view_contents").post(list_of(Entry), chosen))
        assert line["params"] == entry.params


@pytest.mark.parametrize(
    ("action", "fields"), [("quarantine", {"reason": "x"}), ("restore", {}), ("extend", {"days": "7"})]
)
def test_a_viewer_does_nothing(
    action: str, fields: dict[str, str], staff: Callable[..., Client], entry: Entry
) -> None:
    storage.quarantine(entry.pk, "earlier") if action == "restore" else None
    before = Entry.objects.values().get()
    chosen = {"action": action, "_selected_action": [entry.pk], "index": "0", "post": "yes", **fields}
    staff("cache.view_entry").post(list_of(Entry), chosen)
    assert Entry.objects.values().get() == before
    assert not LogEntry.objects.exists()


def test_from_an_entry_s_page_one_comes_back_to_it(do: Callable[..., Any], entry: Entry) -> None:
    answer = do("quarantine", entry, reason="x", back="entry")
    assert answer.redirect_chain == [(page_of(entry), 302)]
    answer = do("delete_selected", entry, back="entry")
    assert answer.redirect_chain == [(list_of(Entry), 302)]


def test_an_eviction_is_told_to_the_log(do: Callable[..., Any], entry: Entry, others: list[Entry]) -> None:
    assert "Evicted 3 entries." in said(do("delete_selected", entry, *others))
    assert LogEntry.objects.filter(action_flag=3).count() == 3
    assert not Entry.objects.exists()


class TestWhatItWasGoodFor:
    def serve(self, entry: Entry, make_plan: Callable[..., Plan], **columns: Any) -> None:
        make_plan(
            entry.project,
            status="ready",
            **{"plan": {}, "source": "exact", "cache_entry_id": entry.pk, "timings_ms": {"total": 500}, **columns},
        )

    def test_hits_and_what_they_saved(
        self, operator: Client, entry: Entry, make_plan: Callable[..., Plan]
    ) -> None:
        Entry.objects.update(cost={"milliseconds": 2500, "prompt_tokens": 900})
        now = timezone.now()
        for days, tokens in ((0, 900), (0, 900), (3, None), (40, 900)):
            money = Decimal("0.002") if tokens else None
            moment = now - timedelta(days=days)
            self.serve(entry, make_plan, created_at=moment, tokens_saved=tokens, cost_saved=money)
        self.serve(entry, make_plan, source="replay")
        page = text(body(operator, page_of(entry)))
        assert "3 hits in 30 days. Saved: 1800 tokens, 0.0040 in money, 6.0 seconds of waiting." in page
        hits = entry_hits.hits_of(Entry.objects.get(), now)
        assert [day.hits for day in hits.days if day.hits] == [1, 2]
        assert len(hits.days) == entry_hits.DAYS and hits.complete

    def test_only_so_many_are_looked_at(
        self, entry: Entry, make_plan: Callable[..., Plan], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(entry_hits, "MOST", 2)
        for _ in range(4):
            self.serve(entry, make_plan)
        hits = entry_hits.hits_of(entry, timezone.now())
        assert hits.counted == 2 and not hits.complete and hits.tokens is None

    @pytest.mark.parametrize("cost", [[], {"milliseconds": "many"}, {}])
    def test_nobody_knows_what_a_damaged_cost_saved(
        self, cost: Any, operator: Client, entry: Entry, make_plan: Callable[..., Plan]
    ) -> None:
        Entry.objects.update(cost=cost)
        self.serve(entry, make_plan, timings_ms=[])
        assert "1 hit in 30 days. " in text(body(operator, page_of(entry)))

    def test_an_entry_that_was_not_hit(self, operator: Client, entry: Entry) -> None:
        assert "No hit in 30 days." in text(body(operator, page_of(entry)))


class TestSimilar:
    def test_the_nearest_are_shown_with_what_they_led_to_and_say(
        self, operator: Client, entry: Entry, others: list[Entry], shop: Project
    ) -> None:
        refused = PlanRequest("Print the labels of a ship and tell nobody", {})
        plan_cache.keep_refusal(shop, refused, vector=plan_cache.embed(refused.action), planned_by="model")
        page = body(operator, page_of(entry))
        told = text(page.split('id="similar"')[1])
        assert "Led to Votes" in told
        assert "for the same plan" in told and "order_lookup" in told
        assert "a refusal" in told and "against any plan" in told
        assert f'href="{page_of(others[0])}"' in page
        assert page.count(f'href="{page_of(entry)}"') == 0

    def test_without_a_vector_there_is_nothing_to_look_from(self, operator: Client, entry: Entry) -> None:
        EntryVector.objects.all().delete()
        assert "Not looked for" in text(body(operator, page_of(entry)))


def test_title_and_crumbs_tell_the_template(operator: Client, entry: Entry) -> None:
    page = body(operator, page_of(entry))
    assert "<h1>Print {copies} labels for order {order_id} and tell the customer</h1>" in page
    assert "&rsaquo; <bdi>Print {copies} labels for order {order_id} and tell the customer</bdi></div>" in page
