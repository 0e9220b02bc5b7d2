from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from threading import Barrier

import pytest
from django.db import connection, transaction
from django.utils import timezone

from cache import expiry, tasks
from cache.models import Entry, EntryUse, EntryVector
from planengine.models import Project

MakeEntry = Callable[..., Entry]
serial = count()


def make_entry(project: Project, *, unused_minutes: float = 0, expired: bool = False, **columns: object) -> Entry:
    """A whole entry, as the cache stores one."""
    now = timezone.now()
    expires_at = now + timedelta(hours=-1 if expired else 1)
    entry = Entry.objects.create(
        project=project,
        scope="scope",
        scope_facts={},
        template_key=f"{next(serial):064}",
        action="Refund it",
        params=[],
        template={},
        plan={},
        recipe={},
        services={},
        planned_by="model",
        expires_at=expires_at,
        **columns,
    )
    EntryUse.objects.create(entry=entry, last_used_at=now - timedelta(minutes=unused_minutes))
    EntryVector.objects.create(entry=entry, scope="scope", expires_at=expires_at, embedding=[1.0, 0.0])
    return entry


def left() -> set[str]:
    return set(Entry.objects.values_list("pk", flat=True))


@contextmanager
def held_by_somebody_else(entry: Entry) -> Iterator[None]:
    """The entry's row, locked by another connection; whoever waits for it fails."""
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT 1 FROM cache_entry WHERE id = %s FOR UPDATE", [entry.pk])
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
        other.rollback()
        other.close()


@pytest.fixture
def project(make_project: Callable[..., Project]) -> Project:
    return make_project(services={}, cache_max_entries=3)


class TestExpired:
    def test_they_go_in_batches_and_nothing_else_goes(self, project: Project) -> None:
        for _ in range(5):
            make_entry(project, expired=True)
        live = make_entry(project)

        assert expiry.delete_expired(batch=2) == 5

        assert left() == {live.pk}

    def test_vectors_and_counters_go_along(self, project: Project) -> None:
        make_entry(project, expired=True)

        expiry.delete_expired()

        assert not EntryVector.objects.exists()
        assert not EntryUse.objects.exists()

    def test_pinned_ones_stay(self, project: Project) -> None:
        kept = {make_entry(project, expired=True, pinned=True).pk, make_entry(project, pinned=True).pk}
        make_entry(project, expired=True)

        assert expiry.delete_expired() == 1

        assert left() == kept

    def test_a_second_time_there_is_nothing_to_do(self, project: Project) -> None:
        make_entry(project, expired=True)

        assert [expiry.delete_expired(), expiry.delete_expired()] == [1, 0]

    @pytest.mark.django_db(transaction=True)
    def test_a_row_in_use_is_left_for_the_next_time(self, project: Project) -> None:
        entries = [make_entry(project, expired=True) for _ in range(3)]

        with held_by_somebody_else(entries[0]):
            assert expiry.delete_expired(batch=1) == 2
            assert left() == {entries[0].pk}

        assert expiry.delete_expired(batch=1) == 1

    @pytest.mark.django_db(transaction=True)
    def test_each_batch_is_a_transaction_of_its_own(self, project: Project) -> None:
        for _ in range(3):
            make_entry(project, expired=True)

        def fail_at_the_second(execute: Callable[..., object], *args: object) -> object:
            deletions.append(1)
            if len(deletions) == 2:
                raise InterruptedError
            return execute(*args)

        deletions: list[int] = []
        with connection.execute_wrapper(fail_at_the_second), pytest.raises(InterruptedError):
            expiry.delete_expired(batch=1)

        assert len(left()) == 2

    @pytest.mark.django_db(transaction=True)
    def test_two_at_once_delete_each_entry_once(self, project: Project) -> None:
        for _ in range(300):
            make_entry(project, expired=True)
        kept = {make_entry(project).pk, make_entry(project, expired=True, pinned=True).pk}
        begin = Barrier(2)

        def work(number: int) -> int:
            try:
                begin.wait(timeout=20)
                return expiry.delete_expired(batch=7)
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as pool:
            deleted = list(pool.map(work, range(2)))

        # What one holds the other passes over, and finds gone when it looks again.
        assert sum(deleted) == 300
        assert left() == kept


class TestCaps:
    def test_the_ones_unused_for_longest_go(self, project: Project) -> None:
        entries = [make_entry(project, unused_minutes=minutes) for minutes in (50, 10, 40, 20, 30)]

        assert expiry.enforce_caps() == 2

        assert left() == {entries[1].pk, entries[3].pk, entries[4].pk}

    def test_in_batches(self, project: Project) -> None:
        for minutes in range(8):
            make_entry(project, unused_minutes=minutes)

        assert expiry.enforce_caps(batch=2) == 5

        assert len(left()) == 3

    def test_pinned_ones_stay_and_do_not_count(self, project: Project) -> None:
        pinned = {make_entry(project, unused_minutes=99, pinned=True).pk for _ in range(4)}
        entries = [make_entry(project, unused_minutes=minutes) for minutes in (4, 3, 2, 1)]

        assert expiry.enforce_caps() == 1

        assert left() == pinned | {entry.pk for entry in entries[1:]}

    @pytest.mark.parametrize("spoilt", [{"expired": True}, {"quarantined_at": timezone.now()}], ids=["old", "bad"])
    def test_what_serves_nobody_goes_before_what_is_used(
        self, project: Project, spoilt: dict[str, object]
    ) -> None:
        useless = make_entry(project, unused_minutes=0, **spoilt)  # type: ignore[arg-type]
        useful = {make_entry(project, unused_minutes=minutes).pk for minutes in (30, 20, 10)}

        assert expiry.enforce_caps() == 1

        assert useless.pk not in left()
        assert left() == useful

    def test_an_entry_without_a_counter_goes_first(self, project: Project) -> None:
        entries = [make_entry(project, unused_minutes=minutes) for minutes in (40, 30, 20, 10)]
        EntryUse.objects.filter(pk=entries[3].pk).delete()

        expiry.enforce_caps()

        assert left() == {entry.pk for entry in entries[:3]}

    def test_each_project_has_its_own_cap(self, project: Project, make_project: Callable[..., Project]) -> None:
        nothing_kept = make_project(services={}, cache_max_entries=0)
        make_entry(nothing_kept)
        mine = {make_entry(project).pk for _ in range(3)}

        assert expiry.enforce_caps() == 1

        assert left() == mine

    def test_a_second_time_there_is_nothing_to_do(self, project: Project) -> None:
        for _ in range(5):
            make_entry(project)

        assert [expiry.enforce_caps(), expiry.enforce_caps()] == [2, 0]

    @pytest.mark.django_db(transaction=True)
    def test_a_row_in_use_is_left_for_the_next_time(self, project: Project) -> None:
        entries = [make_entry(project, unused_minutes=minutes) for minutes in (50, 40, 30, 20, 10)]

        with held_by_somebody_else(entries[0]):
            assert expiry.enforce_caps() == 1
            assert left() == {entry.pk for entry in (entries[0], *entries[2:])}

        assert expiry.enforce_caps() == 1
        assert left() == {entry.pk for entry in entries[2:]}

    @pytest.mark.django_db(transaction=True)
    def test_two_at_once_delete_no_more_than_one_alone(self, project: Project) -> None:
        """The second begins while the first has chosen its rows and not yet committed."""
        for minutes in range(9):
            make_entry(project, unused_minutes=minutes)

        def work(number: int) -> int:
            try:
                return expiry.enforce_caps(batch=2)
            finally:
                connection.close()

        with transaction.atomic(), ThreadPoolExecutor(1) as pool:
            first = expiry.enforce_caps(batch=4)
            second = pool.submit(work, 0).result(timeout=20)

        assert (first, second) == (6, 0)
        assert len(left()) == 3


@pytest.mark.django_db
class TestTicks:
    def test_they_run_as_tasks(self, project: Project) -> None:
        make_entry(project, expired=True)
        for _ in range(4):
            make_entry(project)

        for _ in range(2):
            tasks.delete_expired()
            tasks.enforce_caps()

        assert len(left()) == 3
