"""What Celery does for the plan engine. A message is only a hint: the row decides, and the sweep repeats it."""

from __future__ import annotations

import time

import structlog
from django.utils import timezone
from kombu.exceptions import OperationalError

from orra.celery import app
from planengine import freshness, honesty, planning, plans

log = structlog.get_logger(__name__)

LEAVE_BROKER_SECONDS = 5.0
_leave_broker_until = 0.0


@app.task(acks_late=True)  # type: ignore[untyped-decorator]
def generate_plan(plan_id: str) -> None:
    planning.work_on(plan_id)


@app.task  # type: ignore[untyped-decorator]
def sweep() -> None:
    """Enqueues again what a killed worker, broker or web process has lost."""
    for plan_id in plans.lost_plans(timezone.now()):
        log.warning("plan enqueued again", plan=plan_id)
        enqueue(plan_id)


@app.task  # type: ignore[untyped-decorator]
def mark_second_best(project_id: str, service_name: str) -> None:
    freshness.mark_second_best(project_id, service_name)


@app.task  # type: ignore[untyped-decorator]
def check_hit(plan_id: str) -> None:
    honesty.check(plan_id)


def check_later(plan_id: str) -> None:
    """Has a worker plan a hit again. With the broker down it is one check less."""
    try:
        check_hit.apply_async([plan_id], retry=False)
    except OperationalError as error:
        log.warning("broker unreachable, a hit is not checked", plan=plan_id, error=str(error))


def compare_with_cached_plans(project_id: str, service_name: str) -> None:
    """Has a worker look for cached plans that a new or changed service makes second best. With the broker down
    they stay as they are: valid, and served."""
    try:
        mark_second_best.apply_async([project_id, service_name], retry=False)
    except OperationalError as error:
        log.warning("broker unreachable, cached plans are not compared", project=project_id, error=str(error))


def enqueue(plan_id: str) -> None:
    """Tells a worker. With the broker down nothing is lost: the sweep finds the row when it is back. A broker that
    did not answer is left alone for a moment, or else every request would wait for it in turn."""
    global _leave_broker_until
    if time.monotonic() < _leave_broker_until:
        return
    try:
        generate_plan.apply_async([plan_id], retry=False)
    except OperationalError as error:
        _leave_broker_until = time.monotonic() + LEAVE_BROKER_SECONDS
        log.warning("broker unreachable, the sweep will enqueue the plan", plan=plan_id, error=str(error))
