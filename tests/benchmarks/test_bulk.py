"""The benchmarks' rows by the hundred thousand fit the tables as they are now."""

import hashlib
from datetime import timedelta

import pytest
from django.utils import timezone

from benchmarks.many_rows import bulk, stats
from benchmarks.many_rows.bulk import Directions
from benchmarks.measuring import shop
from cache.models import Entry, EntryUse, EntryVector
from planengine.models import Project

ROWS = 200


@pytest.mark.django_db
def test_copied_entries_differ_from_the_original_in_what_makes_them_others() -> None:
    shop.open_project()
    like = Entry.objects.get()
    other = Project.objects.create(name="other")
    scope = hashlib.sha256(b"100 % other").hexdigest()
    tomorrow = timezone.now() + timedelta(days=1)

    vectors = Directions().draw(ROWS)
    bulk.load(like=like, project_id=other.pk, scope=scope, vectors=vectors, first=1, expires_at=tomorrow)

    copies = Entry.objects.filter(project=other)
    assert copies.count() == ROWS
    assert copies.values("template_key").distinct().count() == ROWS
    assert set(copies.values_list("scope", "expires_at")) == {(scope, tomorrow)}
    assert all(entry.plan == like.plan and entry.recipe == like.recipe for entry in copies[:3])
    assert EntryUse.objects.filter(entry__in=copies).count() == ROWS
    assert EntryVector.objects.filter(entry__in=copies).count() == ROWS


@pytest.mark.django_db
def test_a_column_that_is_no_more_is_named() -> None:
    with pytest.raises(ValueError, match="no column colour"):
        bulk.copy_rows(Project.objects.create(name="copied"), range(1, 2), colour="'red'")


@pytest.mark.django_db(transaction=True)
def test_every_filled_in_plan_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stats, "PLANS", ROWS)
    monkeypatch.setattr(stats, "CALLS", 2)

    assert stats.run(full=False).plans == ROWS
