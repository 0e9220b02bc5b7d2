"""Scopes that have outgrown the exact scan, with few vectors and a low threshold: what changes is the plan of the
query, not the number of rows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import numpy as np
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from numpy.typing import NDArray

from cache import indexes as vector_indexes
from cache import tasks
from cache.examples.nearest import index_name, nearest
from cache.indexes import Changes
from cache.models import Entry, EntryUse, EntryVector
from orra.base.strictjson import Json
from planengine.models import Project

pytestmark = pytest.mark.django_db(transaction=True)

Vectors = NDArray[np.float32]
DIMENSIONS = 64
SPOIL = "UPDATE pg_index SET indisvalid = false WHERE indexrelid = to_regclass(%s)"


def scope(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def unit(vectors: Vectors) -> Vectors:
    lengths: Vectors = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, lengths, dtype=np.float32)


def directions(count: int, *, seed: int = 0, dimensions: int = DIMENSIONS) -> Vectors:
    vectors = np.random.default_rng(seed).normal(size=(count, dimensions)).astype(np.float32)
    return unit(vectors)


def around(centres: Vectors, *, seed: int = 1) -> Vectors:
    """A direction near each of these."""
    count, dimensions = centres.shape
    moved = centres + 0.7 * directions(count, seed=seed, dimensions=dimensions)
    return unit(moved)


def fill(project: Project, name: str, vectors: Vectors, *, expired: int = 0) -> list[str]:
    """Entries of a scope with these vectors, the first so many of them expired; their ids."""
    now = timezone.now()
    ends = [now + timedelta(hours=-1 if number < expired else 1) for number in range(len(vectors))]
    facts: dict[str, Json] = {
        "scope_facts": {},
        "params": [],
        "template": {},
        "plan": {},
        "recipe": {},
        "services": {},
    }
    entries = [
        Entry(project=project, scope=scope(name), template_key=f"{number:064}", expires_at=end, **facts)
        for number, end in enumerate(ends)
    ]
    Entry.objects.bulk_create(entries)
    EntryUse.objects.bulk_create([EntryUse(entry=entry) for entry in entries])
    EntryVector.objects.bulk_create(
        [
            EntryVector(entry=entry, scope=scope(name), expires_at=entry.expires_at, embedding=vector)
            for entry, vector in zip(entries, vectors, strict=True)
        ]
    )
    return [entry.pk for entry in entries]


def indexes() -> dict[str, bool]:
    """The indexes by meaning that there are, and whether each is valid."""
    with connection.cursor() as cursor:
        cursor.execute(vector_indexes.EXISTING)
        return dict(cursor.fetchall())


@pytest.fixture
def project(make_project: Callable[..., Project]) -> Project:
    return make_project(services={})


@pytest.fixture(autouse=True)
def no_index_is_left(db: None) -> Iterator[None]:
    yield
    EntryVector.objects.all().delete()
    vector_indexes.keep(at_least=0)
    assert not indexes()


class TestTick:
    def test_a_scope_that_has_outgrown_the_scan_gets_an_index_and_others_none(self, project: Project) -> None:
        fill(project, "large", directions(40))
        fill(project, "small", directions(10))

        assert vector_indexes.keep(at_least=40) == Changes(built=(index_name(scope("large"), DIMENSIONS),))

        assert indexes() == {index_name(scope("large"), DIMENSIONS): True}

    def test_a_second_time_there_is_nothing_to_do(self, project: Project) -> None:
        fill(project, "large", directions(40))

        assert [bool(vector_indexes.keep(at_least=40).built) for _ in range(2)] == [True, False]

    def test_it_goes_when_the_scope_has_shrunk_to_half_and_not_before(self, project: Project) -> None:
        ids = fill(project, "large", directions(40))
        vector_indexes.keep(at_least=40)

        Entry.objects.filter(pk__in=ids[:20]).delete()
        assert vector_indexes.keep(at_least=40) == Changes()
        Entry.objects.filter(pk=ids[20]).delete()
        assert vector_indexes.keep(at_least=40).dropped

        assert not indexes()

    def test_it_goes_when_the_scope_is_gone_or_indexes_are_not_wanted(self, project: Project) -> None:
        fill(project, "gone", directions(40))
        fill(project, "stays", directions(40))
        vector_indexes.keep(at_least=40)

        Entry.objects.filter(scope=scope("gone")).delete()
        vector_indexes.keep(at_least=40)
        assert list(indexes()) == [index_name(scope("stays"), DIMENSIONS)]
        vector_indexes.keep(at_least=0)

        assert not indexes()

    def test_an_invalid_index_is_built_anew(self, project: Project) -> None:
        fill(project, "large", directions(40))
        name = index_name(scope("large"), DIMENSIONS)
        with connection.cursor() as cursor:
            cursor.execute(vector_indexes.CREATE.format(name=name, dimensions=DIMENSIONS), [scope("large")])
            cursor.execute(SPOIL, [name])

        assert vector_indexes.keep(at_least=40) == Changes(built=(name,), dropped=(name,))

        assert indexes() == {name: True}

    def test_what_a_build_that_fails_leaves_is_built_anew(self, project: Project) -> None:
        """Here an older transaction is open for longer than a build waits for it."""
        fill(project, "large", directions(40))
        other = connection.copy()
        waiting = pytest.MonkeyPatch()
        waiting.setattr(vector_indexes, "WAIT", "200ms")
        try:
            other.set_autocommit(False)
            with other.cursor() as cursor:
                cursor.execute("LOCK TABLE cache_entryvector IN ROW EXCLUSIVE MODE")
            assert vector_indexes.keep(at_least=40) == Changes()
            assert list(indexes().values()) == [False]
        finally:
            waiting.undo()
            other.rollback()
            other.close()

        vector_indexes.keep(at_least=40)
        assert indexes() == {index_name(scope("large"), DIMENSIONS): True}

    def test_while_one_is_at_it_others_do_nothing(self, project: Project) -> None:
        fill(project, "large", directions(40))
        with vector_indexes._alone() as alone:
            assert alone
            assert vector_indexes.keep(at_least=40) == Changes()

        assert vector_indexes.keep(at_least=40).built

    def test_several_at_once_build_each_index_once(self, project: Project) -> None:
        for number in range(3):
            fill(project, f"large {number}", directions(40))

        def work(number: int) -> Changes:
            try:
                return vector_indexes.keep(at_least=40)
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as pool:
            done = list(pool.map(work, range(4)))

        assert sorted(name for changes in done for name in changes.built) == sorted(indexes())
        assert list(indexes().values()) == [True] * 3

    def test_it_runs_as_a_task(self, project: Project, settings: pytest.FixtureRequest) -> None:
        settings.VECTOR_INDEX_FROM = 40  # type: ignore[attr-defined]
        fill(project, "large", directions(40))

        for _ in range(2):
            tasks.keep_vector_indexes()

        assert list(indexes().values()) == [True]


class TestSearch:
    def test_the_index_is_used_and_finds_what_the_scan_finds(self, project: Project) -> None:
        centres = directions(40, dimensions=256)
        vectors = around(np.repeat(centres, 50, axis=0))
        fill(project, "large", vectors)
        fill(project, "other", vectors)
        asked = around(centres[:20], seed=2)
        exact = [nearest(scope("large"), vector, limit=8) for vector in asked]

        vector_indexes.keep(at_least=2000)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE cache_entryvector")
        with CaptureQueriesContext(connection) as queries:
            found = [nearest(scope("large"), vector, limit=8) for vector in asked]

        overlap = [
            len({entry for entry, _ in one} & {entry for entry, _ in other}) / 8
            for one, other in zip(exact, found, strict=True)
        ]
        assert np.mean(overlap) > 0.9
        assert all(distances == sorted(distances) for distances in ([d for _, d in one] for one in found))
        settings, statement, _ = queries.captured_queries[1]["sql"].split(";")
        explained = explain(settings, statement)
        assert index_name(scope("large"), 256) in explained

    def test_a_scope_without_an_index_is_scanned_in_one_statement(self, project: Project) -> None:
        vectors = directions(20)
        ids = fill(project, "small", vectors)

        with CaptureQueriesContext(connection) as queries:
            found = nearest(scope("small"), vectors[3], limit=8)

        assert found[0][0] == ids[3]
        assert found[0][1] == pytest.approx(0, abs=1e-3)
        assert len(queries) == 1

    @pytest.mark.parametrize("indexed", [True, False])
    def test_neither_expired_nor_others_are_found(self, project: Project, indexed: bool) -> None:
        vectors = directions(300)
        ids = fill(project, "large", vectors, expired=280)
        fill(project, "other", vectors)
        if indexed:
            vector_indexes.keep(at_least=300)

        found = nearest(scope("large"), vectors[0], limit=100)

        assert {entry for entry, _ in found} == set(ids[280:])

    def test_vectors_of_another_length_are_left_alone(self, project: Project) -> None:
        fill(project, "large", directions(40))
        vector_indexes.keep(at_least=40)
        longer = directions(1, dimensions=DIMENSIONS * 2)

        assert nearest(scope("large"), longer[0], limit=8) == []

    def test_settings_of_the_index_do_not_outlast_the_search(self, project: Project) -> None:
        fill(project, "large", directions(40))
        vector_indexes.keep(at_least=40)
        nearest(scope("large"), directions(1)[0], limit=8)

        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('hnsw.ef_search'), current_setting('enable_sort')")
            assert cursor.fetchone() == ("40", "on")

    def test_inside_a_transaction_others_statements_are_planned_as_ever(self, project: Project) -> None:
        fill(project, "large", directions(40))
        vector_indexes.keep(at_least=40)

        with transaction.atomic(), connection.cursor() as cursor:
            assert nearest(scope("large"), directions(1)[0], limit=8)
            cursor.execute("SHOW enable_sort")
            assert cursor.fetchone() == ("on",)

    def test_an_index_that_is_invalid_is_not_used(self, project: Project) -> None:
        vectors = directions(40)
        ids = fill(project, "large", vectors)
        vector_indexes.keep(at_least=40)
        with connection.cursor() as cursor:
            cursor.execute(SPOIL, [*indexes()])

        with CaptureQueriesContext(connection) as queries:
            assert nearest(scope("large"), vectors[0], limit=1)[0][0] == ids[0]
        assert len(queries) == 1


def explain(settings: str, statement: str) -> str:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(settings)
        cursor.execute("EXPLAIN " + statement)
        return "\n".join(line for (line,) in cursor.fetchall())
