"""A worker's way with one Plan: claim it, look in the cache again, plan, store, finish.

No database transaction is open while a planner thinks, and a lease kept alive meanwhile tells everybody else
that the plan is in good hands.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from django.conf import settings
from django.db import Error, connection

from planengine import plan_cache, plans
from planengine.generation import Failure, Outcome, generate
from planengine.models import Plan
from planengine.planner_choice import current_planner
from planengine.planners.base import Job, Planner
from planengine.registry import catalogue_of
from planengine.requests import PlanRequest

log = structlog.get_logger(__name__)

LEASE_RENEWAL_SECONDS = 5


def work_on(plan_id: str) -> None:
    """Plans it, unless somebody else has it or it is finished. Ends with an outcome in the row, whatever happens
    short of losing the process."""
    plan = plans.claim(plan_id)
    if plan is None:
        return
    with _lease_kept(plan):
        try:
            _plan(plan)
        except Exception:
            log.exception("planning broke", plan=plan.id, project=plan.project_id)
            message = "The plan engine itself failed; the log has the details under this plan's id."
            plans.finish(plan, Outcome("failed", failure=Failure("internal_error", message, retryable=True)))


def _plan(plan: Plan) -> None:
    request = PlanRequest(plan.action, plan.params_by_field, cache=plan.cache_mode)
    if request.cache == Plan.CacheMode.USE:
        decision = plan_cache.find(plan.project, request)
        if decision.hit:
            plans.finish_from_cache(plan, decision)
            return
    started = time.monotonic()
    planner = current_planner()
    outcome = _generate(plan, planner, Job(plan.action, request.params, catalogue_of(plan.project)))
    planner_ms = (time.monotonic() - started) * 1000
    if outcome.plan is not None and request.cache != Plan.CacheMode.BYPASS:
        _store(plan, request, outcome, planner=planner, planner_ms=planner_ms)
    plans.finish(plan, outcome, source=planner.source, planner_ms=planner_ms)


def _generate(plan: Plan, planner: Planner, job: Job) -> Outcome:
    return generate(
        planner,
        job,
        attempts=settings.PLANNING_ATTEMPTS,
        deadline=time.monotonic() + settings.PLANNING_DEADLINE_SECONDS,
        record=lambda trial: plans.record_attempt(plan, trial, planner=planner.name),
    )


def _store(plan: Plan, request: PlanRequest, outcome: Outcome, *, planner: Planner, planner_ms: float) -> None:
    """A cache that cannot be written costs a later hit, not this plan."""
    usage = [trial.draft.usage for trial in outcome.trials]
    cost = {
        "milliseconds": round(planner_ms, 2),
        "attempts": len(outcome.trials),
        "prompt_tokens": plans.total(tokens.prompt_tokens for tokens in usage),
        "completion_tokens": plans.total(tokens.completion_tokens for tokens in usage),
    }
    try:
        plan_cache.store(plan.project, request, outcome.plan, planned_by=planner.source, cost=cost)
    except Exception:
        log.exception("plan was not cached", plan=plan.id, project=plan.project_id)


@contextmanager
def _lease_kept(plan: Plan) -> Iterator[None]:
    """Renews the lease from a thread of its own, with its own connection, until the block ends or it is lost."""
    done = threading.Event()

    def renew() -> None:
        held = True
        while held and not done.wait(LEASE_RENEWAL_SECONDS):
            try:
                held = plans.extend_lease(plan)
            except Error as error:  # the lease lasts for more than one renewal: the next may succeed
                log.warning("lease not renewed", plan=plan.id, project=plan.project_id, error=str(error))
            finally:
                connection.close()

    thread = threading.Thread(target=renew, name=f"lease-{plan.id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
