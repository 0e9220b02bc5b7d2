"""Entries by the hundred thousand, written past the ORM.

Ids and template keys are digests, as random as real ones. Vectors are unit vectors of a few dozen topics with many
directions each: nearer to one another than random ones, as those of one team's requests are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from cache.models import Entry

Vectors = NDArray[np.float32]

DIMENSIONS = 384
TOPICS = 40
WITHIN_TOPIC = 48  # directions in which requests of one topic differ
CHUNK = 20_000
EPOCH = 946_684_800  # Postgres counts microseconds from the year 2000

# Each a copy of one that was stored in earnest, under another id and template.
ENTRIES = """
    INSERT INTO cache_entry (
        id, template_key, expires_at, project_id, scope, scope_facts, action, params, template, plan, recipe,
        identity, variant, services, dependencies, replan_reason, planned_by, cost, created_at, pinned,
        quarantine_reason
    )
    SELECT 'ce_' || left(md5(number::text), 24), encode(sha256(number::text::bytea), 'hex'), %(expires_at)s,
        %(project)s, %(scope)s, scope_facts, action, params, template, plan, recipe, identity, variant, services,
        dependencies, replan_reason, planned_by, cost, now() - number * interval '1 millisecond', false, ''
    FROM cache_entry, generate_series(%(first)s, %(last)s) AS number WHERE id = %(like)s
"""
USES = """
    INSERT INTO cache_entryuse (entry_id, hits, last_used_at)
    SELECT 'ce_' || left(md5(number::text), 24), 0, now() - number * interval '1 second'
    FROM generate_series(%(first)s, %(last)s) AS number
"""
VECTOR_COLUMNS = ("entry_id", "scope", "expires_at", "embedding")


@dataclass
class Directions:
    """A source of unit vectors, the same ones in every run."""

    random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(1))

    def __post_init__(self) -> None:
        self.topics = unit(self.random.normal(size=(TOPICS, DIMENSIONS)))
        self.within = self.random.normal(size=(WITHIN_TOPIC, DIMENSIONS)) / np.sqrt(DIMENSIONS * WITHIN_TOPIC)

    def draw(self, count: int) -> Vectors:
        topics = self.topics[self.random.integers(0, TOPICS, count)]
        differing = self.random.normal(size=(count, WITHIN_TOPIC)) @ self.within
        return unit(0.6 * topics + 1.3 * differing + 0.35 * self._noise(count))

    def near(self, vectors: Vectors) -> Vectors:
        """As if the same were said in other words."""
        return unit(vectors + 0.4 * self._noise(len(vectors)))

    def _noise(self, count: int) -> Vectors:
        numbers: Vectors = self.random.normal(size=(count, DIMENSIONS)).astype(np.float32)
        return numbers / np.float32(np.sqrt(DIMENSIONS))


def unit(vectors: NDArray[Any]) -> Vectors:
    lengths: Vectors = np.linalg.norm(vectors, axis=1, keepdims=True)
    directions: Vectors = (vectors / lengths).astype(np.float32)
    return directions


def load(*, like: Entry, project_id: str, scope: str, vectors: Vectors, first: int, expires_at: datetime) -> None:
    """One entry for each vector, numbered from ``first`` on: numbers must not repeat."""
    facts: dict[str, Any] = {"project": project_id, "scope": scope, "expires_at": expires_at, "like": like.pk}
    with connection.cursor() as cursor:
        for start in range(0, len(vectors), CHUNK):
            chunk = vectors[start : start + CHUNK]
            numbers = range(first + start, first + start + len(chunk))
            cursor.execute(ENTRIES, {**facts, "first": numbers[0], "last": numbers[-1]})
            cursor.execute(USES, {"first": numbers[0], "last": numbers[-1]})
            with cursor.copy(
                f"COPY cache_entryvector ({', '.join(VECTOR_COLUMNS)}) FROM STDIN (FORMAT binary)"
            ) as copy:
                for part in _binary(numbers, scope, expires_at, chunk):
                    copy.write(part)


def analyze() -> None:
    """What autovacuum would do after so many rows."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE cache_entry, cache_entryvector, cache_entryuse")


def _binary(numbers: range, scope: str, expires_at: datetime, vectors: Vectors) -> Iterator[bytes]:
    """Rows of cache_entryvector in Postgres' binary COPY format, which has the length before every value; a
    halfvec is its number of dimensions, two bytes of nothing, and its numbers."""
    shape = np.dtype(
        [
            ("columns", ">i2"),
            *(("id_length", ">i4"), ("id", "S27")),
            *(("scope_length", ">i4"), ("scope", "S64")),
            *(("expires_length", ">i4"), ("expires_at", ">i8")),
            *(("length", ">i4"), ("dimensions", ">i2"), ("nothing", ">i2"), ("embedding", ">f2", (DIMENSIONS,))),
        ]
    )
    rows = np.zeros(len(vectors), shape)
    rows["columns"] = len(VECTOR_COLUMNS)
    rows["id_length"], rows["scope_length"], rows["expires_length"] = 27, 64, 8
    rows["length"] = 4 + 2 * DIMENSIONS
    rows["id"] = [f"ce_{hashlib.md5(str(number).encode()).hexdigest()[:24]}" for number in numbers]
    rows["scope"] = scope.encode()
    rows["expires_at"] = int((expires_at.timestamp() - EPOCH) * 1_000_000)
    rows["dimensions"] = DIMENSIONS
    rows["embedding"] = vectors
    yield b"PGCOPY\n\xff\r\n\0" + bytes(8)
    yield rows.tobytes()
    yield b"\xff\xff"
