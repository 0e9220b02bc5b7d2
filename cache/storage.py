"""What the cache stores, and why it lets an entry go: another takes its place, a hit was wrong, or somebody
evicts it."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import timedelta

import numpy as np
import structlog
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from numpy.typing import NDArray

from cache.models import Entry, EntryUse, EntryVector
from cache.pins import NEVER
from cache.plans.provenance import check_with_sentinels, trace
from cache.requests import Request, fields_digest
from orra.base.strictjson import Json

log = structlog.get_logger(__name__)

TTL_JITTER = 0.1

# The entry that another of the same template and variant takes the place of. The pin is read as it is when the row
# goes, not as it was when the statement began.
REPLACED = """
    DELETE FROM cache_entry WHERE scope = %s AND template_key = %s AND identity = %s AND variant = %s
    RETURNING pinned
"""


def store(
    request: Request,
    plan: Json,
    *,
    vector: NDArray[np.float32] | None,
    ttl_seconds: int,
    services: Mapping[str, int],
    dependencies: str = "",
    planned_by: str,
    cost: Mapping[str, Json],
) -> Entry | None:
    """Makes a validated plan reusable; an entry of the same template and variant gives way to it and leaves
    it its pin. ``None`` when
    another process stored one at the same moment, or the project is gone."""
    recipe = trace(plan, request.template, request.params)
    if not check_with_sentinels(plan, recipe, request.template, request.params):
        recipe = recipe.exact_only()
    expires_at = timezone.now() + timedelta(seconds=ttl_seconds * random.uniform(1 - TTL_JITTER, 1))
    entry = Entry(
        project_id=request.scope.project_id,
        scope=request.scope.digest,
        scope_facts=request.scope.facts,
        template_key=request.template.key,
        identity="" if recipe.reusable else request.identity,
        variant=recipe.variant if recipe.reusable else "",
        action=request.action,
        params=[{"field": name, "value": value} for name, value in request.params.items()],
        template=request.template.to_json(),
        plan=plan,
        recipe=recipe.to_json(),
        services=dict(services),
        dependencies=dependencies,
        planned_by=planned_by,
        cost=dict(cost),
        expires_at=expires_at,
    )
    try:
        with transaction.atomic():
            if _replace_pinned(entry):
                entry.pinned, entry.expires_at = True, NEVER
            entry.save(force_insert=True)
            EntryUse.objects.create(entry=entry)
            if recipe.reusable and vector is not None:
                EntryVector.objects.create(
                    entry=entry,
                    scope=entry.scope,
                    expires_at=entry.expires_at,
                    fields=fields_digest(request.template),
                    embedding=vector,
                )
    except IntegrityError:
        return None
    log.info("cache entry stored", entry=entry.id, project=entry.project_id, reusable=recipe.reusable)
    return entry


def _replace_pinned(entry: Entry) -> bool:
    """Deletes the entry whose place this one takes; whether it was pinned."""
    place = [entry.scope, entry.template_key, entry.identity, entry.variant]
    with connection.cursor() as cursor:
        cursor.execute(REPLACED, place)
        return bool(cursor.fetchone() == (True,))


def quarantine(entry_id: str, reason: str) -> None:
    """The entry serves nobody any more, but stays to be looked at until it expires."""
    with transaction.atomic():
        Entry.objects.filter(pk=entry_id, quarantined_at=None).update(
            quarantined_at=timezone.now(), quarantine_reason=reason[:2000]
        )
        EntryVector.objects.filter(pk=entry_id).delete()
    log.warning("cache entry quarantined", entry=entry_id)


def forget(project_id: str, entry_ids: Sequence[str]) -> int:
    """Evicts these entries of a project; how many there were."""
    return _delete(Entry.objects.filter(project_id=project_id, pk__in=entry_ids))


def forget_using(project_id: str, service: str) -> int:
    """Evicts every entry of a project that uses the service; how many there were."""
    return _delete(Entry.objects.filter(project_id=project_id, services__has_key=service))


def forget_project(project_id: str) -> int:
    """Evicts every entry of a project; how many there were."""
    return _delete(Entry.objects.filter(project_id=project_id))


def _delete(entries: QuerySet[Entry]) -> int:
    _, by_model = entries.delete()
    return by_model.get("cache.Entry", 0)
