from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from cache import expiry, pins, storage
from cache.models import Entry, EntryVector
from planengine.evaluation import shadow
from planengine.models import Plan, Project
from tests.conftest import Api

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def entry(api: Api) -> Entry:
    """Of a plan that somebody confirmed, so that it votes."""
    confirm(api.plan("Refund order ORD-17", {"order_id": "ORD-17"})["id"])
    return Entry.objects.get()


def confirm(plan_id: str) -> None:
    shadow.report(Plan.objects.get(pk=plan_id), wrong=False)


def ask(api: Api, number: int, **members: str) -> object:
    return api.plan(f"Refund order ORD-{number}", {"order_id": f"ORD-{number}"}, **members)["source"]


def let_time_pass(entry: Entry) -> None:
    """As much as makes an entry that is not pinned expire."""
    past = timezone.now() - timedelta(seconds=1)
    Entry.objects.filter(pk=entry.pk, pinned=False).update(expires_at=past)
    EntryVector.objects.filter(pk=entry.pk, entry__pinned=False).update(expires_at=past)


def test_a_pinned_entry_serves_for_ever_by_template_and_by_meaning(api: Api, entry: Entry) -> None:
    Project.objects.update(wrong_hit_tolerance=1.0)  # one example shall do
    pins.pin([entry.pk])
    let_time_pass(entry)

    assert expiry.delete_expired() == 0
    assert ask(api, 18) == "exact"
    assert api.plan("Please refund the order B-2", {"order_id": "B-2"})["source"] == "semantic"


def test_unpinned_it_lives_as_long_as_a_new_one(entry: Entry, project: Project) -> None:
    pins.pin([entry.pk])
    before = timezone.now()
    assert pins.unpin([entry.pk]) == [entry.pk]

    entry.refresh_from_db()
    lives = (entry.expires_at - before).total_seconds()
    assert project.cache_ttl_seconds <= lives < project.cache_ttl_seconds + 60
    assert EntryVector.objects.get().expires_at == entry.expires_at


def test_only_what_changes_is_told(entry: Entry) -> None:
    assert [pins.pin([entry.pk]), pins.pin([entry.pk]), pins.unpin([entry.pk]), pins.unpin([entry.pk])] == [
        [entry.pk],
        [],
        [entry.pk],
        [],
    ]
    assert pins.pin(["ce_unknown"]) == []


def test_a_plan_stored_anew_inherits_the_pin(api: Api, entry: Entry) -> None:
    pins.pin([entry.pk])

    assert ask(api, 18, cache="refresh") == "composer"

    confirm(Plan.objects.latest("created_at").pk)
    anew = Entry.objects.get()
    assert anew.pk != entry.pk
    assert anew.pinned and anew.expires_at == pins.NEVER
    assert EntryVector.objects.get().expires_at == pins.NEVER


def test_a_plan_stored_anew_is_not_pinned_otherwise(api: Api, entry: Entry) -> None:
    ask(api, 18, cache="refresh")

    assert not Entry.objects.get().pinned


def test_a_pin_does_not_keep_a_wrong_entry(api: Api, entry: Entry) -> None:
    pins.pin([entry.pk])
    storage.quarantine(entry.pk, "found wrong")

    assert ask(api, 18) == "composer"
    assert Plan.objects.latest("created_at").decision == "miss"


def test_the_api_tells_that_it_does_not_expire(api: Api, entry: Entry) -> None:
    assert api.get(f"/v1/cache/entries/{entry.pk}").json()["expires_at"] is not None
    pins.pin([entry.pk])

    told = api.get(f"/v1/cache/entries/{entry.pk}").json()
    assert (told["pinned"], told["expires_at"]) == (True, None)
