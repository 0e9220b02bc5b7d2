"""The words that examples were seen with: which an example of a skeleton has, and which stand in examples of many.

A word that requests for several different plans hold says nothing of which is wanted. Kept as rows of a scope, a
word and a skeleton, because the nearest examples alone are mostly of one skeleton.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db import connection

from cache.examples.judgement import Seen
from cache.examples.wording import is_slot
from orra.base.database.batches import BATCH, until_none_left

# In examples of so many skeletons a word is neutral.
MANY = 3
LONGEST = 60

NOTE = """
    INSERT INTO cache_observedword (project_id, scope, word, skeleton)
    SELECT %s, %s, word, %s FROM unnest(%s::text[]) AS word
    ON CONFLICT DO NOTHING
"""
LOOK_UP = """
    SELECT word, bool_or(skeleton = %s), count(*) >= %s FROM (
        SELECT word, skeleton FROM cache_observedword WHERE scope = %s AND word = ANY(%s)
    ) AS seen GROUP BY word
"""

# The rows in the order in which they are noted, so that nobody waits for another in a circle. Words of an example
# that still votes stay.
FORGET = """
    DELETE FROM cache_observedword WHERE (scope, word, skeleton) IN (
        SELECT scope, word, skeleton FROM cache_observedword
        WHERE scope = %(scope)s AND skeleton = %(skeleton)s AND word = ANY(%(words)s) AND word <> ALL(ARRAY(
            SELECT unnest(string_to_array(entry.words, ' '))
            FROM cache_entryvector AS vector JOIN cache_entry AS entry ON entry.id = vector.entry_id
            WHERE vector.scope = %(scope)s AND entry.skeleton = %(skeleton)s AND entry.kind = 'plan'
        )) ORDER BY word FOR UPDATE
    )
"""

# The scopes in use are few, and read one by one from the index. Parameters: batch.
FORGET_UNUSED = """
    WITH RECURSIVE scopes AS (
        SELECT min(scope) AS scope FROM cache_observedword
        UNION ALL
        SELECT (SELECT min(scope) FROM cache_observedword WHERE scope > scopes.scope) FROM scopes
        WHERE scopes.scope IS NOT NULL
    )
    DELETE FROM cache_observedword WHERE (scope, word, skeleton) IN (
        SELECT scope, word, skeleton FROM cache_observedword WHERE scope IN (
            SELECT scope FROM scopes
            WHERE scope IS NOT NULL AND NOT EXISTS (SELECT FROM cache_entry WHERE cache_entry.scope = scopes.scope)
        ) LIMIT %s FOR UPDATE SKIP LOCKED
    )
"""


def note(project_id: str, scope: str, words: Collection[str], skeleton: str) -> None:
    """Remembers that an example of the skeleton has these words."""
    kept = sorted({word for word in words if not is_slot(word) and len(word) <= LONGEST})
    with connection.cursor() as cursor:
        cursor.execute(NOTE, [project_id, scope, skeleton, kept])


def forget(scope: str, words: Collection[str], skeleton: str) -> None:
    """Forgets that examples of the skeleton had these words, but for those that another one has. For an example
    that was found wrong; what merely expired was right."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET, {"scope": scope, "skeleton": skeleton, "words": sorted(words)})


def look_up(scope: str, words: Sequence[str], skeleton: str) -> Seen:
    with connection.cursor() as cursor:
        cursor.execute(LOOK_UP, [skeleton, MANY, scope, list(words)])
        rows: list[tuple[str, bool, bool]] = cursor.fetchall()
    return Seen(
        known=frozenset(word for word, known, _ in rows if known),
        neutral=frozenset(word for word, _, many in rows if many),
    )


def forget_unused(*, batch: int = BATCH) -> int:
    """Deletes the words of scopes that hold no entry; how many there were."""
    return until_none_left(FORGET_UNUSED, [batch])


def forget_project(project_id: str) -> None:
    """Forgets every word of a project."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM cache_observedword WHERE project_id = %s", [project_id])
