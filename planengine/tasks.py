"""What Celery does for the plan engine. A message is only a hint: the row decides, and the sweep repeats it."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from django.utils import timezone
from kombu.exceptions import OperationalError

from orra.celery import app
from planengine import planning, plans

log = structlog.get_logger(__name__)


@app.task(acks_late=True)  # type: ignore[untyped-decorator]
def generate_plan(plan_id: str) -> None:
    released = planning.work_on(plan_id)
    if released:
        sent = enqueue_all(released)
        plans.note_enqueued(sent, at=timezone.now())


@app.task  # type: ignore[untyped-decorator]
def sweep() -> None:
    """Enqueues again what a killed worker, broker or web process has lost."""
    lost = plans.lost_plans(timezone.now())
    if lost:
        log.warning("plans enqueued again", plans=lost)
        enqueue_all(lost)


def enqueue_all(plan_ids: Sequence[str]) -> Sequence[str]:
    """Tells workers; the ids that they were told of. Where one message fails, the others would wait as long."""
    for number, plan_id in enumerate(plan_ids):
        if not enqueue(plan_id):
            return plan_ids[:number]
    return plan_ids


def enqueue(plan_id: str) -> bool:
    """Tells a worker. With the broker down nothing is lost: the sweep finds the row when it is back."""
    try:
        generate_plan.apply_async([plan_id], retry=False)
    except OperationalError as error:
        log.warning("broker unreachable, the sweep will enqueue the plan", plan=plan_id, error=str(error))
        return False
    return True
