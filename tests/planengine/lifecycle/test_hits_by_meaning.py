"""A hit by meaning from what a process remembers is the one that the slow way gives, or none at all, whatever has
changed in all that the votes looked at."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st
from hypothesis.extra.django import TransactionTestCase

from cache import expiry, pins, storage
from cache.examples import held, nearest, observed, versions
from cache.models import Entry, EntryVector, ObservedWord, ScopeVersion
from planengine.catalogue import registry
from planengine.embeddings import calibration
from planengine.embeddings.embedders import get_embedder
from planengine.lifecycle import hits, plans
from planengine.models import ApiKey, Plan, Project, find_caller
from planengine.requests import PlanRequest
from planengine.reuse import plan_cache
from tests.api.teaching import REFUNDS, REWORDED, teach
from tests.conftest import SHOP, Api
from tests.planengine.lifecycle import remembered
from tests.planengine.lifecycle.remembered import check_that_none_passes, stored
from tests.planengine.lifecycle.test_hits import CHANGES as OF_EXACT_HITS

pytestmark = pytest.mark.django_db(transaction=True)

FIND = "Find the order {}"


def request(order: str = "ORD-17", words: str = REWORDED) -> PlanRequest:
    return PlanRequest(words.format(order), {"order_id": order})


def again(api: Api, asked: PlanRequest) -> hits.Hit | None:
    return remembered.again(api.secret, asked)


def ask_slowly(api: Api, asked: PlanRequest) -> Plan:
    caller = find_caller(api.secret)
    assert caller is not None
    return plans.ask(caller, asked)[0]


def prepare(api: Api) -> None:
    """Its reworded request was hit by meaning in the slow way, and is remembered."""
    teach(api)
    assert ask_slowly(api, request("ORD-2")).source == "semantic"


@pytest.fixture
def known(api: Api) -> Api:
    prepare(api)
    return api


def test_a_hit_takes_one_statement_and_nothing_is_embedded(
    known: Api, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = ask_slowly(known, request("ORD-3"))
    monkeypatch.setattr(plan_cache, "embed", None)
    with django_assert_num_queries(0):
        hit = again(known, request("ORD-3"))
    with django_assert_num_queries(1):
        assert stored(hit)

    assert hit is not None
    row = Plan.objects.get(pk=hit.plan.pk)
    assert (row.status, row.source, row.plan, row.cache) == ("ready", "semantic", slow.plan, slow.cache)
    assert (row.decision, row.decision_reason, row.cache_entry_id) == (
        slow.decision,
        slow.decision_reason,
        slow.cache_entry_id,
    )


def _voting() -> Entry:
    return Entry.objects.filter(vector__isnull=False, kind="plan").latest("created_at")


def _in_sql(statement: str) -> Callable[[Project], object]:
    def change(project: Project) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    return change


def _keep(words: str, kept: Callable[..., object]) -> Callable[[Project], object]:
    def change(project: Project) -> None:
        asked = request("ORD-2", words)
        vector = plan_cache.embed(plan_cache.request_for(project, asked).template.embedding_text)
        kept(Project.objects.get(pk=project.pk), asked, vector=vector)

    return change


def _plan(project: Project, asked: PlanRequest, *, vector: Any) -> None:
    plan = Plan.objects.filter(status="ready").latest("created_at").plan
    plan_cache.store(project, asked, plan, vector=vector, planned_by="model", cost={})


def _refusal(project: Project, asked: PlanRequest, *, vector: Any) -> None:
    plan_cache.keep_refusal(project, asked, vector=vector, planned_by="model")


def _counter(project: Project, asked: PlanRequest, *, vector: Any) -> None:
    plan_cache.keep_counter(project, asked, Plan.objects.filter(status="ready").latest("pk").plan, vector=vector)


def _release(project: Project) -> None:
    entry = _voting()
    storage.quarantine(entry.pk, "by hand")
    storage.release(entry.pk, "by hand", vector=None)


def _expire(project: Project) -> None:
    Entry.objects.filter(pk=_voting().pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    expiry.delete_expired()


def _give_example(project: Project) -> None:
    example = {"action": "Undo the order {order_id}", "params": [{"field": "order_id", "value": "ORD-1"}]}
    registry.register(project, "refund_payment", {**SHOP["refund_payment"], "examples": [example]})


CHANGES: dict[str, Callable[[Project], object]] = {
    **{name: change for name, change in OF_EXACT_HITS.items() if name != "a plan was reported as wrong"},
    "all wrong hits are tolerated": lambda project: Project.objects.update(wrong_hit_tolerance=1.0),
    "the floor is another": lambda project: Project.objects.update(similarity_threshold=0.4),
    "hits by meaning are closed": lambda project: Project.objects.update(semantic_closed_at=timezone.now()),
    "a service has an example": _give_example,
    "another plan votes": _keep("Refund this order {}", _plan),
    "the same template has a plan": _keep(REWORDED, _plan),
    "a refusal votes": _keep("Refund no order {}", _refusal),
    "a counter-example votes": _keep("Refund the order {} then", _counter),
    "the template was found wrong": _keep(REWORDED, _counter),
    "an example is evicted": lambda project: storage.forget(project.pk, [_voting().pk]),
    "all that use the service go": lambda project: storage.forget_using(project.pk, "refund_payment"),
    "an example is in quarantine": lambda project: storage.quarantine(_voting().pk, "by hand"),
    "an example was in quarantine": _release,
    "an example is pinned": lambda project: pins.pin([_voting().pk]),
    "an example has expired": _expire,
    "an example votes no more": lambda project: storage.stop_voting(_voting()),
    "vectors are gone": lambda project: EntryVector.objects.all().delete(),
    "a vector is another": _in_sql("UPDATE cache_entryvector SET embedding = embedding + embedding"),
    "examples have other words": lambda project: Entry.objects.update(words="refund order"),
    "words are forgotten": lambda project: observed.forget_project(project.pk),
    "a word is seen": lambda project: observed.note(project.pk, _voting().scope, ["gladly"], "other"),
    "a word is gone": lambda project: ObservedWord.objects.filter(word="refund").delete(),
    "entries move to another scope": lambda project: Entry.objects.update(scope="elsewhere"),
    "the cache is emptied": _in_sql("DELETE FROM cache_entry"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_changes_counts_on_the_very_next_request(
    known: Api, project: Project, change: Callable[[Project], object]
) -> None:
    made = again(known, request("ORD-4"))
    change(project)
    count = Plan.objects.count()

    assert not stored(made)  # begun before the change, stored after it
    later = again(known, request("ORD-5"))
    assert later is None or not stored(later)
    assert Plan.objects.count() == count


def test_another_floor_of_the_model_counts_as_soon_as_it_is_known(known: Api) -> None:
    calibration.store("another-model", 0.45, measured={}, measured_on="", tolerance=0.01)
    assert again(known, request()) is not None
    calibration.store(get_embedder().name, 0.45, measured={}, measured_on="", tolerance=0.01)
    try:
        assert again(known, request()) is None
    finally:
        calibration.forget_remembered()


def test_an_example_that_expires_by_itself_ends_it(known: Api) -> None:
    """Nothing is written when a moment comes, so the statement looks at the clock."""
    soon = timezone.now() + timedelta(hours=1)
    EntryVector.objects.filter(pk=_voting().pk).update(expires_at=soon)
    ask_slowly(known, request("ORD-3"))
    made, later = again(known, request("ORD-4")), again(known, request("ORD-5"))
    assert made is not None and later is not None and soon in made.values

    passed = [timezone.now() if value == soon else value for value in made.values]
    assert not stored(replace(made, values=passed))
    assert stored(later)


def test_what_is_learned_elsewhere_does_not_stop_it(
    known: Api, make_project: Callable[..., Project], project: Project
) -> None:
    other = make_project("other")
    registry.register(other, "refund_payment", {**SHOP["refund_payment"], "description": "Something else."})
    _keep("Refund this order {}", _plan)(other)
    Plan.objects.filter(project=project).update(tokens_saved=1)

    assert stored(again(known, request("ORD-5")))


def test_after_a_change_the_slow_way_teaches_it_anew(known: Api, project: Project) -> None:
    _keep("Refund this order {}", _plan)(project)
    assert not stored(again(known, request("ORD-5")))
    assert again(known, request("ORD-5")) is None

    ask_slowly(known, request("ORD-6"))

    assert stored(again(known, request("ORD-7")))


def test_a_template_with_the_same_key_that_is_embedded_otherwise_is_asked_for_slowly(known: Api) -> None:
    assert again(known, request("ORD-5")) is not None
    assert again(known, request("ORD-5", REWORDED.replace(" order", "  order"))) is None


def test_nothing_is_remembered_within_a_transaction(api: Api) -> None:
    """It may go on to change what it has changed, under the same number."""
    teach(api)
    with transaction.atomic():
        assert ask_slowly(api, request("ORD-2")).source == "semantic"
    assert again(api, request("ORD-3")) is None


def test_no_two_states_of_a_scope_have_the_same_version(known: Api, project: Project) -> None:
    """Also of changes that are under way at the same time, and neither waits for the other."""
    scope = _voting().scope
    seen = [_version(scope)]

    def note(word: str) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '5s'")
            observed.note(project.pk, scope, [word], "other")
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            observed.note(project.pk, scope, ["first"], "other")
            observed.note(project.pk, scope, ["second"], "other")
            other.submit(note, "third").result()
            seen.append(other.submit(_version, scope, close=True).result())
        seen.append(_version(scope))
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            observed.note(project.pk, scope, ["fourth"], "other")
            raise ZeroDivisionError
        assert _version(scope) == seen[-1]
    observed.note(project.pk, scope, ["fifth"], "other")
    seen.append(_version(scope))

    assert len(set(seen)) == 4 and all(seen)
    assert ScopeVersion.objects.filter(scope=scope).count() == 1
    observed.note(project.pk, scope, ["fifth"], "other")
    assert _version(scope) == seen[-1]


def _version(scope: str, *, close: bool = False) -> str:
    with connection.cursor() as cursor:
        cursor.execute(versions.VERSION.format(scope="%s"), [scope])
        (found,) = cursor.fetchone()
    if close:
        connection.close()
    return str(found)


def test_versions_of_scopes_without_entries_are_deleted(known: Api) -> None:
    scope = _voting().scope
    assert versions.forget_unused() == 0
    Entry.objects.all().delete()
    assert _version(scope)
    assert versions.forget_unused() == ScopeVersion.objects.count() + 1
    assert _version(scope) == ""


def test_no_hit_passes_an_example_against_it_that_is_kept_meanwhile(known: Api, project: Project) -> None:
    check_that_none_passes(
        lambda: _keep("Refund no order {}", _refusal)(project),
        lambda number: again(known, request(f"ORD-{number}")),
    )


class Whatever(TransactionTestCase):
    @budget(max_examples=15)
    @given(st.lists(st.sampled_from([*CHANGES, "ask", "ask"]), min_size=1, max_size=6))
    def test_what_is_stored_is_what_the_slow_way_would_serve(self, steps: list[str]) -> None:
        project = Project.objects.create(name="tests")
        for name, facts in SHOP.items():
            registry.register(project, name, facts)
        api = Api(ApiKey.issue(project)[1])
        prepare(api)
        hold(api)
        for number, step in enumerate(steps):
            try:
                if step == "ask":
                    ask_slowly(api, request("ORD-3"))
                else:
                    CHANGES[step](project)
            except (AssertionError, Entry.DoesNotExist, Plan.DoesNotExist, ApiKey.DoesNotExist):
                continue
            except Exception as error:  # what cannot be done in this state changes nothing
                if type(error).__name__ not in ("BadRequest", "IntegrityError", "DoesNotExist"):
                    raise
            asked = request(f"ORD-{number + 10}")
            hit = again(api, asked)
            if hit is None or not stored(hit):
                asked = request(f"ORD-{number + 10}", f"{NEW} {'!' * number}")
                hit = by_meaning(api, asked)
            if hit is None or not stored(hit):
                continue
            caller = find_caller(api.secret)
            assert caller is not None and caller.key_revoked_at is None
            slow = plan_cache.find(caller, asked)
            assert (slow.plan, slow.as_dict()) == (hit.plan.plan, hit.plan.cache)


WORDINGS = ("Refund my order {}", "Kindly refund the order {}", "Please refund our order {}")
NEW = "Please refund this order {}"


@pytest.fixture
def unchanged(known: Api) -> Api:
    """Several lookups by meaning found its scope as it was before, so its examples are kept in the process."""
    hold(known)
    return known


def hold(api: Api) -> None:
    for words in WORDINGS:
        assert ask_slowly(api, request("ORD-2", words)).source == "semantic", words


def by_meaning(api: Api, request: PlanRequest) -> hits.Hit | None:
    asked = remembered.asked_by(api.secret, request)
    return hits.by_meaning(asked) if asked is not None and hits.may_be_held(asked) else None


def test_a_new_wording_takes_one_statement_where_its_examples_are_held(
    unchanged: Api, django_assert_num_queries: Any
) -> None:
    assert again(unchanged, request("ORD-3", NEW)) is None
    by_meaning(unchanged, request("ORD-3", NEW))  # its entry is read once
    with django_assert_num_queries(0):
        hit = by_meaning(unchanged, request("ORD-3", NEW))
    assert hit is not None
    slow = plan_cache.find(hit.plan.project, request("ORD-3", NEW))
    assert (hit.plan.plan, hit.plan.cache, hit.plan.source) == (slow.plan, slow.as_dict(), "semantic")
    with django_assert_num_queries(1):
        assert stored(hit)
    assert again(unchanged, request("ORD-4", NEW)) is not None  # it is a wording seen before now


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_changes_counts_for_new_wordings_too(
    unchanged: Api, project: Project, change: Callable[[Project], object]
) -> None:
    made = by_meaning(unchanged, request("ORD-4", NEW))
    change(project)
    later = by_meaning(unchanged, request("ORD-5", NEW))
    count = Plan.objects.count()

    assert not stored(made)
    assert later is None or not stored(later)
    assert by_meaning(unchanged, request("ORD-6", NEW)) is None
    assert Plan.objects.count() == count


def test_a_new_wording_whose_template_has_a_plan_or_a_fault_is_left_to_the_slow_way(
    known: Api, project: Project
) -> None:
    _keep(NEW, _plan)(project)
    hold(known)
    made = by_meaning(known, request("ORD-4", NEW))
    assert made is not None and not stored(made)


def test_a_scope_that_changes_or_is_too_large_is_not_held(
    known: Api, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    scope = _voting().scope
    held.forget(scope)
    for words in (*WORDINGS, *WORDINGS):
        observed.note(project.pk, scope, [words.split()[0], str(Plan.objects.count())], "other")
        ask_slowly(known, request("ORD-2", words))
    assert held.held(scope) is None
    monkeypatch.setattr(held, "MOST_EXAMPLES", len(REFUNDS) - 1)
    hold(known)
    assert held.held(scope) is None


def test_held_examples_are_found_as_the_database_finds_them(unchanged: Api) -> None:
    scope = _voting().scope
    kept = held.held(scope)
    assert kept is not None
    for words in (NEW, "Where is order {order_id}?", "x"):
        vector = plan_cache.embed(words)
        assert vector is not None
        found, expected = kept.nearest(vector, limit=4), nearest.find_nearest(scope, vector, limit=4)
        assert (found.version, found.until) == (expected.version, expected.until)
        for ours, theirs in zip(found.examples, expected.examples, strict=True):
            assert ours.similarity == pytest.approx(theirs.similarity, abs=1e-5)
            assert replace(ours, similarity=0.0) == replace(theirs, similarity=0.0)


def test_examples_that_have_expired_meanwhile_do_not_vote(unchanged: Api) -> None:
    kept = held.held(_voting().scope)
    assert kept is not None
    vector = plan_cache.embed(NEW)
    assert vector is not None
    count = len(kept.nearest(vector, limit=32).examples)
    expires = kept.expires.copy()
    expires[0] = 0.0
    assert len(replace(kept, expires=expires).nearest(vector, limit=32).examples) == count - 1
    assert kept.nearest(vector[:3], limit=32).examples == []


def test_what_is_taught_is_what_the_fixture_says(known: Api) -> None:
    assert Entry.objects.filter(kind="plan", vector__isnull=False).count() == len(REFUNDS)
