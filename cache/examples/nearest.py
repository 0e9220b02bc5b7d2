"""The entries of a scope that are nearest in meaning.

Without an index, every vector of the scope is compared: exact, and fast enough for what a project usually holds.
An index over all scopes would answer faster and find almost nothing once it is filtered. A scope that has outgrown
this gets an index of its own (:mod:`cache.indexes`), which finds the nearest by the signs of their numbers;
their true distances put them in order. What was measured is in docs/benchmarks/cache-scale.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isnan
from typing import Any

import numpy as np
from django.db import connection
from django.utils import timezone
from numpy.typing import NDArray

from cache.examples.versions import VERSION
from cache.examples.votes import Example

# How many the index proposes, and how far it looks for them.
PROPOSED = 200
EF_SEARCH = 200

# A server may give vectors of another length under the same model's name; comparing them is an error.
OF_SCOPE = """
    FROM cache_entryvector
    WHERE scope = %(scope)s AND vector_dims(embedding) = %(dimensions)s
        AND expires_at > %(now)s
"""
BEST = """
    SELECT entry_id, fields, expires_at, distance
    FROM (SELECT entry_id, fields, expires_at, embedding <=> %(vector)s::halfvec AS distance {proposed}) AS seen
    ORDER BY distance LIMIT %(limit)s
"""
# Nothing, and at once, when the scope has an index.
EXACT = BEST.format(
    proposed=f"""{OF_SCOPE}
        AND NOT EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass(%(index)s) AND indisvalid)"""
)

# What votes are counted of. A skeleton calls each service as often as it is named.
COLUMNS = (
    "kind, skeleton, skeleton_services, {vector}.fields, words, id, coalesce(template->>'text', action), wirable"
)
EXAMPLES = f"""
    SELECT near.expires_at, ({VERSION.format(scope="%(scope)s")}), distance, {COLUMNS.format(vector="near")}
    FROM ({{best}}) AS near JOIN cache_entry ON id = near.entry_id ORDER BY distance
"""

# Expired entries may be among the nearest: then the index goes on until there are enough. Postgres knows nothing
# of how long vectors are, takes the scope for two hundred times smaller than it is, and would rather sort all of
# it. The settings last as long as the transaction, that is, mostly, as these statements.
WIDELY = f"""
    SELECT set_config('hnsw.ef_search', '{EF_SEARCH}', true),
        set_config('hnsw.iterative_scan', 'relaxed_order', true),
        set_config('enable_sort', 'off', true);
"""
AS_BEFORE = "; SELECT set_config('enable_sort', 'on', true)"
PROPOSE = f"""
    FROM (
        SELECT entry_id, fields, expires_at, embedding {OF_SCOPE}
        ORDER BY binary_quantize(embedding)::bit({{dimensions}})
            <~> binary_quantize(%(vector)s::halfvec)::bit({{dimensions}})
        LIMIT {PROPOSED}
    ) AS proposed
"""


def nearest(scope: str, vector: NDArray[np.float32], *, limit: int) -> list[tuple[str, float]]:
    """The ids of a scope's entries that have not expired with their cosine distances, nearest first."""
    found = _ask("SELECT entry_id, distance FROM ({best}) AS near ORDER BY distance", scope, vector, limit=limit)
    return [(entry_id, distance) for entry_id, distance in found]


@dataclass(frozen=True)
class Nearest:
    """Examples, nearest first, as they are while the scope has this ``version`` and before one of them expires.
    ``None`` for ``until``, and no version, where there are none."""

    examples: list[Example]
    version: str = ""
    until: datetime | None = None


def nearest_examples(scope: str, vector: NDArray[np.float32], *, limit: int) -> list[Example]:
    """The same entries as examples, without those whose vector has no length and so no distance."""
    return find_nearest(scope, vector, limit=limit).examples


def find_nearest(scope: str, vector: NDArray[np.float32], *, limit: int) -> Nearest:
    """As :func:`nearest_examples`, with how long that holds."""
    rows = _ask(EXAMPLES, scope, vector, limit=limit)
    examples = [
        example_of(columns, similarity=1.0 - distance) for _, _, distance, *columns in rows if not isnan(distance)
    ]
    return Nearest(examples, rows[0][1], min(row[0] for row in rows)) if rows else Nearest(examples)


def example_of(columns: Sequence[Any], *, similarity: float) -> Example:
    """``columns`` as :data:`COLUMNS` names them."""
    kind, skeleton, services, fields, words, *rest = columns
    return Example(kind, skeleton, tuple(services), fields, tuple(words.split()), similarity, *rest)


def _ask(statement: str, scope: str, vector: NDArray[np.float32], *, limit: int) -> list[tuple[Any, ...]]:
    """``statement`` over what an exact scan finds, or an index where the scope has one."""
    dimensions = len(vector)
    params: dict[str, Any] = {
        "scope": scope,
        "vector": str(vector.astype(np.float16).tolist()),
        "dimensions": dimensions,
        "now": timezone.now(),
        "limit": limit,
        "index": index_name(scope, dimensions),
    }
    with connection.cursor() as cursor:
        cursor.execute(statement.format(best=EXACT), params)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        if not found:
            proposed = BEST.format(proposed=PROPOSE.format(dimensions=dimensions))
            cursor.execute(WIDELY + statement.format(best=proposed) + AS_BEFORE, params)
            cursor.nextset()
            found = cursor.fetchall()
    return found


def index_name(scope: str, dimensions: int) -> str:
    """Of the index over a scope's vectors of this length, if there is one. A scope is a hexadecimal digest."""
    return f"entryvector_near_{scope[:40]}_{dimensions}"
