"""Lookups and stores in a project that grows to a million entries, with a thousand other projects beside it."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks.many_rows import bulk
from benchmarks.many_rows.bulk import Directions, Vectors
from benchmarks.measuring import shop, table
from benchmarks.measuring.table import Spread
from cache import indexes
from cache.examples.nearest import nearest_examples
from cache.examples.votes import NEAREST
from cache.lookup import find
from cache.models import Entry
from cache.policy import Policy
from cache.requests import Request, Scope
from cache.storage import Source, store
from orra.base.strictjson import Json
from planengine.models import Project

SIZES = (1_000, 10_000, 20_000, 100_000)
FULL_SIZES = (*SIZES, 1_000_000)
NEIGHBOURS = 1_000
NEIGHBOURS_ENTRIES = 100
LOOKUPS = 60
SCANS = 20  # a scan of a million vectors takes a while
LOOKUP_LIMIT_MS = 15.0
STORE_LIMIT_MS = 20.0
FLOOR = 0.3

SAME = "Refund order {order_id} because it is {reason}"
OTHER_WORDS = "Please refund the order {order_id} because it is {reason}"
REFUSED = "Do not refund the order {order_id} because it is {reason}"


@dataclass(frozen=True)
class Size:
    """Milliseconds with so many entries in the project. ``bare`` is a ``SELECT 1``: how busy the machine was.
    ``indexed`` and what follows are of a scope that has an index by meaning, ``None`` of one that is scanned."""

    entries: int
    bare: Spread
    template: Spread
    scanned: Spread
    indexed: Spread | None
    refused: Spread
    store: Spread
    recall: float | None
    build_seconds: float | None
    index_megabytes: float | None

    @property
    def by_meaning(self) -> Spread:
        return self.indexed or self.scanned


def run(*, full: bool, after_each: Callable[[list[Size]], None]) -> list[Size]:
    """``after_each`` is given the sizes measured so far: the last one takes the longest."""
    table.heading(f"The cache at scale: one project that grows, {NEIGHBOURS:,} beside it")
    table.line(
        *(
            "entries",
            "SELECT 1",
            "exact template",
            "by meaning",
            "refused",
            "scan",
            "store",
            "recall@32",
            "index built",
            "index",
        )
    )
    grown = _Grown.begin()
    measured = []
    for entries in FULL_SIZES if full else SIZES:
        grown.grow_to(entries)
        size = _measure(grown)
        measured.append(size)
        _print(size)
        after_each(measured)
    scans = _sequential_scans(grown)
    table.line("sequential scans", ", ".join(scans) or "none in a lookup or a store")
    indexes.keep(at_least=0)
    return measured


def _print(size: Size) -> None:
    table.line(
        f"{size.entries:,}",
        f"{size.bare.p95:.1f} ms",
        f"{size.template.p95:.1f} ms",
        f"{size.by_meaning.p95:.1f} ms",
        f"{size.refused.p95:.1f} ms",
        f"{size.scanned.p95:.1f} ms",
        f"{size.store.p95:.1f} ms",
        "exact" if size.recall is None else f"{size.recall:.3f}",
        "–" if size.build_seconds is None else f"{size.build_seconds:.0f} s",
        "–" if size.index_megabytes is None else f"{size.index_megabytes:,.0f} MB",
    )


def verdicts(sizes: list[Size]) -> None:
    """The limits hold up to a hundred thousand entries; beyond, the figures tell how it goes on."""
    size = max((size for size in sizes if size.entries <= 100_000), key=lambda size: size.entries)
    table.heading(f"p95 with {size.entries:,} entries, the machine's load at {os.getloadavg()[0]:.1f}")
    for name, spread, limit in (
        ("lookup by exact template", size.template, LOOKUP_LIMIT_MS),
        ("lookup by meaning, the vector given", size.by_meaning, LOOKUP_LIMIT_MS),
        ("store", size.store, STORE_LIMIT_MS),
    ):
        table.line(name, f"{spread.p95:.2f} ms", f"≤ {limit:g} ms", table.verdict(spread.p95, limit))


@dataclass
class _Grown:
    """A project's cache, and how far it has grown."""

    scope: Scope
    like: Entry
    directions: Directions
    sample: Vectors
    entries: int = 0
    number: int = 0
    stored: int = 0

    @classmethod
    def begin(cls) -> _Grown:
        """With the other projects full and this one empty, but for the entry that all are like."""
        directions = Directions()
        project = shop.open_project()
        like = Entry.objects.get(project=project)
        grown = cls(
            Scope(project.pk, embedding_model="benchmark", planner="model:benchmark"),
            like,
            directions,
            directions.draw(0),
        )
        grown._store(SAME)
        neighbours = Project.objects.bulk_create([Project(name="beside") for _ in range(NEIGHBOURS)])
        with transaction.atomic():  # one commit for all
            for neighbour in neighbours:
                scope = hashlib.sha256(neighbour.pk.encode()).hexdigest()
                grown._load(neighbour.pk, scope, directions.draw(NEIGHBOURS_ENTRIES))
        return grown

    def grow_to(self, entries: int) -> None:
        indexes.keep(at_least=0)  # filling an index row by row takes longer than building it
        while self.entries < entries:
            vectors = self.directions.draw(min(100_000, entries - self.entries))
            self._load(self.scope.project_id, self.scope.digest, vectors)
            self.entries += len(vectors)
        self.sample = self.directions.near(vectors[:LOOKUPS])
        bulk.analyze()

    def _load(self, project_id: str, scope: str, vectors: Vectors) -> None:
        expires_at = timezone.now() + timedelta(days=1)
        first = self.number
        self.number += len(vectors)
        bulk.load(
            like=self.like, project_id=project_id, scope=scope, vectors=vectors, first=first, expires_at=expires_at
        )

    def store(self) -> None:
        """An entry of a template of its own."""
        self.stored += 1
        word = "".join(chr(ord("a") + int(digit)) for digit in str(self.stored))
        self._store(f"{SAME}, says {word}")

    def _store(self, wording: str) -> None:
        asked = shop.request(self.stored, wording=wording)
        stored = store(
            Request(self.scope, asked.action, asked.params),
            shop.plan_for(asked),
            vector=self.directions.draw(1)[0],
            ttl_seconds=3600,
            source=Source("model"),
        )
        assert stored is not None

    def look_up(self, wording: str, vector: np.ndarray | None, *, expected: str) -> None:
        asked = shop.request(7, wording=wording)
        policy = Policy(accept=_accept, embed=lambda text: vector, floor=FLOOR)
        decision = find(Request(self.scope, asked.action, asked.params), policy)
        if decision.kind != expected:
            raise RuntimeError(f"The lookup ended as {decision.as_dict()}.")


def _accept(plan: Json) -> None:
    return None


def _measure(grown: _Grown) -> Size:
    sample = grown.sample
    template = _time(LOOKUPS, lambda number: grown.look_up(SAME, None, expected="exact"))
    scope = grown.scope.digest
    found: list[set[str]] = []
    scanned = _time(SCANS, lambda number: found.append(_nearest(scope, sample[number])))
    indexed = recall = build_seconds = index_megabytes = None
    started = time.perf_counter()
    if indexes.keep(at_least=20_000).built:
        build_seconds = time.perf_counter() - started
        index_megabytes = _index_megabytes()
        again = [_nearest(scope, vector) for vector in sample[:SCANS]]
        recall = float(
            np.mean([len(one & other) / len(one) for one, other in zip(found[-SCANS:], again, strict=True)])
        )
        indexed = _time(LOOKUPS, lambda number: grown.look_up(OTHER_WORDS, sample[number], expected="semantic"))
    else:
        scanned = _time(LOOKUPS, lambda number: grown.look_up(OTHER_WORDS, sample[number], expected="semantic"))
    return Size(
        entries=grown.entries,
        bare=_time(LOOKUPS, _select_one),
        template=template,
        scanned=scanned,
        indexed=indexed,
        refused=_time(LOOKUPS, lambda number: grown.look_up(REFUSED, sample[number], expected="miss")),
        store=_time(LOOKUPS, lambda number: grown.store()),
        recall=recall,
        build_seconds=build_seconds,
        index_megabytes=index_megabytes,
    )


def _nearest(scope: str, vector: np.ndarray) -> set[str]:
    """The ids of the examples that vote."""
    return {example.entry_id for example in nearest_examples(scope, vector, limit=NEAREST)}


def _time(times: int, call: Callable[[int], object]) -> Spread:
    call(0)  # pages that nobody has read for an hour are another measurement
    return Spread.of(table.timed(call, times))


def _select_one(number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()


def _index_megabytes() -> float:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(pg_relation_size(indexrelid)) / 1e6 FROM pg_index JOIN pg_class ON oid = indexrelid "
            "WHERE starts_with(relname, 'entryvector_near_')"
        )
        return float(cursor.fetchone()[0])


def _sequential_scans(grown: _Grown) -> list[str]:
    """What a lookup or a store reads from beginning to end, by the plans of their statements. Of those of reading,
    which are carried out again, what is in the plan for another case and never happens is left out."""
    with CaptureQueriesContext(connection) as queries:
        grown.look_up(REFUSED, grown.sample[0], expected="miss")
        grown.store()
    scans: set[str] = set()
    with connection.cursor() as cursor:
        for query in queries.captured_queries:
            statement = query["sql"].rpartition(";")[2].strip()
            verb = statement.split()[0]
            if verb in {"SELECT", "DELETE", "UPDATE", "INSERT"}:
                cursor.execute(f"EXPLAIN {'ANALYZE ' if verb == 'SELECT' else ''}{statement}")
                lines = [line.strip() for (line,) in cursor.fetchall()]
                scans |= {line for line in lines if "Seq Scan" in line and "never executed" not in line}
    return sorted(scans)
