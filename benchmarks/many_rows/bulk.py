"""Entries, and rows of any table, by the hundred thousand: each a copy of one that was stored in earnest.

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
from django.db.models import Model
from numpy.typing import NDArray
from psycopg import sql

from cache.models import Entry, EntryUse
from cache.requests import fields_digest
from cache.templates.templates import Template

Vectors = NDArray[np.float32]

DIMENSIONS = 384
TOPICS = 40
WITHIN_TOPIC = 48  # directions in which requests of one topic differ
CHUNK = 20_000
EPOCH = 946_684_800  # Postgres counts microseconds from the year 2000

VECTOR_COLUMNS = ("entry_id", "scope", "expires_at", "fields", "embedding")


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


def copy_rows(like: Model, numbers: range, **changed: str) -> None:
    """For each number a row like this one, but for what ``changed`` says in SQL, where ``nth`` is the number."""
    table, key = like._meta.db_table, like._meta.pk.column
    columns = [field.column for field in like._meta.concrete_fields if field.column]
    if unknown := changed.keys() - set(columns):
        raise ValueError(f"{table} has no column {min(unknown)}.")
    values = ", ".join(changed.get(column, f"original.{column}") for column in columns)
    statement = f"""
        INSERT INTO {table} ({", ".join(columns)}) SELECT {values}
        FROM {table} AS original, generate_series(%s, %s) AS nth WHERE original.{key} = %s
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, [numbers[0], numbers[-1], like.pk])


def load(
    *,
    like: Entry,
    vectors: Vectors,
    first: int = 1,
    project_id: str = "",
    scope: str = "",
    expires_at: datetime | None = None,
) -> None:
    """One entry for each vector, numbered from ``first`` on: numbers must not repeat. What is not said is as of
    the one that they are like."""
    project_id, scope = project_id or like.project_id, scope or like.scope
    expires_at = expires_at or like.expires_at
    used = EntryUse.objects.get(pk=like.pk)
    fields = fields_digest(Template.from_json(like.template))
    entry_id = "'ce_' || left(md5(nth::text), 24)"
    for start in range(0, len(vectors), CHUNK):
        chunk = vectors[start : start + CHUNK]
        numbers = range(first + start, first + start + len(chunk))
        copy_rows(
            like,
            numbers,
            id=entry_id,
            template_key="encode(sha256(nth::text::bytea), 'hex')",
            project_id=_literal(project_id),
            scope=_literal(scope),
            expires_at=_literal(expires_at),
            created_at="now() - nth * interval '1 millisecond'",
        )
        copy_rows(
            used,
            numbers,
            entry_id=entry_id,
            hits="0",
            last_used_at="now() - nth * interval '1 second'",
        )
        _copy_vectors(numbers, scope, expires_at, fields, chunk)


def analyze() -> None:
    """What autovacuum would do after so many rows."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE cache_entry, cache_entryvector, cache_entryuse")


def _literal(value: object) -> str:
    return sql.Literal(value).as_string().replace("%", "%%")


def _copy_vectors(numbers: range, scope: str, expires_at: datetime, fields: str, vectors: Vectors) -> None:
    statement = f"COPY cache_entryvector ({', '.join(VECTOR_COLUMNS)}) FROM STDIN (FORMAT binary)"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for part in _binary(numbers, scope, expires_at, fields, vectors):
            copy.write(part)


def _binary(numbers: range, scope: str, expires_at: datetime, fields: str, vectors: Vectors) -> Iterator[bytes]:
    """Rows of cache_entryvector in Postgres' binary COPY format, which has the length before every value; a
    halfvec is its number of dimensions, two bytes of nothing, and its numbers."""
    shape = np.dtype(
        [
            ("columns", ">i2"),
            *(("id_length", ">i4"), ("id", "S27")),
            *(("scope_length", ">i4"), ("scope", "S64")),
            *(("expires_length", ">i4"), ("expires_at", ">i8")),
            *(("fields_length", ">i4"), ("fields", "S64")),
            *(("length", ">i4"), ("dimensions", ">i2"), ("nothing", ">i2"), ("embedding", ">f2", (DIMENSIONS,))),
        ]
    )
    rows = np.zeros(len(vectors), shape)
    rows["columns"] = len(VECTOR_COLUMNS)
    rows["id_length"], rows["scope_length"], rows["expires_length"] = 27, 64, 8
    rows["fields_length"], rows["fields"] = 64, fields.encode()
    rows["length"] = 4 + 2 * DIMENSIONS
    rows["id"] = [f"ce_{hashlib.md5(str(number).encode()).hexdigest()[:24]}" for number in numbers]
    rows["scope"] = scope.encode()
    rows["expires_at"] = int((expires_at.timestamp() - EPOCH) * 1_000_000)
    rows["dimensions"] = DIMENSIONS
    rows["embedding"] = vectors
    yield b"PGCOPY\n\xff\r\n\0" + bytes(8)
    yield rows.tobytes()
    yield b"\xff\xff"
