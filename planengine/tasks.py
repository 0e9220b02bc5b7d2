"""What Celery does for the plan engine. A message is only a hint: the row decides, and the sweep repeats it."""

from __future__ import annotations

import time

import structlog
from django.utils import timezone
from kombu.exceptions import OperationalError

from orra.celery import app
from planengine import planning, plans

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
