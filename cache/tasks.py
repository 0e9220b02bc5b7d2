"""The cache's scheduled work. Each tick may run twice or on two machines at once."""

from __future__ import annotations

import structlog
from celery import shared_task
from django.conf import settings

from cache import expiry, indexes

log = structlog.get_logger(__name__)


@shared_task  # type: ignore[untyped-decorator]
def delete_expired() -> None:
    if deleted := expiry.delete_expired():
        log.info("expired cache entries deleted", entries=deleted)
    expiry.delete_expired_verdicts()


@shared_task  # type: ignore[untyped-decorator]
def enforce_caps() -> None:
    if deleted := expiry.enforce_caps():
        log.info("cache entries over the cap deleted", entries=deleted)


@shared_task  # type: ignore[untyped-decorator]
def keep_vector_indexes() -> None:
    indexes.keep(at_least=settings.VECTOR_INDEX_FROM)
