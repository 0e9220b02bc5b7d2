"""An index by meaning for each scope that has outgrown the exact scan, and none for the others.

What there is follows from counting, so a tick may run twice, anywhere, or not at all. One process at a time works
on it; nobody else waits: indexes are built and dropped concurrently. A build that fails or is killed leaves an
invalid index, which no lookup uses and the next tick drops.

The index is an HNSW graph over one bit per dimension: a third of the size of one over the numbers themselves,
built several times as fast, and with the true distances of what it proposes it finds more. Measured in
docs/benchmarks/cache-scale.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
from django.db import DatabaseError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from cache.examples.nearest import index_name
from orra.base.database import sessions

log = structlog.get_logger(__name__)

# Every write and every lookup by meaning looks through all of them, if briefly.
MOST = 100
LOCK = 0x6F727261_76656378  # any number that nothing else in the database uses
WAIT = "5min"  # for transactions that were open before: each is over in moments
BYTES_PER_VECTOR = 600  # of the graph while it is built
MOST_MEMORY_KB = 1024 * 1024

SIZES = """
    SELECT scope, count(*) FROM cache_entryvector GROUP BY scope
    HAVING count(*) >= %s ORDER BY count(*) DESC LIMIT %s
"""

# A server may have changed its model's vectors; those that most of a sample have are the ones to index.
DIMENSIONS = """
    SELECT vector_dims(embedding)
    FROM (SELECT embedding FROM cache_entryvector WHERE scope = %s LIMIT 100) AS sample
    GROUP BY 1 ORDER BY count(*) DESC LIMIT 1
"""

EXISTING = """
    SELECT class.relname, index.indisvalid
    FROM pg_index AS index JOIN pg_class AS class ON class.oid = index.indexrelid
    WHERE index.indrelid = 'cache_entryvector'::regclass AND starts_with(class.relname, 'entryvector_near_')
"""

CREATE = """
    CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON cache_entryvector
    USING hnsw ((binary_quantize(embedding)::bit({dimensions})) bit_hamming_ops)
    WITH (m = 12, ef_construction = 48)
    WHERE scope = %s AND vector_dims(embedding) = {dimensions}
"""


@dataclass(frozen=True)
class Changes:
    """Names of the indexes that were built and dropped."""

    built: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


def keep(*, at_least: int) -> Changes:
    """Builds an index for every scope with so many vectors and drops those of scopes that have shrunk to half that
    size or are gone; 0 for none at all. Does nothing while another process is at it."""
    with _alone() as alone:
        return _keep(at_least) if alone else Changes()


def _keep(at_least: int) -> Changes:
    wanted, kept = _wanted(at_least)
    with _another_connection() as other, other.cursor() as cursor:
        # One process builds: the other cores are for requests.
        _set(other, statement_timeout="0", lock_timeout=WAIT, max_parallel_maintenance_workers="0")
        cursor.execute(EXISTING)
        existing = dict(cursor.fetchall())
        dropped = [name for name, valid in existing.items() if not valid or name not in kept]
        for name in dropped:
            _drop(cursor, name)
        missing = [scope for scope in wanted if scope.index not in existing or scope.index in dropped]
        built = [scope.index for scope in missing if _build(other, cursor, scope)]
    return Changes(tuple(built), tuple(dropped))


@dataclass(frozen=True)
class _Scope:
    digest: str
    vectors: int
    dimensions: int

    @property
    def index(self) -> str:
        return index_name(self.digest, self.dimensions)


def _wanted(at_least: int) -> tuple[list[_Scope], set[str]]:
    """The scopes that are to have an index, and the names of the indexes that may stay."""
    if not at_least:
        return [], set()
    with connection.cursor() as cursor:
        cursor.execute(SIZES, [(at_least + 1) // 2, MOST])
        large = [_Scope(scope, vectors, _dimensions(cursor, scope)) for scope, vectors in cursor.fetchall()]
    return [scope for scope in large if scope.vectors >= at_least], {scope.index for scope in large}


def _dimensions(cursor: CursorWrapper, scope: str) -> int:
    cursor.execute(DIMENSIONS, [scope])
    row = cursor.fetchone()
    return row[0] if row else 0


def _build(other: BaseDatabaseWrapper, cursor: CursorWrapper, scope: _Scope) -> bool:
    """Whether the index could be built. The next tick drops what a failed build leaves."""
    memory_kb = min(MOST_MEMORY_KB, 65536 + scope.vectors * (BYTES_PER_VECTOR + scope.dimensions // 8) // 1024)
    _set(other, maintenance_work_mem=f"{memory_kb}kB")
    try:
        cursor.execute(CREATE.format(name=scope.index, dimensions=scope.dimensions), [scope.digest])
    except DatabaseError as error:
        log.error("index by meaning not built", index=scope.index, error=str(error).partition("\n")[0])
        return False
    log.info("index by meaning built", index=scope.index, vectors=scope.vectors)
    return True


def _set(other: BaseDatabaseWrapper, **settings: str) -> None:
    """For the session, if it is ours alone: no index can be built concurrently inside a transaction. Behind a
    pooler others would have it afterwards, so what is set for the role holds."""
    other.ensure_connection()
    if not sessions.is_pooled(other.connection):
        for name, value in settings.items():
            other.connection.execute("SELECT set_config(%s, %s, false)", [name, value])


def _drop(cursor: CursorWrapper, name: str) -> None:
    cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
    log.info("index by meaning dropped", index=name)


@contextmanager
def _alone() -> Iterator[bool]:
    """Whether this process is the only one here. The lock ends with its transaction, which needs a connection of
    its own, because no index can be built concurrently inside one; so it holds behind a pooler too."""
    with _another_connection() as other:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
            yield cursor.fetchone() == (True,)
        other.rollback()


@contextmanager
def _another_connection() -> Iterator[BaseDatabaseWrapper]:
    other = connection.copy()
    try:
        yield other
    finally:
        other.close()
