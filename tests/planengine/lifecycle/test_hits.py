"""A hit by what a process remembers is the hit that the slow way gives, or none at all, whatever has changed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st
from hypothesis.extra.django import TransactionTestCase

from cache import storage
from cache.models import Entry, EntryUse
from orra.base.strictjson import Json
from planengine.catalogue import registry
from planengine.evaluation import shadow
from planengine.grounding import registry as groundings
from planengine.lifecycle import hits, plans
from planengine.models import ApiKey, Plan, Project, Service, find_caller
from planengine.requests import PlanRequest
from planengine.reuse import plan_cache
from tests.conftest import SHOP, Api
from tests.planengine.grounding.specs import spec
from tests.planengine.lifecycle.remembered import again, check_that_none_passes, stored

pytestmark = pytest.mark.django_db(transaction=True)

WORDS = "Refund order {}"
HOUR = timedelta(hours=1)


def request(order: str = "ORD-17", **more: str) -> PlanRequest:
    return PlanRequest(WORDS.format(order), {"order_id": order}, **more)  # type: ignore[arg-type]


@pytest.fixture
def known(api: Api) -> Api:
    """Its request is planned, was hit in the slow way, and is remembered."""
    api.plan(WORDS.format("ORD-1"), {"order_id": "ORD-1"})
    assert api.plan(WORDS.format("ORD-2"), {"order_id": "ORD-2"})["source"] == "exact"
    return api


@pytest.mark.parametrize("ago, least", [(HOUR, 3_600_000), (-HOUR, 0)])  # or the clock was set back
def test_its_timings_begin_with_the_requests_arrival(known: Api, ago: timedelta, least: int) -> None:
    hit = again(known.secret, request(), ago=ago)
    assert hit is not None
    timings = hit.plan.timings_ms
    assert least <= timings["accepting"] <= timings["total"] < least + 60_000
    assert timings["waiting"] == timings["planner"] == 0


def test_a_hit_takes_one_statement(known: Api, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        hit = again(known.secret, request("ORD-3"))
    before = EntryUse.objects.get(entry__kind="plan").hits
    with django_assert_num_queries(1):
        assert stored(hit)

    assert hit is not None
    row = Plan.objects.get(pk=hit.plan.pk)
    slow = known.plan(WORDS.format("ORD-3"), {"order_id": "ORD-3"})
    assert (row.status, row.source, row.plan) == ("ready", "exact", slow["plan"])
    assert row.plan is not None
    assert row.plan["tasks"][0]["input"] == {"order_id": "ORD-3"}
    assert EntryUse.objects.get(entry__kind="plan").hits == before + 2


@pytest.mark.parametrize("mode", ["bypass", "refresh"])
def test_only_what_may_be_served_from_the_cache_is(known: Api, mode: str) -> None:
    assert again(known.secret, request(cache=mode)) is None
    assert again(known.secret, request(cache="only")) is not None


def test_another_key_other_words_and_another_template_are_not_known(known: Api) -> None:
    assert again(known.secret + "x", request()) is None
    assert again(known.secret, PlanRequest("Refund the order ORD-17", {"order_id": "ORD-17"})) is None
    assert again(known.secret, PlanRequest(WORDS.format("ORD-17"), {"order": "ORD-17"})) is None


def _entry() -> Entry:
    return Entry.objects.filter(kind="plan").latest("created_at")


def _revoke(project: Project) -> None:
    ApiKey.issue(project)
    ApiKey.objects.filter(project=project).earliest("created_at").revoke()


def _set(**values: Json) -> Callable[[Project], None]:
    def change(project: Project) -> None:
        Project.objects.filter(pk=project.pk).update(**values)

    return change


def _register(name: str, **changed: Json) -> Callable[[Project], None]:
    def change(project: Project) -> None:
        registry.register(project, name, {**SHOP["refund_payment"], **changed})

    return change


def _report(project: Project) -> None:
    shadow.report(Plan.objects.filter(source="exact").latest("created_at"), wrong=True, note="")


CHANGES: dict[str, Callable[[Project], object]] = {
    "the key is revoked": _revoke,
    "the key is deleted": lambda project: ApiKey.objects.filter(project=project).delete(),
    "a setting": _set(wrong_hit_tolerance=0.001),
    "a grounding is demanded": _set(grounding_required=True),
    "a service has another schema": _register(
        "refund_payment", input_schema={"type": "object", "properties": {"order_id": {"type": "integer"}}}
    ),
    "another service is there": _register("refund_twice"),
    "the service is removed": lambda project: registry.remove(Service.objects.get(name="refund_payment")),
    "the entry is evicted": lambda project: _entry().delete(),
    "the entry is in quarantine": lambda project: storage.quarantine(_entry().pk, "by hand"),
    "the entry has expired": lambda project: Entry.objects.update(
        expires_at=timezone.now() - timedelta(seconds=1)
    ),
    "the entry is contested": lambda project: Entry.objects.update(contested=True),
    "the entry is to be planned anew": lambda project: Entry.objects.update(replan_reason="because"),
    "a plan was reported as wrong": _report,
    "a grounding holds": lambda project: groundings.apply(project, spec()),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_changes_counts_on_the_very_next_request(
    known: Api, project: Project, change: Callable[[Project], object]
) -> None:
    made = again(known.secret, request("ORD-4"))
    change(project)
    count = Plan.objects.count()

    assert not stored(made)  # begun before the change, stored after it
    later = again(known.secret, request("ORD-5"))
    assert later is None or not stored(later)
    assert Plan.objects.count() == count


def test_what_does_not_concern_it_does_not_stop_it(known: Api, make_project: Callable[..., Project]) -> None:
    other = make_project("other")
    registry.register(other, "refund_payment", {**SHOP["refund_payment"], "description": "Something else."})
    known.plan("Find the order ORD-9", {"order_id": "ORD-9"})

    assert stored(again(known.secret, request("ORD-5")))


def test_after_a_change_the_slow_way_teaches_it_anew(known: Api, project: Project) -> None:
    _set(cache_ttl_seconds=1_000)(project)
    assert not stored(again(known.secret, request("ORD-5")))
    assert again(known.secret, request("ORD-5")) is None

    known.plan(WORDS.format("ORD-6"), {"order_id": "ORD-6"})

    assert stored(again(known.secret, request("ORD-7")))


def test_what_is_not_so_any_more_is_forgotten(known: Api, project: Project) -> None:
    groundings.apply(project, spec())
    assert not stored(again(known.secret, request("ORD-5")))

    assert hits.caller_of(known.secret) is None
    assert again(known.secret, request("ORD-5")) is None


def test_many_params_are_left_to_the_slow_way(known: Api) -> None:
    many = {f"p{number}": number for number in range(hits.MOST_PARAMS + 1)}
    assert again(known.secret, PlanRequest("Refund order ORD-17", many)) is None


def test_hits_and_a_change_of_a_service_do_not_wait_for_each_other(known: Api, project: Project) -> None:
    """A hit's foreign key and a registration that holds the project go together."""

    def ask() -> bool:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '5s'")
            return stored(again(known.secret, request("ORD-6")))
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other, transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        assert other.submit(ask).result()


def test_a_key_of_idempotency_gives_one_plan(known: Api) -> None:
    first = again(known.secret, request(), idempotency_key="a")
    second = again(known.secret, request(), idempotency_key="a")
    other = again(known.secret, request("ORD-8"), idempotency_key="a")
    assert stored(first) and not stored(second) and not stored(other)

    project = find_caller(known.secret)
    assert project is not None and first is not None
    plan, new = plans.ask(project, request(), idempotency_key="a")
    assert (plan.pk, new) == (first.plan.pk, False)


def test_hits_that_were_not_counted_are_counted_later(known: Api) -> None:
    first, second = (again(known.secret, request(f"ORD-{number}")) for number in (5, 6))
    assert first is not None and not hits.settle(first, None)
    before = EntryUse.objects.get(entry__kind="plan").hits
    assert second is not None and stored(second) and stored(again(known.secret, request("ORD-7")))

    assert EntryUse.objects.get(entry__kind="plan").hits == before + 2


def test_no_hit_passes_a_key_that_is_revoked_meanwhile(known: Api, project: Project) -> None:
    check_that_none_passes(lambda: _revoke(project), lambda number: again(known.secret, request(f"ORD-{number}")))


class Whatever(TransactionTestCase):
    @budget(max_examples=25)
    @given(st.lists(st.sampled_from([*CHANGES, "ask", "plan"]), min_size=1, max_size=6))
    def test_what_is_stored_is_what_the_slow_way_would_serve(self, steps: list[str]) -> None:
        project = Project.objects.create(name="tests")
        for name, facts in SHOP.items():
            registry.register(project, name, facts)
        api = Api(ApiKey.issue(project)[1])
        api.plan(WORDS.format("ORD-1"), {"order_id": "ORD-1"})
        api.plan(WORDS.format("ORD-2"), {"order_id": "ORD-2"})
        for number, step in enumerate(steps):
            if step == "ask":
                api.post("/v1/plans", {"action": WORDS.format("ORD-3"), "params": {"order_id": "ORD-3"}})
            elif step == "plan":
                if api.get("/v1/project").status_code == 200:
                    api.plan(WORDS.format("ORD-4"), {"order_id": "ORD-4"})
            else:
                try:
                    CHANGES[step](project)
                except (Entry.DoesNotExist, Service.DoesNotExist, ApiKey.DoesNotExist, Plan.DoesNotExist):
                    continue
                except Exception as error:  # what cannot be done in this state changes nothing
                    if type(error).__name__ not in ("BadRequest", "IntegrityError"):
                        raise
            asked = request(f"ORD-{number + 10}")
            hit = again(api.secret, asked)
            if hit is None or not stored(hit):
                continue
            caller = find_caller(api.secret)
            assert caller is not None and caller.key_revoked_at is None
            slow = plan_cache.find(caller, asked)
            assert (slow.kind, slow.entry_id, slow.plan) == ("exact", hit.plan.cache_entry_id, hit.plan.plan)
