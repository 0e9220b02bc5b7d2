"""Entries that the embedding model in use does not know: those of another model, and those that have no vector.

Such entries are unused, not wrong: an entry's scope names its embedding model, and vectors of another length are
never compared. Here they are found and moved into the scope of the model in use, with ids, counters and pins.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import IntegrityError, connection, transaction
from django.db.models import Count, Func, IntegerField, Q, QuerySet
from django.db.models.fields.json import KT
from numpy import float32
from numpy.typing import NDArray

from cache import pins
from cache.lookup import template_of
from cache.models import Entry, EntryVector, Reembedding
from cache.requests import fields_digest, scope_digest

EMBEDDED_BY = KT("scope_facts__embedding_model")
MOVED, SUPERSEDED, GONE = "moved", "superseded", "gone"

# Parameters: model, lease, lease. Gives the token of whoever may go on, none while somebody else is at it.
BEGIN = """
    INSERT INTO cache_reembedding AS running (embedding_model, token, lease_expires_at)
    VALUES (%s, 1, statement_timestamp() + %s * interval '1 second')
    ON CONFLICT (embedding_model) DO UPDATE
        SET token = running.token + 1, lease_expires_at = excluded.lease_expires_at
        WHERE running.lease_expires_at <= statement_timestamp()
    RETURNING token
"""
EXTEND = """
    UPDATE cache_reembedding SET lease_expires_at = statement_timestamp() + %s * interval '1 second'
    WHERE embedding_model = %s AND token = %s
"""


def stale(model: str, *, dimensions: int, project_id: str | None = None) -> QuerySet[Entry]:
    """The usable entries that ``model``, whose vectors have so many ``dimensions``, does not know."""
    entries = (
        Entry.objects.usable()
        .annotate(
            embedded_by=EMBEDDED_BY,
            dimensions=Func("vector__embedding", function="vector_dims", output_field=IntegerField()),
        )
        .filter(~Q(embedded_by=model) | Q(identity="") & (Q(dimensions=None) | ~Q(dimensions=dimensions)))
    )
    return entries if project_id is None else entries.filter(project_id=project_id)


def count_by_model(entries: QuerySet[Entry]) -> dict[str, int]:
    """How many there are, by the model that embedded them."""
    return dict(entries.order_by().values_list(EMBEDDED_BY).annotate(times=Count("id")))


def move(entry: Entry, vector: NDArray[float32] | None, *, facts: Mapping[str, str]) -> str:
    """Puts an entry into the scope of these facts, with its new vector if it is reusable. ``superseded``: there
    was an entry of its template already, which is newer, and it has gone. ``gone``: somebody else moved, evicted
    or quarantined it meanwhile."""
    scope = scope_digest(entry.project_id, facts)
    unchanged = Entry.objects.filter(pk=entry.pk, scope=entry.scope, quarantined_at=None)
    with transaction.atomic():
        try:
            with transaction.atomic():
                moved = unchanged.update(scope=scope, scope_facts=dict(facts))
        except IntegrityError:
            _give_way(entry, scope)
            return SUPERSEDED
        if not moved:
            return GONE
        if vector is not None:
            # Not the end that was read: it may have been pinned since.
            expires_at = Entry.objects.values_list("expires_at", flat=True).get(pk=entry.pk)
            EntryVector.objects.update_or_create(
                entry_id=entry.pk,
                defaults={
                    "scope": scope,
                    "fields": fields_digest(template_of(entry)),
                    "expires_at": expires_at,
                    "embedding": vector,
                },
            )
    return MOVED


def _give_way(entry: Entry, scope: str) -> None:
    """Deletes the entry in favour of the one of the same template in the other scope, which takes over the pin."""
    if entry.pinned:
        winners = Entry.objects.filter(
            scope=scope, template_key=entry.template_key, identity=entry.identity, variant=entry.variant
        )
        pins.pin(winners.values_list("pk", flat=True))
    Entry.objects.filter(pk=entry.pk, scope=entry.scope).delete()


def begin(model: str, *, seconds: float) -> int | None:
    """The token of a run that may begin, and has to be extended within so many seconds; ``None`` while another one
    is under way, so that nothing is embedded twice."""
    with connection.cursor() as cursor:
        cursor.execute(BEGIN, [model, seconds])
        row = cursor.fetchone()
    return row[0] if row else None


def extend(model: str, token: int, *, seconds: float) -> bool:
    """Whether the run still has the right to go on."""
    with connection.cursor() as cursor:
        cursor.execute(EXTEND, [seconds, model, token])
        return bool(cursor.rowcount)


def end(model: str, token: int) -> None:
    Reembedding.objects.filter(embedding_model=model, token=token).delete()
