"""What an operator says of an entry as an example: that its plan is right for its template, or wrong."""

from __future__ import annotations

import structlog
from django.db import transaction

from cache import storage
from cache.lookup import template_of
from cache.models import Entry
from cache.templates.templates import TemplateInvalid
from planengine.exceptions import BadRequest
from planengine.requests import PlanRequest, parse_params
from planengine.reuse import plan_cache

log = structlog.get_logger(__name__)

NO_PLAN = "Only an entry that holds a plan can be said to be right or wrong."


def confirm(entry: Entry) -> bool:
    """The entry's plan is right: it votes from now on. ``False`` where it voted before. Raises :class:`BadRequest`
    where it cannot vote."""
    if entry.kind != Entry.Kind.PLAN:
        raise _refused(NO_PLAN)
    if hasattr(entry, "vector"):
        return False
    if entry.quarantined_at is not None:
        raise _refused("The entry is in quarantine: take it out first.")
    if entry.expired or not entry.reusable:
        raise _refused("The entry votes for nobody: it has expired, or serves the identical request only.")
    asked = plan_cache.request_for(entry.project, _request(entry))
    if asked.scope.digest != entry.scope:
        raise _refused("The entry belongs to another embedding model, planner or grounding than holds today.")
    vector = plan_cache.embed(asked.template.embedding_text)
    if vector is None:
        raise BadRequest("No embedding was to be had. Try again later.", code="embedding_unavailable", status=503)
    with transaction.atomic():
        storage.withdraw_counter(asked, entry.plan)
        storage.withdraw_refusals(asked)
        confirmed = storage.confirm(entry, vector)
        storage.note_confirmed(Entry.objects.filter(pk=entry.pk))
    log.info("cache entry confirmed", entry=entry.pk, project=entry.project_id)
    return confirmed


def mark_wrong(entry: Entry, *, note: str = "") -> None:
    """The entry's plan is wrong: it serves nobody any more, and counts against its plan for what is near. Raises
    :class:`BadRequest`."""
    if entry.kind != Entry.Kind.PLAN:
        raise _refused(NO_PLAN)
    request = _request(entry)
    try:
        vector = plan_cache.embed(template_of(entry).embedding_text)
    except TemplateInvalid as error:
        raise _refused(f"The entry's template cannot be read: {error}") from None
    with transaction.atomic():
        storage.quarantine(entry.pk, f"An operator found its plan wrong. {note}".strip())
        plan_cache.keep_counter(entry.project, request, entry.plan, vector=vector)
    log.info("cache entry marked as wrong", entry=entry.pk, project=entry.project_id)


def _request(entry: Entry) -> PlanRequest:
    return PlanRequest(entry.action, parse_params(entry.params))


def _refused(message: str) -> BadRequest:
    return BadRequest(message, code="not_an_example", status=409)
