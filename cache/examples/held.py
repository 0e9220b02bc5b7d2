"""All examples of a scope, kept in the process while nothing changes there: the nearest need no search then.

What is found so is only good while the scope has the version that it was read with, which is for whoever stores
what comes of it to compare. A scope is read when several lookups found it unchanged, so one that learns all the
time costs nothing here, and a large one is left to the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import psycopg
from django.db import connection
from django.utils import timezone
from numpy.typing import NDArray

from cache.examples.nearest import COLUMNS, Nearest, example_of
from cache.examples.versions import VERSION
from cache.models import Entry
from orra.base.remembering import Remembered

Vectors = NDArray[np.float32]

# Some 3 KB each, and as much again where its entry was tried.
MOST_EXAMPLES, MOST_SCOPES = 2_000, 3
MOST_ENTRIES = 1_000  # of a scope, read one by one as they are tried
# After so many lookups that found a scope unchanged it is read.
UNCHANGED = 3
MOST_NOTED = 1_000

# Nothing, and without reading them, of a scope that has more.
ALL = f"""
    SELECT ({VERSION.format(scope="%(scope)s")}), vector.expires_at, vector.embedding,
        {COLUMNS.format(vector="vector")}
    FROM cache_entryvector AS vector JOIN cache_entry ON id = vector.entry_id
    WHERE vector.scope = %(scope)s AND vector_dims(embedding) = %(dimensions)s AND vector.expires_at > now()
        AND %(most)s >= (
            SELECT count(*) FROM (
                SELECT FROM cache_entryvector WHERE scope = %(scope)s LIMIT %(most)s + 1
            ) AS counted
        )
"""


@dataclass(frozen=True)
class Held:
    """A scope's examples as they are under ``version``: ``vectors`` (examples × dimensions, of unit length), when
    each expires (seconds), and that moment with what else is known of each. ``entries`` are those tried so far."""

    version: str
    vectors: Vectors
    expires: NDArray[np.float64]
    rows: Sequence[tuple[Any, ...]]
    entries: Remembered[str, Entry] = field(default_factory=lambda: Remembered(MOST_ENTRIES))

    def nearest(self, vector: Vectors, *, limit: int) -> Nearest:
        """As :func:`cache.examples.nearest.find_nearest`."""
        if vector.shape[0] != self.vectors.shape[1]:
            return Nearest([])
        similarities = np.einsum("ed,d->e", self.vectors, _as_stored(vector))
        similarities[self.expires <= timezone.now().timestamp()] = -np.inf
        order = np.argsort(-similarities, kind="stable")[:limit]
        found = order[np.isfinite(similarities[order])].tolist()
        examples = [example_of(self.rows[at][1:], similarity=float(similarities[at])) for at in found]
        if not examples:
            return Nearest([])
        return Nearest(examples, self.version, min(self.rows[at][0] for at in found))


def held(scope: str) -> Held | None:
    """The scope's examples, if they are kept here. They may have changed meanwhile."""
    return _scopes.get(scope)


def note(scope: str, version: str, *, dimensions: int) -> None:
    """That a lookup found this version. Reads the scope when that was so for several."""
    kept = _scopes.get(scope)
    if kept is not None:
        if kept.version == version:
            return
        forget(scope)
    seen, times = _noted.get(scope) or ("", 0)
    times = times + 1 if seen == version else 1
    _noted.put(scope, (version, times))
    if times == UNCHANGED:
        read = _read(scope, dimensions)
        if read is not None:
            _scopes.put(scope, read)


def forget(scope: str) -> None:
    _scopes.forget(scope)


def _read(scope: str, dimensions: int) -> Held | None:
    """``None`` for a scope with too many examples, or none."""
    connection.ensure_connection()
    # In binary, because a vector as text takes as long to read as all else of the request.
    with psycopg.Cursor(connection.connection) as cursor:
        params = {"scope": scope, "dimensions": dimensions, "most": MOST_EXAMPLES}
        cursor.execute(ALL, params, binary=True)
        rows = cursor.fetchall()
    if not rows:
        return None
    vectors = np.stack([_vector(embedding) for _, _, embedding, *_ in rows])
    lengths = np.linalg.norm(vectors, axis=1)
    known = [at for at, length in enumerate(lengths.tolist()) if length > 0 and np.isfinite(length)]
    expires: list[datetime] = [rows[at][1] for at in known]
    return Held(
        version=rows[0][0],
        vectors=vectors[known] / lengths[known, None],
        expires=np.array([each.timestamp() for each in expires]),
        rows=[(rows[at][1], *rows[at][3:]) for at in known],
    )


def _vector(sent: bytes) -> Vectors:
    """A halfvec as Postgres sends it: two numbers of 16 bits (its length, and nothing), then the vector's."""
    return np.frombuffer(sent, ">f2", offset=4).astype(np.float32)


def _as_stored(vector: Vectors) -> Vectors:
    """The vector with the precision of those it is compared with."""
    rounded = vector.astype(np.float16).astype(np.float32)
    length = float(np.linalg.norm(rounded))
    return rounded / length if length else rounded


_scopes: Remembered[str, Held] = Remembered(MOST_SCOPES)
_noted: Remembered[str, tuple[str, int]] = Remembered(MOST_NOTED)
