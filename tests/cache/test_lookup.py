from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.db.models import JSONField, Value
from django.utils import timezone

from cache import expiry, lookup, storage, uses
from cache.models import Entry, EntryUse, EntryVector
from cache.plans.provenance import CannotFill
from cache.requests import Scope
from cache.templates.templates import TemplateInvalid
from orra.base.strictjson import Json
from planengine.models import Project
from tests.cache.by_hand import PLEASE, REFUND, Cache, at, expire, plan_with, stored


@pytest.fixture
def cache(project: Project) -> Cache:
    return Cache(Scope(project.pk, embedding_model="by hand", planner="tests"))


class TestFind:
    def test_the_exact_template_serves_other_values_without_an_embedding(self, cache: Cache) -> None:
        entry = stored(cache.store(REFUND, order_id="ORD-1"))

        decision = cache.find(REFUND, order_id="ORD-2")

        assert (decision.kind, decision.reason, decision.entry_id) == ("exact", "same_template", entry.pk)
        assert decision.plan == plan_with({"order_id": "ORD-2"})
        assert cache.embedded == []

    def test_a_hit_by_meaning_serves_its_own_values(self, cache: Cache) -> None:
        entry = stored(cache.store(REFUND, order_id="ORD-1"))
        cache.vector = at(20)

        decision = cache.find(PLEASE, order_id="ORD-2")

        assert (decision.kind, decision.entry_id) == ("semantic", entry.pk)
        assert decision.plan == plan_with({"order_id": "ORD-2"})
        assert decision.similarity == pytest.approx(np.cos(np.radians(20)), abs=1e-3)
        assert len(cache.embedded) == 1 and "ORD" not in cache.embedded[0]

    def test_entries_of_the_same_fields_come_before_nearer_ones_of_others(self, cache: Cache) -> None:
        for word in ("now", "then", "so", "well"):
            cache.store(f"{REFUND} {word}", order_id="ORD-1", note=word, degrees=0)
        entry = stored(cache.store(REFUND, order_id="ORD-1", degrees=20))

        decision = cache.find(PLEASE, order_id="ORD-2")

        assert decision.entry_id == entry.pk

    @pytest.mark.parametrize(
        ("floor", "degrees", "reason"),
        [
            (0.9, 20, "same_meaning"),
            (0.9, 30, "nothing_similar"),
            (0.0, 80, "same_meaning"),
            (0.0, 100, "nothing_similar"),
            (1.0, 0, "only_exact_templates"),
        ],
    )
    def test_the_floor_is_honoured_at_both_ends(
        self, cache: Cache, floor: float, degrees: float, reason: str
    ) -> None:
        cache.store(REFUND, order_id="ORD-1")
        cache.vector = at(degrees)

        decision = cache.find(PLEASE, order_id="ORD-2", floor=floor)

        assert decision.reason == reason
        assert decision.hit == (reason == "same_meaning")
        assert len(cache.embedded) == (floor < 1)

    def test_an_empty_cache_says_so(self, cache: Cache) -> None:
        assert cache.find(REFUND, order_id="ORD-1").reason == "nothing_cached"

    def test_without_an_embedding_only_exact_templates_serve(self, cache: Cache) -> None:
        cache.store(REFUND, order_id="ORD-1")
        cache.embed = lambda text: None  # type: ignore[method-assign]

        assert cache.find(PLEASE, order_id="ORD-2").reason == "no_embedding"
        assert cache.find(REFUND, order_id="ORD-2").kind == "exact"

    def test_an_entry_stored_without_a_vector_serves_its_exact_template_only(self, cache: Cache) -> None:
        cache.store(REFUND, degrees=None, order_id="ORD-1")

        assert cache.find(REFUND, order_id="ORD-2").kind == "exact"
        assert cache.find(PLEASE, order_id="ORD-2").reason == "nothing_cached"

    def test_an_expired_entry_serves_nobody(self, cache: Cache) -> None:
        expire(stored(cache.store(REFUND, order_id="ORD-1")))

        assert cache.find(REFUND, order_id="ORD-2").reason == "nothing_cached"

    def test_an_expired_best_does_not_hide_a_good_second(self, cache: Cache) -> None:
        expire(stored(cache.store("Refund the order {}", order_id="ORD-1")))
        second = stored(cache.store(REFUND, degrees=20, order_id="ORD-1"))

        assert cache.find(PLEASE, order_id="ORD-2").entry_id == second.pk

    def test_an_unfit_best_does_not_hide_a_good_second(self, cache: Cache) -> None:
        """Its plan is the one, but a literal of its text has no match in the request's."""
        unfit = stored(cache.store("Refund order {} after 3 days", order_id="ORD-1"))
        second = stored(cache.store(REFUND, degrees=20, order_id="ORD-1"))

        decision = cache.find(PLEASE, order_id="ORD-2")

        assert decision.entry_id == second.pk
        assert [candidate.entry_id for candidate in decision.candidates] == [unfit.pk]

    def test_a_refusal_names_the_entry_and_the_guard(self, cache: Cache) -> None:
        entry = stored(cache.store("Do not refund order {}", order_id="ORD-1"))

        decision = cache.find(REFUND, order_id="ORD-2")

        assert (decision.kind, decision.reason, decision.plan) == ("miss", "refused", None)
        (told,) = decision.as_dict()["guards"]
        assert told["entry_id"] == entry.pk
        assert told["guard"] and told["reason"]
        assert told["template"] == "Do not refund order {order_id}"

    def test_other_fields_are_another_request(self, cache: Cache) -> None:
        cache.store(REFUND, order_id="ORD-1")

        assert not cache.find("Refund order ORD-2", order_id="ORD-2", reason="late").hit
        assert not cache.find("Refund order").hit

    def test_equal_values_of_two_params_are_told_apart_by_name(self, cache: Cache) -> None:
        cache.store("Fly from {} to {}", origin="NYC", destination="NYC")

        decision = cache.find("Fly from {} to {}", origin="NYC", destination="LON")

        assert not decision.hit or decision.plan == plan_with({"origin": "NYC", "destination": "LON"})

    def test_a_missing_similarity_is_no_hit(self, cache: Cache) -> None:
        """The distance to a vector without length is no number."""
        entry = stored(cache.store(REFUND, order_id="ORD-1"))
        EntryVector.objects.filter(pk=entry.pk).update(embedding=np.zeros(2, np.float32))

        assert not cache.find(PLEASE, order_id="ORD-2", floor=0).hit

    def test_vectors_of_another_length_are_not_compared(self, cache: Cache) -> None:
        """A server may change what a model's name stands for."""
        cache.store(REFUND, order_id="ORD-1")
        cache.vector = at(0, dimensions=3)

        assert cache.find(PLEASE, order_id="ORD-2").reason == "nothing_cached"

    @pytest.mark.parametrize(
        "other", [{"embedding_model": "other"}, {"planner": "other"}, {"grounding": "shop 2"}], ids=str
    )
    def test_nothing_is_read_across_scopes(self, cache: Cache, other: dict[str, str]) -> None:
        cache.store(REFUND, order_id="ORD-1")
        elsewhere = Cache(replace(cache.scope, **other))

        assert elsewhere.find(REFUND, order_id="ORD-2").reason == "nothing_cached"
        assert elsewhere.find(PLEASE, order_id="ORD-2").reason == "nothing_cached"
        assert cache.find(REFUND, order_id="ORD-2").hit

    def test_nothing_is_read_across_projects(self, cache: Cache, make_project: Callable[..., Project]) -> None:
        cache.store(REFUND, order_id="ORD-1")
        elsewhere = Cache(replace(cache.scope, project_id=make_project("other").pk))

        assert elsewhere.find(REFUND, order_id="ORD-1").reason == "nothing_cached"
        assert elsewhere.find(PLEASE, order_id="ORD-1").reason == "nothing_cached"

    def test_queries_are_few(self, cache: Cache, django_assert_num_queries: Any) -> None:
        cache.store(REFUND, order_id="ORD-1")

        with django_assert_num_queries(1):
            assert cache.find(REFUND, order_id="ORD-2").kind == "exact"
        with django_assert_num_queries(3):
            assert cache.find(PLEASE, order_id="ORD-2").kind == "semantic"
        cache.vector = at(90)
        with django_assert_num_queries(3):  # words that are not accounted for are looked up
            assert not cache.find("Water the plants").hit


class TestAcceptance:
    @pytest.mark.parametrize("wording", [REFUND, PLEASE])
    def test_what_is_not_accepted_is_a_miss_and_in_quarantine(self, cache: Cache, wording: str) -> None:
        entry = stored(cache.store(REFUND, order_id="ORD-1"))

        decision = cache.find(wording, accept=lambda plan: "The service is gone.", order_id="ORD-2")

        assert decision.reason == "refused"
        assert decision.candidates[0].refusal is not None
        assert decision.candidates[0].refusal.guard == "validation"
        entry.refresh_from_db()
        assert entry.quarantined_at is not None
        assert entry.quarantine_reason == "The service is gone."
        assert not EntryVector.objects.filter(pk=entry.pk).exists()
        assert cache.find(wording, order_id="ORD-2").reason == "nothing_cached"

    @pytest.mark.parametrize("wording", [REFUND, PLEASE])
    def test_values_that_do_not_fit_leave_a_sound_entry_alone(self, cache: Cache, wording: str) -> None:
        entry = stored(cache.store(REFUND, order_id="ORD-1"))

        def accept(plan: Json) -> str | None:
            return "No such order." if plan["tasks"][0]["input"]["order_id"] == "ORD-X" else None

        def valid(entry: Entry) -> bool:
            return accept(entry.plan) is None

        assert cache.find(wording, accept=accept, valid=valid, order_id="ORD-X").reason == "refused"
        assert cache.find(wording, accept=accept, valid=valid, order_id="ORD-2").entry_id == entry.pk

    def test_the_filled_plan_is_what_is_judged(self, cache: Cache) -> None:
        cache.store(REFUND, order_id="ORD-1")
        judged: list[Json] = []

        def accept(plan: Json) -> None:
            judged.append(plan)

        decision = cache.find(REFUND, accept=accept, order_id="ORD-2")

        assert judged == [decision.plan] == [plan_with({"order_id": "ORD-2"})]


GARBAGE: list[Json] = [None, 0, "text", [], {}, [[]], {"places": "x"}, {"action": 5, "slots": {}, "fields": None}]


class TestDamagedRows:
    @pytest.mark.parametrize("garbage", GARBAGE, ids=repr)
    @pytest.mark.parametrize("column", ["recipe", "plan"])
    def test_by_the_exact_template(self, cache: Cache, column: str, garbage: Json) -> None:
        self.damage(stored(cache.store(REFUND, order_id="ORD-1")), column, garbage)

        assert not cache.find(REFUND, order_id="ORD-2").hit

    @pytest.mark.parametrize("garbage", GARBAGE, ids=repr)
    @pytest.mark.parametrize("column", ["recipe", "plan", "template"])
    def test_by_meaning(self, cache: Cache, column: str, garbage: Json) -> None:
        self.damage(stored(cache.store(REFUND, order_id="ORD-1")), column, garbage)

        decision = cache.find(PLEASE, order_id="ORD-2")

        assert not decision.hit
        assert decision.as_dict()["guards"]

    @pytest.mark.parametrize("column", ["recipe", "template"])
    def test_what_cannot_be_read_is_put_aside(self, cache: Cache, column: str) -> None:
        entry = stored(cache.store(REFUND, order_id="ORD-1"))
        self.damage(entry, column, {})

        cache.find(PLEASE, order_id="ORD-2")

        entry.refresh_from_db()
        assert entry.quarantined_at is not None

    def test_they_can_still_be_looked_at(self, cache: Cache) -> None:
        entry = stored(cache.store(REFUND, order_id="ORD-1"))
        self.damage(entry, "template", [])

        entry.refresh_from_db()

        assert str(entry) == "Refund order ORD-1"
        with pytest.raises(TemplateInvalid):
            lookup.template_of(entry)

    def test_filling_one_says_why_not(self, cache: Cache) -> None:
        entry = stored(cache.store(REFUND, order_id="ORD-1"))
        entry.recipe = {}
        request = cache.request(REFUND, order_id="ORD-2")

        with pytest.raises(CannotFill) as caught:
            lookup.fill(entry, request.template, request.params)

        assert caught.value.code == "entry_unreadable"

    @staticmethod
    def damage(entry: Entry, column: str, garbage: Json) -> None:
        value = Value(garbage, JSONField())  # a bare None would be NULL, which the column refuses
        Entry.objects.filter(pk=entry.pk).update(**{column: value})


class TestStore:
    def test_a_newer_plan_of_the_same_template_replaces_the_older(self, cache: Cache) -> None:
        older = stored(cache.store(REFUND, order_id="ORD-1"))
        newer = stored(cache.store(REFUND, service="refund_v2", order_id="ORD-1"))

        assert cache.find(REFUND, order_id="ORD-3").plan == plan_with({"order_id": "ORD-3"}, "refund_v2")
        assert list(Entry.objects.values_list("pk", flat=True)) == [newer.pk]
        assert not EntryVector.objects.filter(pk=older.pk).exists()
        assert not EntryUse.objects.filter(pk=older.pk).exists()

    def test_it_lives_about_as_long_as_asked_but_no_longer(self, cache: Cache) -> None:
        before = timezone.now()
        entries = [stored(cache.store(f"{REFUND} {word}", ttl_seconds=1000, order_id="A1")) for word in "abcdefgh"]

        lifetimes = [(entry.expires_at - before).total_seconds() for entry in entries]
        assert all(900 <= lifetime <= 1001 for lifetime in lifetimes)
        assert len(set(lifetimes)) > 1

    def test_literals_that_no_task_takes_make_variants_of_one_template(self, cache: Cache) -> None:
        three = stored(cache.store("Refund order {} after 3 days", order_id="ORD-1"))
        four = stored(cache.store("Refund order {} after 4 days", order_id="ORD-1"))
        assert three.template_key == four.template_key

        assert cache.find("Refund order {} after 3 days", order_id="ORD-2").entry_id == three.pk
        assert cache.find("Refund order {} after 4 days", order_id="ORD-2").entry_id == four.pk
        assert not cache.find("Refund order {} after 5 days", order_id="ORD-2").hit

    def test_a_plan_with_a_value_from_nowhere_serves_the_identical_request_only(self, cache: Cache) -> None:
        plan = plan_with({"order_id": "ORD-1", "day": "2031-05-17"})
        entry = stored(cache.store(REFUND, plan, order_id="ORD-1"))

        assert not entry.reusable
        assert not cache.find(REFUND, order_id="ORD-2").hit
        assert not cache.find(PLEASE, order_id="ORD-1").hit
        decision = cache.find(REFUND, order_id="ORD-1")
        assert (decision.entry_id, decision.plan) == (entry.pk, plan)

    def test_an_entry_for_the_identical_request_comes_before_the_reusable_one(self, cache: Cache) -> None:
        """Of an older version, which let both be."""
        plan = plan_with({"order_id": "ORD-1", "day": "2031-05-17"})
        own = stored(cache.store(REFUND, plan, dependencies="", order_id="ORD-1"))
        common = stored(cache.store(REFUND, order_id="ORD-2"))

        assert cache.find(REFUND, order_id="ORD-1").entry_id == own.pk
        assert cache.find(REFUND, order_id="ORD-3").entry_id == common.pk


class TestForget:
    def test_only_the_projects_own_entries_go(self, cache: Cache, make_project: Callable[..., Project]) -> None:
        mine = stored(cache.store(REFUND, order_id="ORD-1"))
        elsewhere = Cache(replace(cache.scope, project_id=make_project("other").pk))
        theirs = stored(elsewhere.store(REFUND, order_id="ORD-1"))

        assert storage.forget(cache.scope.project_id, [mine.pk, theirs.pk]) == 1
        assert storage.forget(cache.scope.project_id, [mine.pk]) == 0
        assert list(Entry.objects.values_list("pk", flat=True)) == [theirs.pk]
        assert list(EntryVector.objects.values_list("pk", flat=True)) == [theirs.pk]

    def test_by_service(self, cache: Cache) -> None:
        cache.store(REFUND, order_id="ORD-1")

        assert storage.forget_using(cache.scope.project_id, "order_lookup") == 0
        assert storage.forget_using(cache.scope.project_id, "refund_payment") == 1
        assert not Entry.objects.exists()

    def test_hits_are_counted(self, cache: Cache) -> None:
        entry = stored(cache.store(REFUND, order_id="ORD-1"))
        at_noon = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0)

        uses.count_hit(entry.pk, at_noon)
        uses.count_hit(entry.pk, at_noon)

        use = EntryUse.objects.get()
        assert (use.hits, use.last_used_at) == (2, at_noon)

    def test_a_hit_that_finds_the_counter_taken_is_counted_with_the_next(self, cache: Cache) -> None:
        entry = stored(cache.store(REFUND, order_id="ORD-1"))

        uses.leave(entry.pk, 3)
        uses.count_hit(entry.pk, timezone.now())

        assert EntryUse.objects.get().hits == 4


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    """Many processes, each with its own connection."""

    def test_stores_of_one_template_leave_one_whole_entry(self, project: Project) -> None:
        cache = Cache(Scope(project.pk, embedding_model="by hand", planner="tests"))

        def store(number: int) -> Entry | None:
            return cache.store(REFUND, order_id=f"ORD-{number}")

        results = in_threads(store, range(24))

        assert any(results)
        (entry,) = Entry.objects.all()
        assert entry.pk in {result.pk for result in results if result}
        assert EntryUse.objects.get().pk == EntryVector.objects.get().pk == entry.pk

    def test_a_project_that_went_away_meanwhile_stores_nothing(self, project: Project) -> None:
        cache = Cache(Scope(project.pk, embedding_model="by hand", planner="tests"))
        project.delete()

        assert cache.store(REFUND, order_id="ORD-1") is None

    def test_storing_deleting_and_putting_aside_do_not_wait_for_each_other(self, project: Project) -> None:
        cache = Cache(Scope(project.pk, embedding_model="by hand", planner="tests"))

        def work(number: int) -> object:
            if number % 4 == 1:
                return expiry.delete_expired(batch=1)
            if number % 4 == 2:
                return cache.find(REFUND, accept=lambda plan: "No.", order_id="ORD-2")
            if number % 4 == 3:
                return storage.forget_using(project.pk, "refund_payment")
            if entry := cache.store(REFUND, order_id=f"ORD-{number}"):
                expire(entry)
            return entry

        in_threads(work, range(80))

        assert Entry.objects.count() <= 1
        assert EntryUse.objects.count() == Entry.objects.count()


def in_threads(call: Callable[[int], Any], numbers: range) -> list[Any]:
    def call_and_close(number: int) -> Any:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '20s'")  # a fault shall fail, not hang
            return call(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        return list(pool.map(call_and_close, numbers))
