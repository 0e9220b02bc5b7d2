"""What Celery does for the plan engine. A message is only a hint: the row decides, and the sweep repeats it."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from celery import shared_task
from django.conf import settings

from cache.examples import observed, versions
from orra.base import metrics
from orra.base.brokers import send
from orra.base.database.clock import database_now
from planengine.accounting import alerts, tallies
from planengine.evaluation import shadow
from planengine.evaluation.regression import runs
from planengine.exceptions import EmbeddingUnavailable
from planengine.grounding.matching import lookup
from planengine.lifecycle import heartbeats, plans, retention, singleflight, turns, worker
from planengine.models import LoginFailure, Plan, Project
from planengine.models.states import PlanSource
from planengine.reuse import freshness

log = structlog.get_logger(__name__)

ABANDONED_SECONDS = 600.0


@shared_task(acks_late=True)  # type: ignore[untyped-decorator]
def generate_plan(told_of: str) -> None:
    """Works on the plan whose turn it is, which need not be the one that the message is about."""
    plan_id = turns.take(told_of)
    released = worker.work_on(plan_id)
    if released:
        sent = enqueue_all(released)
        plans.note_enqueued(sent, at=database_now())
    plans.keep_made(plan_id)
    if shadow.is_served_and_to_be_checked(plan_id):
        check_later(plan_id)


@shared_task  # type: ignore[untyped-decorator]
def sweep() -> None:
    """Enqueues again what a killed worker, broker or web process has lost."""
    heartbeats.note_tick()
    lost = plans.lost_plans(database_now())
    if lost:
        log.warning("plans enqueued again", plans=lost)
        sent = enqueue_all(lost)
        plans.note_enqueued(lost[len(sent) :], at=None)  # else they would wait as if a worker had been told
    for run_id in runs.lost_runs(database_now()):
        log.warning("regression run enqueued again", run=run_id)
        run_later(run_id)


@shared_task(acks_late=True)  # type: ignore[untyped-decorator]
def run_saved_requests(run_id: str) -> None:
    """A slice of the run; the next one queues up behind what else there is to do."""
    if runs.work_on(int(run_id)):
        run_later(int(run_id))


@shared_task  # type: ignore[untyped-decorator]
def mark_second_best(project_id: str, service_name: str) -> None:
    freshness.compare(project_id, service_name)


@shared_task  # type: ignore[untyped-decorator]
def embed_use_cases(project_id: str) -> None:
    try:
        lookup.prepare(Project.objects.get(pk=project_id))
    except EmbeddingUnavailable as error:
        log.warning("use cases not embedded", project=project_id, error=error.message)


@shared_task  # type: ignore[untyped-decorator]
def check_hit(plan_id: str) -> None:
    """Gives way to plans that somebody waits for: it is one check less then."""
    if not turns.is_anybody_kept_waiting(database_now()):
        shadow.check(plan_id)


@shared_task  # type: ignore[untyped-decorator]
def keep_made(plan_id: str) -> None:
    plans.keep_made(plan_id)


@shared_task  # type: ignore[untyped-decorator]
def tally() -> None:
    tallies.add_finished_plans(database_now())


@shared_task  # type: ignore[untyped-decorator]
def alert() -> None:
    """Judges the projects' thresholds, and tells the webhook what has changed."""
    alerts.judge(database_now())
    alerts.deliver(database_now())


@shared_task  # type: ignore[untyped-decorator]
def forget_the_past() -> None:
    """Deletes plans, attempts, sessions, figures and what was told of alerts whose time is over, labels that count
    no more, signs of life of processes that are gone, failed logins of the past, words of scopes that hold no
    entry, and flights whose leader was lost and that nobody follows."""
    now = database_now()
    deleted = {
        "attempts": retention.delete_old_attempts(now, days=settings.ATTEMPT_RETENTION_DAYS),
        "plans": retention.delete_old_plans(now, days=settings.PLAN_RETENTION_DAYS),
        "sessions": retention.delete_ended_sessions(now),
        "figures": retention.delete_old_figures(now),
        "notices": alerts.delete_old_notices(now),
        "heartbeats": heartbeats.delete_old(now),
        "logins": LoginFailure.objects.delete_old(now),
        "labels": retention.delete_old_labels(),
        "words": observed.forget_unused(),
        "versions": versions.forget_unused(),
        "flights": singleflight.forget_abandoned(seconds=ABANDONED_SECONDS),
    }
    for kind, rows in deleted.items():
        metrics.DELETED.labels(kind).inc(rows)
    if any(deleted.values()):
        log.info("the past deleted", **deleted)


def follow_up(plan: Plan) -> None:
    """Has workers do what is left to be done for a Plan that was just asked for."""
    if shadow.is_to_be_checked(plan):
        check_later(plan.id)
    if plan.source == PlanSource.EXAMPLE:
        keep_later(plan.id)
    if not plan.is_finished:
        enqueue(plan.id)


def check_later(plan_id: str) -> None:
    """Has a worker plan a hit again. With the broker down it is one check less."""
    send(check_hit, plan_id)


def keep_later(plan_id: str) -> None:
    """Has a worker keep a plan that was made by example. With the broker down it is made again next time."""
    send(keep_made, plan_id)


def compare_with_cached_plans(project_id: str, service_name: str) -> None:
    """Has a worker look for cached plans that a new or changed service makes second best, and for refusals that it
    puts out of date. With the broker down they stay as they are: plans valid, and served."""
    send(mark_second_best, project_id, service_name)


def run_later(run_id: int) -> None:
    """Has a worker go on with a run of saved requests. With the broker down the sweep does it when it is back."""
    if send(run_saved_requests, str(run_id)):
        runs.note_enqueued([run_id])


def embed_use_cases_later(project_id: str) -> None:
    """Has a worker embed what a grounding says. With the broker down the first request for it waits for that."""
    send(embed_use_cases, project_id)


def enqueue_all(plan_ids: Sequence[str]) -> Sequence[str]:
    """Tells workers; the ids that they were told of. Where one message fails, the others would wait as long."""
    for number, plan_id in enumerate(plan_ids):
        if not enqueue(plan_id):
            return plan_ids[:number]
    return plan_ids


def enqueue(plan_id: str) -> bool:
    """Tells a worker. With the broker down nothing is lost: the sweep finds the row when it is back."""
    return send(generate_plan, plan_id)
