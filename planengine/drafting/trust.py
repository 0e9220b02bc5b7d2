"""What a model may be trusted with: measured, not believed.

Small models carry out what they are told not to do. So before a model's plan is believed although some word of
the request is not accounted for by it, the model is asked twenty short requests that must not be carried out, once
(:mod:`planengine.drafting.probe`). One that falls for more than one of them is *held*: its plans
with side effects need every word accounted for, as the composer's do. One that passes plans freely. ``LLM_TRUST``
decides otherwise: ``trusted`` believes every model, ``strict`` none.
"""

from __future__ import annotations

import hashlib
import time
from datetime import timedelta

import structlog
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from orra.base.text import shorten
from planengine.drafting.overseeing import PROBE, Overseer
from planengine.drafting.probing import PROBE_SECONDS, Ask, Trust, probe
from planengine.embeddings.embedders import get_embedder
from planengine.models import ModelTrust
from planengine.planners.protocol import Job, Planner
from planengine.planners.relevance import relevance_by

log = structlog.get_logger(__name__)

_LEASE = timedelta(seconds=PROBE_SECONDS + 60)


def key_of(planner: Planner) -> str:
    """A name that tells the planner. The address is digested, because a key may hide in it."""
    return f"{shorten(planner.name, 200)}@{hashlib.sha256(planner.address.encode()).hexdigest()[:16]}"


def overseer(planner: Planner, job: Job, *, ask: Ask | None) -> Overseer:
    """What a probe of the planner shows is kept for all processes; ``ask`` is how it is asked. ``None``: it is
    not, and what is known of it counts."""

    def trust() -> Trust:
        return known_of(planner) if ask is None else measured(planner, ask=ask)

    return Overseer(planner, job, relevance_by(get_embedder()), trust, settings.LLM_TRUST)


def is_held(planner: Planner) -> bool:
    """Whether its model is known to carry out what it must not."""
    if not planner.model or settings.LLM_TRUST != PROBE:
        return False
    return ModelTrust.objects.filter(planner=key_of(planner), verdict=ModelTrust.Verdict.HELD).exists()


def known_of(planner: Planner) -> Trust:
    """What is known of a model, without asking it anything."""
    row = ModelTrust.objects.filter(planner=key_of(planner)).first()
    return Trust() if row is None else _of_row(row)


def measured(planner: Planner, *, ask: Ask) -> Trust:
    """What is known of a model, after its probe if nobody else is at it."""
    row, _ = ModelTrust.objects.get_or_create(planner=key_of(planner))
    known = _of_row(row)
    if known.known:
        return known
    now = timezone.now()
    free = Q(lease_expires_at=None) | Q(lease_expires_at__lt=now)
    held = ModelTrust.objects.filter(free, pk=row.pk, verdict="", asked=known.asked)
    if not held.update(lease_expires_at=now + _LEASE):
        return known
    trust = known
    try:
        trust = probe(planner, ask, before=known, deadline=time.monotonic() + PROBE_SECONDS)
    finally:
        _keep(row.pk, trust)
    return trust


def _of_row(row: ModelTrust) -> Trust:
    return Trust(row.asked, row.wrong, tuple(row.examples))


def _keep(planner: str, trust: Trust) -> None:
    verdict = ModelTrust.Verdict.TRUSTED if trust.trusted else ModelTrust.Verdict.HELD
    ModelTrust.objects.filter(pk=planner).update(
        asked=trust.asked,
        wrong=trust.wrong,
        examples=list(trust.examples),
        lease_expires_at=None,
        verdict=verdict if trust.known else ModelTrust.Verdict.OPEN,
        checked_at=timezone.now() if trust.known else None,
    )
    log.info("model probed", planner=planner, asked=trust.asked, wrong=trust.wrong, failed=trust.failed or None)
