"""The cache's scheduled work. Each tick may run twice or on two machines at once."""

from __future__ import annotations

import structlog
from celery import shared_task
from django.conf import settings

from cache import expiry, indexes
from cache.care import jobs
from orra.base.brokers import send

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


@shared_task(acks_late=True)  # type: ignore[untyped-decorator]
def work_on_job(job_id: int) -> None:
    if jobs.work_on(job_id):
        enqueue_job(job_id)


@shared_task  # type: ignore[untyped-decorator]
def take_up_jobs() -> None:
    """Enqueues again the jobs that a killed worker or a broker has lost."""
    for job_id in jobs.left_alone():
        if not enqueue_job(job_id):
            return


def enqueue_job(job_id: int) -> bool:
    """Tells a worker. With the broker down nothing is lost: the next tick finds the row when it is back."""
    return send(work_on_job, job_id)
