"""What is kept besides plans to serve: refusals, counter-examples, what other entries make of one, words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from cache import expiry, storage
from cache.examples.observed import look_up
from cache.models import Entry, EntryVector, ObservedWord
from cache.pins import NEVER
from cache.requests import Scope
from planengine.models import Project
from tests.cache.by_hand import PLEASE, REFUND, Cache, at, expire, plan_with, stored

MakeProject = Callable[..., Project]
CANCEL = "Cancel order {}"


@pytest.fixture
def cache(project: Project) -> Cache:
    return Cache(Scope(project.pk, embedding_model="by hand", planner="tests"))


def votes(entry: Entry) -> bool:
    return EntryVector.objects.filter(pk=entry.pk).exists()


def again(entry: Entry) -> Entry:
    return Entry.objects.get(pk=entry.pk)


class TestRefusals:
    def test_they_are_kept_and_serve_nobody(self, cache: Cache) -> None:
        refusal = stored(cache.refuse(REFUND, order_id="ORD-1"))

        assert (refusal.kind, refusal.plan, refusal.skeleton) == ("refusal", None, "")
        assert votes(refusal)
        for asked in (REFUND, PLEASE):
            decision = cache.find(asked, order_id="ORD-1")
            assert (decision.hit, decision.entry_id, decision.candidates) == (False, None, ())

    def test_one_of_a_template_is_enough(self, cache: Cache) -> None:
        cache.refuse(REFUND, order_id="ORD-1")
        latest = stored(cache.refuse(REFUND, order_id="ORD-2"))
        assert Entry.objects.get().pk == latest.pk

    def test_one_beside_a_plan_leaves_it_and_makes_it_doubtful(self, cache: Cache) -> None:
        plan = stored(cache.store(REFUND, order_id="ORD-1"))
        refusal = stored(cache.refuse(REFUND, order_id="ORD-2"))

        assert Entry.objects.count() == 2
        assert again(plan).contested and again(refusal).contested
        assert cache.find(REFUND, order_id="ORD-1").kind == "exact", "the identical request"
        doubtful = cache.find(REFUND, order_id="ORD-3", tolerance=0.01)
        assert not doubtful.hit
        assert [candidate.refusal and candidate.refusal.guard for candidate in doubtful.candidates] == [
            "contested",
            "risk",
        ]

    def test_they_vote_against(self, cache: Cache) -> None:
        cache.store(REFUND, order_id="ORD-1")
        before = cache.find(PLEASE, order_id="ORD-2")
        cache.refuse("Do not refund order {}", degrees=20, order_id="ORD-1")
        after = cache.find(PLEASE, order_id="ORD-2")

        assert before.risk is not None and after.risk is not None
        assert after.risk > before.risk
        assert after.judgement is not None and after.judgement.vote.rival is not None
        assert after.judgement.vote.rival.kind == "refusal"
        ablated = cache.find(PLEASE, order_id="ORD-2", without=["refusals"])
        assert ablated.risk == pytest.approx(before.risk)

    def test_their_words_account_for_nothing(self, cache: Cache) -> None:
        cache.refuse(REFUND, order_id="ORD-1")
        assert not ObservedWord.objects.exists()

    def test_without_a_vector_there_is_none(self, cache: Cache) -> None:
        request = cache.request(REFUND, order_id="ORD-1")
        assert storage.keep_refusal(request, vector=None, ttl_seconds=60, source=storage.Source("model")) is None
        assert not Entry.objects.exists()

    def test_who_asks_again_and_again_changes_nothing(self, cache: Cache) -> None:
        """A scope that changes makes everybody ask the database again."""
        kept = stored(cache.refuse(REFUND, order_id="ORD-1"))

        assert stored(cache.refuse(REFUND, order_id="ORD-2")).pk == kept.pk
        assert Entry.objects.count() == 1

    def test_they_are_kept_anew_when_half_of_their_time_is_over(self, cache: Cache) -> None:
        kept = stored(cache.refuse(REFUND, order_id="ORD-1"))
        Entry.objects.update(expires_at=timezone.now() + timedelta(seconds=20))

        again = stored(cache.refuse(REFUND, order_id="ORD-2"))

        assert (again.pk == kept.pk, Entry.objects.count()) == (False, 1)

    def test_they_expire(self, cache: Cache) -> None:
        expire(stored(cache.refuse(REFUND, order_id="ORD-1")))
        assert expiry.delete_expired() == 1


class TestCounterExamples:
    def test_a_plan_that_was_found_wrong_does_not_come_back_for_its_template(self, cache: Cache) -> None:
        cache.store(REFUND, order_id="ORD-1")
        counter = stored(cache.find_wrong(REFUND, order_id="ORD-1"))

        decision = cache.find(REFUND, order_id="ORD-2")

        assert (decision.hit, counter.kind) == (False, "counter")
        assert {candidate.refusal.guard for candidate in decision.candidates if candidate.refusal} == {"reported"}

    def test_nor_from_another_entry_or_by_example(self, cache: Cache) -> None:
        """However many others led to it, and whatever is tolerated."""
        cache.services.wired = plan_with({"order_id": "ORD-2"})  # type: ignore[attr-defined]
        cache.find_wrong(REFUND, order_id="ORD-1")
        for number in range(6):
            cache.store(f"{PLEASE} {'now' * number}", degrees=1 + number, order_id="ORD-1")

        decision = cache.find(REFUND, order_id="ORD-2")

        assert not decision.hit
        assert decision.guard == "reported"

    def test_another_plan_may_come(self, cache: Cache) -> None:
        cache.find_wrong(REFUND, order_id="ORD-1")
        right = stored(cache.store(REFUND, service="refund_v2", order_id="ORD-1"))
        assert cache.find(REFUND, order_id="ORD-2").entry_id == right.pk

    def test_what_is_near_is_served_less_readily(self, cache: Cache) -> None:
        cache.store(REFUND, order_id="ORD-1")
        before = cache.find(PLEASE, order_id="ORD-2")
        cache.find_wrong("Never refund order {}", degrees=10, order_id="ORD-1")
        after = cache.find(PLEASE, order_id="ORD-2")
        assert before.risk is not None and after.risk is not None
        assert after.risk > before.risk

    def test_one_of_another_skeleton_says_nothing(self, cache: Cache) -> None:
        cache.store(REFUND, order_id="ORD-1")
        before = cache.find(PLEASE, order_id="ORD-2")
        cache.find_wrong("Never refund order {}", degrees=10, service="cancel_order", order_id="ORD-1")
        assert cache.find(PLEASE, order_id="ORD-2").risk == before.risk

    def test_without_a_vector_it_counts_for_its_template(self, cache: Cache) -> None:
        cache.store(REFUND, order_id="ORD-1")
        cache.find_wrong(REFUND, degrees=None, order_id="ORD-1")
        assert not cache.find(REFUND, order_id="ORD-2").hit
        assert cache.find(PLEASE, order_id="ORD-2").hit

    def test_repeated_it_counts_once(self, cache: Cache) -> None:
        cache.store(REFUND, order_id="ORD-1")
        cache.find_wrong("Never refund order {}", degrees=10, order_id="ORD-1")
        once = cache.find(PLEASE, order_id="ORD-2")
        for number in range(5):
            cache.find_wrong("Never refund order {}", degrees=10, order_id=f"ORD-{number}")
        assert cache.find(PLEASE, order_id="ORD-2").risk == once.risk
        assert Entry.objects.filter(kind="counter").count() == 1

    def test_it_outlasts_everything_but_its_withdrawal(self, cache: Cache) -> None:
        counter = stored(cache.find_wrong(REFUND, order_id="ORD-1"))
        assert counter.expires_at == NEVER
        project_id = cache.scope.project_id

        storage.forget_project(project_id)
        storage.forget_using(project_id, "refund_payment")
        expiry.delete_expired()

        request, plan = cache.request(REFUND, order_id="ORD-9"), plan_with({"order_id": "ORD-9"})
        assert storage.is_counter(request, plan)
        assert not storage.is_counter(request, plan_with({"order_id": "ORD-9"}, "cancel_order"))
        assert storage.withdraw_counter(request, plan) == 1
        assert not storage.is_counter(request, plan)

    def test_it_holds_in_every_scope_of_its_project_and_in_no_other(
        self, cache: Cache, make_project: MakeProject
    ) -> None:
        """A plan that is wrong is wrong whatever embeds or plans."""
        cache.find_wrong(REFUND, order_id="ORD-1")
        planner = cache.elsewhere(planner="another")
        project = cache.elsewhere(project_id=make_project("other").pk)
        for each in (planner, project):
            each.store(REFUND, order_id="ORD-1")

        assert not planner.find(REFUND, order_id="ORD-2").hit
        assert project.find(REFUND, order_id="ORD-2").hit


class TestContestedTemplates:
    def test_a_nearly_identical_template_that_led_elsewhere_leaves_both_to_the_votes(self, cache: Cache) -> None:
        refund = stored(cache.store(REFUND, order_id="ORD-1"))
        cancel = stored(cache.store(CANCEL, degrees=5, service="cancel_order", order_id="ORD-1"))

        assert again(refund).contested and again(cancel).contested
        assert cache.find(REFUND, order_id="ORD-1").entry_id == refund.pk, "the identical request"
        decision = cache.find(REFUND, order_id="ORD-2", tolerance=0.0)
        assert decision.candidates[0].refusal is not None
        assert decision.candidates[0].refusal.guard == "contested"
        assert not decision.hit

    def test_the_votes_may_serve_it_all_the_same(self, cache: Cache) -> None:
        refund = stored(cache.store(REFUND, order_id="ORD-1"))
        cache.store(CANCEL, degrees=5, service="cancel_order", order_id="ORD-1")

        decision = cache.find(REFUND, order_id="ORD-2")

        assert (decision.kind, decision.entry_id) == ("semantic", refund.pk)
        assert decision.plan == plan_with({"order_id": "ORD-2"})

    @pytest.mark.parametrize(("degrees", "service"), [(5, "refund_payment"), (30, "cancel_order")])
    def test_one_that_led_to_the_same_or_is_farther_leaves_them_alone(
        self, cache: Cache, degrees: float, service: str
    ) -> None:
        refund = stored(cache.store(REFUND, order_id="ORD-1"))
        other = stored(cache.store(CANCEL, degrees=degrees, service=service, order_id="ORD-1"))
        assert not again(refund).contested and not again(other).contested
        assert cache.find(REFUND, order_id="ORD-2").kind == "exact"

    def test_a_counter_example_contests_nothing(self, cache: Cache) -> None:
        refund = stored(cache.store(REFUND, order_id="ORD-1"))
        cache.find_wrong(CANCEL, degrees=5, service="cancel_order", order_id="ORD-1")
        assert not again(refund).contested

    def test_other_scopes_contest_nothing(self, cache: Cache, make_project: MakeProject) -> None:
        refund = stored(cache.store(REFUND, order_id="ORD-1"))
        other = cache.elsewhere(project_id=make_project("other").pk)
        other.store(CANCEL, degrees=5, service="cancel_order", order_id="ORD-1")
        assert not again(refund).contested


class TestContradictingTemplates:
    """Requests of one template led to different skeletons: the values decide something that no slot knows."""

    @pytest.fixture
    def both(self, cache: Cache) -> tuple[Entry, Entry]:
        small = stored(cache.store("Approve invoice {}", service="approve", degrees=0, invoice="A-1"))
        large = stored(cache.store("Approve invoice {}", service="escalate", degrees=0, invoice="B-2"))
        return small, large

    def test_each_serves_the_identical_request(self, cache: Cache, both: tuple[Entry, Entry]) -> None:
        for entry, invoice in zip(both, ("A-1", "B-2"), strict=True):
            decision = cache.find("Approve invoice {}", invoice=invoice)
            assert (decision.kind, decision.entry_id) == ("exact", entry.pk)

    def test_and_nobody_else(self, cache: Cache, both: tuple[Entry, Entry]) -> None:
        assert not any(again(entry).reusable for entry in both)
        assert not cache.find("Approve invoice {}", invoice="C-3").hit
        assert not cache.find("Please approve the invoice {}", invoice="A-1").hit

    def test_they_vote_for_nothing_and_account_for_no_word(self, cache: Cache, both: tuple[Entry, Entry]) -> None:
        assert not any(map(votes, both))
        assert not ObservedWord.objects.exists()

    def test_a_third_serves_nobody_else_either(self, cache: Cache, both: tuple[Entry, Entry]) -> None:
        third = stored(cache.store("Approve invoice {}", service="approve", invoice="C-3"))
        assert not again(third).reusable
        assert not cache.find("Approve invoice {}", invoice="D-4").hit

    def test_a_newer_plan_for_the_identical_request_contradicts_nothing(self, cache: Cache) -> None:
        cache.store(REFUND, order_id="ORD-1")
        newer = stored(cache.store(REFUND, service="refund_v2", order_id="ORD-1"))
        assert again(newer).reusable and votes(newer)
        assert cache.find(REFUND, order_id="ORD-2").entry_id == newer.pk

    def test_what_is_to_be_planned_anew_contradicts_nothing(self, cache: Cache) -> None:
        """Its plan is about to go: a new service suits better."""
        older = stored(cache.store(REFUND, order_id="ORD-1"))
        Entry.objects.filter(pk=older.pk).update(replan_reason="A service is new.")
        newer = stored(cache.store(REFUND, service="refund_v2", order_id="ORD-2"))
        assert again(newer).reusable


class TestConfirm:
    def test_an_entry_without_a_vector_votes_from_then_on(self, cache: Cache) -> None:
        entry = stored(cache.store(REFUND, degrees=None, order_id="ORD-1"))
        assert not cache.find(PLEASE, order_id="ORD-2").hit

        assert storage.confirm(entry, at(0))

        assert cache.find(PLEASE, order_id="ORD-2").entry_id == entry.pk
        assert not storage.confirm(entry, at(0)), "once is enough"

    def test_one_that_is_for_an_identical_request_votes_for_nothing(self, cache: Cache) -> None:
        plan = plan_with({"order_id": "ORD-1", "day": "2031-05-17"})
        entry = stored(cache.store(REFUND, plan, order_id="ORD-1"))
        assert not storage.confirm(entry, at(0))
        assert not votes(entry)


class TestWords:
    """Only what an example said, for as long as it is one."""

    def known(self, cache: Cache, entry: Entry, *words: str) -> frozenset[str]:
        return look_up(cache.scope.digest, words, entry.skeleton).known

    def test_those_of_an_example_are_known_of_its_skeleton(self, cache: Cache) -> None:
        entry = stored(cache.store("Refund order {} pronto", order_id="ORD-1"))
        other = stored(cache.store(CANCEL, degrees=90, service="cancel_order", order_id="ORD-1"))
        assert self.known(cache, entry, "pronto", "cancel", "{order_id}") == {"pronto"}
        assert self.known(cache, other, "pronto", "cancel") == {"cancel"}

    def test_a_plan_that_votes_for_nothing_knows_none(self, cache: Cache) -> None:
        cache.store("Refund order {} pronto", degrees=None, order_id="ORD-1")
        cache.find_wrong("Refund order {} presto", order_id="ORD-1")
        assert not ObservedWord.objects.exists()

    def test_a_word_of_examples_of_many_skeletons_is_neutral(self, cache: Cache) -> None:
        seen = []
        for number, service in enumerate(("alpha", "beta", "gamma")):
            cache.store(f"{service} {{}} pronto", degrees=40 * number, service=service, order_id="ORD-1")
            seen.append(look_up(cache.scope.digest, ["pronto"], "").neutral)
        assert seen == [frozenset(), frozenset(), {"pronto"}]

    def test_many_examples_of_one_skeleton_make_no_word_neutral(self, cache: Cache) -> None:
        for number in range(8):
            cache.store(f"Refund order {{}} pronto {'so ' * number}", degrees=number, order_id="ORD-1")
        assert not look_up(cache.scope.digest, ["pronto"], "").neutral

    @pytest.mark.parametrize("way", ["quarantine", "forget", "forget_using", "forget_project"])
    def test_what_is_no_example_any_more_is_forgotten(self, cache: Cache, way: str) -> None:
        entry = stored(cache.store("Refund order {} pronto", order_id="ORD-1"))
        project_id = cache.scope.project_id

        ways: dict[str, Callable[[], object]] = {
            "quarantine": lambda: storage.quarantine(entry.pk, "It was wrong."),
            "forget": lambda: storage.forget(project_id, [entry.pk]),
            "forget_using": lambda: storage.forget_using(project_id, "refund_payment"),
            "forget_project": lambda: storage.forget_project(project_id),
        }
        ways[way]()

        assert not self.known(cache, entry, "pronto", "refund")

    def test_but_not_what_another_example_said(self, cache: Cache) -> None:
        wrong = stored(cache.store("Do not refund order {} pronto", order_id="ORD-1"))
        right = stored(cache.store("Refund order {} pronto", degrees=10, order_id="ORD-1"))

        storage.quarantine(wrong.pk, "It was wrong.")

        assert self.known(cache, right, "do", "not", "pronto", "refund") == {"pronto", "refund"}

    def test_other_projects_keep_theirs(self, cache: Cache, make_project: MakeProject) -> None:
        other = cache.elsewhere(project_id=make_project("other").pk)
        theirs = stored(other.store(REFUND, order_id="ORD-1"))
        mine = stored(cache.store(REFUND, order_id="ORD-1"))
        storage.quarantine(mine.pk, "It was wrong.")
        storage.forget_project(cache.scope.project_id)
        assert self.known(other, theirs, "refund") == {"refund"}

    def test_a_word_that_is_too_long_is_left_out(self, cache: Cache) -> None:
        assert cache.store(f"Refund order {{}} {'x' * 200}", order_id="ORD-1") is not None
        assert set(ObservedWord.objects.values_list("word", flat=True)) == {"refund", "order"}


def test_an_entry_in_quarantine_can_be_released_with_its_words(cache: Cache) -> None:
    entry = stored(cache.store("Refund order {} pronto", order_id="ORD-1"))
    storage.quarantine(entry.pk, "Plan p was found wrong.")

    assert not storage.release(entry.pk, "For another reason.", vector=at(0))
    assert storage.release(entry.pk, "Plan p was found wrong.", vector=at(0))

    assert cache.find(PLEASE + " pronto", order_id="ORD-2").entry_id == entry.pk
    assert look_up(cache.scope.digest, ["pronto"], entry.skeleton).known


def test_a_counter_example_is_no_obstacle_to_deleting_its_project(cache: Cache, project: Project) -> None:
    cache.find_wrong(REFUND, order_id="ORD-1")
    cache.store(PLEASE, order_id="ORD-1")
    project.delete()
    assert not Entry.objects.exists() and not ObservedWord.objects.exists()


def test_storing_costs_few_statements(cache: Cache, django_assert_max_num_queries: Any) -> None:
    cache.store(CANCEL, degrees=90, service="cancel_order", order_id="ORD-1")
    with django_assert_max_num_queries(12):
        cache.store(REFUND, order_id="ORD-1")
