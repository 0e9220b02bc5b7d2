"""The entries of a scope that are nearest in meaning.

Without an index, every vector of the scope is compared: exact, and fast enough for what a project usually holds.
An index over all scopes would answer faster and find almost nothing once it is filtered. A scope that has outgrown
this gets an index of its own (:mod:`cache.indexes`), which finds the nearest by the signs of their numbers;
their true distances put them in order. What was measured is in docs/cache-scale.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.db import connection
from django.utils import timezone
from numpy.typing import NDArray

# How many the index proposes, and how far it looks for them.
PROPOSED = 200
EF_SEARCH = 200

# A server may give vectors of another length under the same model's name; comparing them is an error.
OF_SCOPE = """
    FROM cache_entryvector
    WHERE scope = %(scope)s AND vector_dims(embedding) = %(dimensions)s
        AND expires_at > %(now)s AND entry_id <> ALL(%(but_not)s)
"""
BEST = """
    SELECT entry_id, distance
    FROM (SELECT entry_id, fields, embedding <=> %(vector)s::halfvec AS distance {proposed}) AS seen
    ORDER BY distance <= %(farthest)s DESC, fields = %(fields)s DESC, distance LIMIT %(limit)s
"""
# Nothing, and at once, when the scope has an index.
EXACT = BEST.format(
    proposed=f"""{OF_SCOPE}
        AND NOT EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass(%(index)s) AND indisvalid)"""
)

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
        SELECT entry_id, fields, embedding {OF_SCOPE}
        ORDER BY binary_quantize(embedding)::bit({{dimensions}})
            <~> binary_quantize(%(vector)s::halfvec)::bit({{dimensions}})
        LIMIT {PROPOSED}
    ) AS proposed
"""


def nearest(
    scope: str,
    vector: NDArray[np.float32],
    *,
    limit: int,
    fields: str = "",
    floor: float = -1.0,
    but_not: Sequence[str] = (),
) -> list[tuple[str, float]]:
    """Entry ids with their cosine distances: those at least as similar as ``floor`` first, and of them those with
    these ``fields`` first; best first among each. Neither expired ones nor those of ``but_not``."""
    dimensions = len(vector)
    params: dict[str, Any] = {
        "scope": scope,
        "vector": str(vector.astype(np.float16).tolist()),
        "dimensions": dimensions,
        "now": timezone.now(),
        "but_not": list(but_not),
        "fields": fields,
        "farthest": 1.0 - floor,
        "limit": limit,
        "index": index_name(scope, dimensions),
    }
    with connection.cursor() as cursor:
        cursor.execute(EXACT, params)
        found: list[tuple[str, float]] = cursor.fetchall()
        if not found:
            cursor.execute(
                WIDELY + BEST.format(proposed=PROPOSE.format(dimensions=dimensions)) + AS_BEFORE, params
            )
            cursor.nextset()
            found = cursor.fetchall()
    return found


def index_name(scope: str, dimensions: int) -> str:
    """Of the index over a scope's vectors of this length, if there is one. A scope is a hexadecimal digest."""
    return f"entryvector_near_{scope[:40]}_{dimensions}"
