"""Shadow evaluation of hits: a share of them is planned again in the background and compared, and clients
report wrong ones.

A hit that turns out wrong puts its entry into quarantine. When the evidence says that more hits are wrong than
the project tolerates, hits by meaning are closed; exact templates go on.
"""

from __future__ import annotations

import random
import time

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from cache import storage
from cache.examples import verdicts
from cache.models import Entry
from orra.base import metrics
from planengine.accounting import budgets
from planengine.accounting.wrong_hits import observed, reported
from planengine.catalogue.registry import catalogue_of
from planengine.drafting import fallback
from planengine.drafting.generation import generate
from planengine.drafting.planner_choice import current_planner
from planengine.exceptions import BadRequest, BudgetExceeded
from planengine.models import HitCheck, Plan, Project
from planengine.models.states import HIT_SOURCES, PlanSource
from planengine.planners.protocol import Job
from planengine.requests import PlanRequest
from planengine.reuse import plan_cache
from planengine.validation.comparison import same_graph

log = structlog.get_logger(__name__)

LEAST_WRONG = 3  # so many wrong hits before anything is closed


def is_to_be_checked(plan: Plan) -> bool:
    """Whether the hit is one of the share that is planned again. Chosen at random."""
    return plan.source in HIT_SOURCES and random.random() < plan.project.recheck_share


def is_served_and_to_be_checked(plan_id: str) -> bool:
    """The same for a plan that a worker may have served by meaning. A worker that served it by the same
    template did so after a flight: that plan is as old as its entry, and comparing it would show nothing."""
    plan = Plan.objects.select_related("project").filter(pk=plan_id, source=PlanSource.SEMANTIC).first()
    return plan is not None and is_to_be_checked(plan)


def check(plan_id: str) -> None:
    """Plans a hit's request anew and compares. What the planner cannot plan today proves nothing, nor does what
    another planner makes of it; one that may be down is left alone."""
    plan = Plan.objects.select_related("project").filter(pk=plan_id, source__in=HIT_SOURCES).first()
    if plan is None or HitCheck.objects.filter(plan=plan).exists():
        return
    planner = current_planner()
    if fallback.stand_in() is not None or _planner_of(plan) not in (planner.name, None):
        log.info("hit not checked", plan=plan.id, project=plan.project_id, reason="planned by another")
        return
    job = Job(plan.action, plan.params_by_field, catalogue_of(plan.project))
    meter = budgets.Meter(plan.project, planner, job)
    outcome = generate(
        planner,
        job,
        attempts=settings.PLANNING_ATTEMPTS,
        deadline=time.monotonic() + settings.PLANNING_DEADLINE_SECONDS,
        begin=meter.begin,
        record=meter.end,
    )
    if outcome.failure is not None and outcome.failure.code == BudgetExceeded.code:
        log.info("hit not checked", plan=plan.id, project=plan.project_id, reason=BudgetExceeded.code)
        return
    if outcome.plan is None:
        verdict = HitCheck.Verdict.UNDECIDED
    else:
        same = same_graph(outcome.plan, plan.plan)
        verdict = HitCheck.Verdict.RIGHT if same else HitCheck.Verdict.WRONG
    _record(plan, HitCheck.Origin.SAMPLE, verdict)


def _planner_of(plan: Plan) -> str | None:
    """Who planned the entry that served it; ``None`` when it is gone."""
    entry = Entry.objects.filter(pk=plan.cache_entry_id).only("scope_facts").first()
    return entry.scope_facts.get("planner") if entry is not None else None


def report(plan: Plan) -> HitCheck:
    """Records a client's report that the plan it got is wrong. Reporting it again changes nothing."""
    if plan.source not in HIT_SOURCES:
        raise BadRequest(
            "Only a plan that was served from the cache can be reported.", code="not_a_hit", status=409
        )
    return _record(plan, HitCheck.Origin.REPORT, HitCheck.Verdict.WRONG)


def reopen(project: Project) -> None:
    """Allows hits by meaning again, because an operator trusts them. What was observed so far no longer counts."""
    with transaction.atomic():
        HitCheck.objects.filter(project=project).update(settled=True)
        Project.objects.filter(pk=project.pk).update(semantic_closed_at=None)
    log.warning("hits by meaning reopened", project=project.pk)


def _record(plan: Plan, origin: str, verdict: str) -> HitCheck:
    check, created = HitCheck.objects.get_or_create(
        plan=plan, origin=origin, defaults={"project": plan.project, "verdict": verdict}
    )
    if not created:
        return check
    metrics.HIT_CHECKS.labels(origin, verdict).inc()
    log.info("hit checked", plan=plan.id, entry=plan.cache_entry_id, origin=origin, verdict=verdict)
    if verdict == HitCheck.Verdict.WRONG:
        if plan.cache_entry_id is not None:
            storage.quarantine(
                plan.cache_entry_id, f"Plan {plan.id}, which it served, was found wrong ({origin})."
            )
        if plan.cache.get("reason") == "model_check":
            request = PlanRequest(plan.action, plan.params_by_field)
            verdicts.withdraw(plan_cache.request_for(plan.project, request))
        _close_if_too_many(plan.project)
    return check


def _close_if_too_many(project: Project) -> None:
    """Closes hits by meaning when even the lower end of the interval is above the project's tolerance."""
    for evidence in (observed(project), reported(project)):
        low, _ = evidence.interval
        if evidence.wrong >= LEAST_WRONG and low > project.wrong_hit_tolerance:
            closed = Project.objects.filter(pk=project.pk, semantic_closed_at=None).update(
                semantic_closed_at=timezone.now()
            )
            if closed:
                log.error(
                    "hits by meaning closed", project=project.pk, wrong=evidence.wrong, checked=evidence.checked
                )
            return
