"""Entries that are not kept as they would be today: those of another embedding model, those of an older reading of
templates, and those that lack their vector.

Such entries are unused, not wrong: an entry's scope names its embedding model and its reading, and vectors of
another length are never compared. Here they are found, read anew and moved into the scope of today, with ids,
counters and pins.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import IntegrityError, connection, transaction
from django.db.models import Count, Func, IntegerField, Q, QuerySet, TextField, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce
from numpy import float32
from numpy.typing import NDArray

from cache import pins, storage
from cache.lookup import template_of
from cache.models import Entry, EntryVector, Reembedding
from cache.requests import TEMPLATES, Request, fields_digest

EMBEDDED_BY = KT("scope_facts__embedding_model")
READING = Coalesce(KT("scope_facts__templates"), Value("1"), output_field=TextField())
# What is read anew, and so what a move writes.
COLUMNS = (
    *("scope", "scope_facts", "template_key", "template", "words", "skeleton", "skeleton_services", "wirable"),
    *("recipe", "identity", "variant", "contested"),
)
OLDEST = 10_000
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
    """The usable entries that ``model``, whose vectors have so many ``dimensions``, does not know, and those of an
    older reading. What the composer planned, or was made by example, lacks no vector: it votes for nothing."""
    unknown = Q(dimensions=None) & ~Q(planned_by__in=storage.SILENT) | Q(dimensions__isnull=False) & ~Q(
        dimensions=dimensions
    )
    entries = (
        Entry.objects.usable()
        .annotate(
            embedded_by=EMBEDDED_BY,
            reading=READING,
            dimensions=Func("vector__embedding", function="vector_dims", output_field=IntegerField()),
        )
        .filter(~Q(embedded_by=model) | ~Q(reading=TEMPLATES) | Q(identity="") & unknown)
    )
    return entries if project_id is None else entries.filter(project_id=project_id)


def count_by_model(entries: QuerySet[Entry]) -> dict[tuple[str, bool], int]:
    """How many there are, by the model that embedded them and whether they are of an older reading."""
    counted: dict[tuple[str, bool], int] = {}
    rows = entries.order_by().values_list(EMBEDDED_BY, READING).annotate(times=Count("id"))
    for model, reading, times in rows:
        kind = (model, reading != TEMPLATES)
        counted[kind] = counted.get(kind, 0) + times
    return counted


def count_older_readings(project_id: str) -> int:
    """How many of a project's :data:`OLDEST` oldest entries are of an older reading. There are no others."""
    oldest = Entry.objects.filter(project_id=project_id).order_by("created_at", "id").values("pk")[:OLDEST]
    return Entry.objects.filter(pk__in=oldest).annotate(reading=READING).exclude(reading=TEMPLATES).count()


@dataclass(frozen=True)
class Anew:
    """An entry as it is read today, not saved yet; ``before`` is the scope that it is to leave. ``votes``: whether
    it is to have a vector."""

    entry: Entry
    before: str
    votes: bool


def read_anew(entry: Entry, request: Request, *, has_vector: bool) -> Anew | None:
    """``request`` is the one that the entry was made for, in the scope that it belongs to today; ``None`` for a
    row whose plan is damaged. The composer's plans had vectors in the first reading and vote no more; since then
    one that has a vector was confirmed."""
    before, all_voted = entry.scope, entry.scope_facts.get("templates", "1") == "1"
    try:
        storage.read(entry, request)
    except (AttributeError, IndexError, KeyError, StopIteration, TypeError):
        return None
    confirmed = has_vector and not all_voted
    return Anew(entry, before, entry.reusable and (entry.planned_by not in storage.SILENT or confirmed))


def move(anew: Anew, vector: NDArray[float32] | None) -> str:
    """Stores an entry as it was read anew, with its new vector if it votes. ``superseded``: there was an entry of
    its template already, which is newer, and it has gone. ``gone``: somebody else moved, evicted or quarantined it
    meanwhile."""
    entry = anew.entry
    unchanged = Entry.objects.filter(pk=entry.pk, scope=anew.before, quarantined_at=None)
    with transaction.atomic():
        vector = storage.compare_with_others(entry, vector)
        try:
            with transaction.atomic():
                moved = unchanged.update(**{column: getattr(entry, column) for column in COLUMNS})
        except IntegrityError:
            _give_way(entry, anew.before)
            return SUPERSEDED
        if not moved:
            return GONE
        _replace_vector(entry, vector)
    return MOVED


def _replace_vector(entry: Entry, vector: NDArray[float32] | None) -> None:
    if vector is None:
        EntryVector.objects.filter(pk=entry.pk).delete()
        return
    # Not the end that was read: it may have been pinned since.
    expires_at = Entry.objects.values_list("expires_at", flat=True).get(pk=entry.pk)
    EntryVector.objects.update_or_create(
        entry_id=entry.pk,
        defaults={
            "scope": entry.scope,
            "fields": fields_digest(template_of(entry)),
            "expires_at": expires_at,
            "embedding": vector,
        },
    )
    storage.note_words(entry)


def _give_way(entry: Entry, before: str) -> None:
    """Deletes the entry in favour of the one of the same template in the other scope, which takes over the pin.
    ``before`` is the scope that it would have left."""
    if entry.pinned:
        winners = Entry.objects.filter(
            scope=entry.scope, template_key=entry.template_key, identity=entry.identity, variant=entry.variant
        )
        pins.pin(winners.values_list("pk", flat=True))
    Entry.objects.filter(pk=entry.pk, scope=before).delete()


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
