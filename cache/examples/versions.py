"""The version of a scope: another text after every change of its entries, their vectors and observed words.

A decision by meaning rests on all examples of a scope, so no row's own version tells whether it would still be the
same. The database notes each change, whoever makes it; what merely expires changes nothing and is not noted.
"""

from __future__ import annotations

from orra.base.database.batches import BATCH, until_none_left

# Empty for a scope that never had an entry, or has none any more; that may come again, so nothing is remembered
# under it.
VERSION = """
    SELECT coalesce(string_agg(transaction::text, ',' ORDER BY transaction), '')
    FROM cache_scopeversion WHERE scope = {scope}
"""

FORGET_UNUSED = """
    DELETE FROM cache_scopeversion WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM cache_scopeversion AS version
        WHERE NOT EXISTS (SELECT FROM cache_entry WHERE cache_entry.scope = version.scope)
        LIMIT %s FOR UPDATE SKIP LOCKED
    ))
"""


def forget_unused(*, batch: int = BATCH) -> int:
    """Deletes the versions of scopes that hold no entry; how many numbers they were."""
    return until_none_left(FORGET_UNUSED, [batch])
