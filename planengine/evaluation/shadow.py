"""Shadow evaluation of hits: a share of them is planned again in the background and compared, and clients
report wrong ones.

A hit that turns out wrong puts its entry into quarantine. When the evidence says that more hits are wrong than
the project tolerates, hits by meaning are closed; exact templates go on.
"""

from __future__ import annotations

import random
import time
from functools import partial

import numpy as np
import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from numpy.typing import NDArray

from cache import storage
from cache.examples import verdicts
from cache.lookup import template_of
from cache.models import Entry
from cache.templates.templates import TemplateInvalid
from orra.base import metrics
from planengine.accounting import budgets
from planengine.accounting.wrong_hits import observed, reported
from planengine.drafting import fallback, trust
from planengine.drafting.composing import composed
from planengine.drafting.generation import NOT_ACCOUNTED, Outcome, generate
from planengine.drafting.planner_choice import composer, current_planner
from planengine.exceptions import BadRequest, BudgetExceeded, EmbeddingUnavailable
from planengine.models import HitCheck, Plan, Project
from planengine.models.states import BY_MEANING, HIT_SOURCES, PlanSource, PlanStatus
from planengine.planners.protocol import Job, Planner
from planengine.requests import PlanRequest
from planengine.reuse import grounding, learning, origins, plan_cache
from planengine.validation.comparison import same_graph

log = structlog.get_logger(__name__)

LEAST_WRONG = 3  # so many wrong hits before anything is closed
OF_EXAMPLES = 5  # a plan made by example is planned again so many times as often


def is_to_be_checked(plan: Plan) -> bool:
    """Whether the hit is one of the share that is planned again. Chosen at random."""
    share = plan.project.recheck_share * (OF_EXAMPLES if plan.source == PlanSource.EXAMPLE else 1)
    return plan.source in HIT_SOURCES and random.random() < share


def is_served_and_to_be_checked(plan_id: str) -> bool:
    """The same for a plan that a worker may have served by meaning. A worker that served it by the same
    template did so after a flight: that plan is as old as its entry, and comparing it would show nothing."""
    plan = Plan.objects.select_related("project").filter(pk=plan_id, source__in=BY_MEANING).first()
    return plan is not None and is_to_be_checked(plan)


def check(plan_id: str) -> None:
    """Plans a hit's request anew and compares. What the planner cannot plan today proves nothing, nor does what
    another planner makes of it; one that may be down is left alone. Whoever reports the plan, before or meanwhile,
    knows better."""
    plan = Plan.objects.select_related("project").filter(pk=plan_id, source__in=HIT_SOURCES).first()
    if plan is None or HitCheck.objects.filter(plan=plan).exists():
        return
    planner = current_planner()
    if fallback.stand_in() is not None or origins.planner_of(plan) not in (planner.name, None):
        log.info("hit not checked", plan=plan.id, project=plan.project_id, reason="planned by another")
        return
    request = PlanRequest(plan.action, plan.params_by_field)
    match = grounding.match_of(plan.project, request)
    if match.scope != grounding.scope_of(plan.grounding):
        log.info("hit not checked", plan=plan.id, project=plan.project_id, reason="another grounding holds now")
        return
    try:
        job = grounding.job_for(plan.project, request, match)
    except EmbeddingUnavailable as error:
        log.info("hit not checked", plan=plan.id, project=plan.project_id, reason=error.code)
        return
    outcome = _planned(plan, job, planner)
    if outcome.failure is not None and outcome.failure.code == BudgetExceeded.code:
        log.info("hit not checked", plan=plan.id, project=plan.project_id, reason=BudgetExceeded.code)
        return
    vector = plan_cache.embed(plan_cache.request_for(plan.project, request, match=match).template.embedding_text)
    with transaction.atomic():
        Plan.objects.select_for_update(no_key=True).get(pk=plan.pk)  # as a report does
        if _reported(plan) is not None:
            log.info("hit not checked", plan=plan.id, project=plan.project_id, reason="reported meanwhile")
            return
        verdict = _verdict(plan, request, outcome, planner)
        _record(plan, HitCheck.Origin.SAMPLE, verdict, vector=vector)
        if verdict != HitCheck.Verdict.UNDECIDED:
            _keep(plan, outcome, planner, vector)


def _planned(plan: Plan, job: Job, planner: Planner) -> Outcome:
    """As it would be planned today, the composer ahead of a model that is held."""
    if settings.COMPOSE_REJECTED and trust.is_held(planner):
        ahead = composed(composer(), job)
        if ahead.plan is not None:
            return ahead
    meter = budgets.Meter(plan.project, planner, job)
    return generate(
        planner,
        job,
        attempts=settings.PLANNING_ATTEMPTS,
        deadline=time.monotonic() + settings.PLANNING_DEADLINE_SECONDS,
        begin=meter.begin,
        record=meter.end,
        oversee=trust.overseer(planner, job, ask=partial(fallback.ask, plan.project)),
    )


def _verdict(plan: Plan, request: PlanRequest, outcome: Outcome, planner: Planner) -> str:
    """What planning a hit's request anew says of it: a refusal by a model says that it was wrong, another failure
    says nothing. Nor does the composer's refusal, which tells of words that it does not know: a wording that only
    examples account for is what hits by meaning are there for. No planner says more than somebody did."""
    if not outcome.accounted or (outcome.failure is not None and outcome.failure.code == NOT_ACCOUNTED):
        return HitCheck.Verdict.UNDECIDED  # what a model that is not trusted makes of more than it accounts for
    if outcome.plan is not None:
        if plan_cache.is_reported(plan.project, request, outcome.plan):
            return HitCheck.Verdict.UNDECIDED  # what was planned anew is known to be wrong itself
        if same_graph(outcome.plan, plan.plan):
            return HitCheck.Verdict.RIGHT
    elif outcome.status != PlanStatus.NOT_ACTIONABLE or planner.source != PlanSource.MODEL:
        return HitCheck.Verdict.UNDECIDED
    confirmed = plan_cache.is_confirmed(plan.project, request, plan.plan)
    return HitCheck.Verdict.UNDECIDED if confirmed else HitCheck.Verdict.WRONG


def _keep(plan: Plan, outcome: Outcome, planner: Planner, vector: NDArray[np.float32] | None) -> None:
    """What was planned anew is an example, too, if a model planned it."""
    if planner.source != PlanSource.MODEL or outcome.composed or not outcome.accounted:
        return
    request = PlanRequest(plan.action, plan.params_by_field)
    if outcome.plan is not None:
        plan_cache.keep_example(plan.project, request, outcome.plan, vector=vector, planned_by=planner.source)
    elif outcome.failure is not None and outcome.failure.code == PlanStatus.NOT_ACTIONABLE:
        plan_cache.keep_refusal(plan.project, request, vector=vector, planned_by=planner.source)


def report(plan: Plan, *, wrong: bool = True, note: str = "") -> HitCheck:
    """Records what a client or an operator says of a plan that is ready, wherever it came from. A wrong one does
    not come back for such a request; one that is right after all is forgotten as wrong, and becomes an example.
    The last report counts; repeating one changes nothing. Raises :class:`BadRequest` when there is no plan."""
    if plan.status != PlanStatus.READY:
        raise BadRequest(_nothing_to_report(plan), code="no_plan_to_report", status=409)
    verdict = HitCheck.Verdict.WRONG if wrong else HitCheck.Verdict.RIGHT
    request = PlanRequest(plan.action, plan.params_by_field)
    if (known := _reported(plan)) is not None and known.verdict == verdict:
        return known
    # Before the transaction: an embedding endpoint may take its time.
    vector = plan_cache.embed(plan_cache.request_for(plan.project, request).template.embedding_text)
    entry_vector = None if wrong else _vector_of_entry(plan)
    with transaction.atomic():
        Plan.objects.select_for_update().get(pk=plan.pk)  # two reports at once would each see none
        known = _reported(plan)
        if known is not None and known.verdict == verdict:
            return known
        check = _record(plan, HitCheck.Origin.REPORT, verdict, note=note, again=known, vector=vector)
        if not wrong:
            _take_back(plan, entry_vector, reported=known is not None)
            _confirm(plan, request, vector)
    return check


def _confirm(plan: Plan, request: PlanRequest, vector: NDArray[np.float32] | None) -> None:
    """A plan that was made under another version of its grounding is right, and no example of this one."""
    if grounding.match_of(plan.project, request).scope == grounding.scope_of(plan.grounding):
        plan_cache.confirm(plan.project, request, plan.plan, vector=vector)
    else:
        plan_cache.take_back_counter(plan.project, request, plan.plan)


def _nothing_to_report(plan: Plan) -> str:
    if plan.is_finished:
        return (
            "There is no plan to report: the request came to nothing. Its `error` says why and how to fix it; "
            "then send it anew."
        )
    return (
        f"The plan is still being made. Wait until its status is `ready` (`GET /v1/plans/{plan.id}` or its "
        "events), and report it then."
    )


def _reported(plan: Plan) -> HitCheck | None:
    return HitCheck.objects.filter(plan=plan, origin=HitCheck.Origin.REPORT).first()


def _take_back(plan: Plan, entry_vector: NDArray[np.float32] | None, *, reported: bool) -> None:
    """What a check, or an earlier report, of the plan as wrong had done to others: the entry that served it serves
    again. Of a report the risk is as if nothing had been said."""
    if plan.cache_entry_id is not None:
        for origin in HitCheck.Origin:
            storage.release(plan.cache_entry_id, _found_wrong(plan, origin), vector=entry_vector)
    if reported and plan.source in BY_MEANING:
        learning.withdraw_report(plan.project, plan.cache)


def _vector_of_entry(plan: Plan) -> NDArray[np.float32] | None:
    """That of the entry that served the plan and lost it with a report; none for one that did not vote before."""
    entry = Entry.objects.filter(pk=plan.cache_entry_id).exclude(quarantined_at=None).first()
    voted = entry is not None and (plan.source == PlanSource.SEMANTIC or entry.planned_by not in storage.SILENT)
    try:
        return plan_cache.embed(template_of(entry).embedding_text) if entry is not None and voted else None
    except TemplateInvalid:
        return None


def _found_wrong(plan: Plan, origin: str) -> str:
    """Why the entry that served the plan is in quarantine."""
    return f"Plan {plan.id}, which it served, was found wrong ({origin})."


def reopen(project: Project) -> None:
    """Allows hits by meaning again, because an operator trusts them. What was observed so far no longer counts."""
    with transaction.atomic():
        HitCheck.objects.filter(project=project).update(settled=True)
        Project.objects.filter(pk=project.pk).update(semantic_closed_at=None)
    log.warning("hits by meaning reopened", project=project.pk)


def _record(
    plan: Plan,
    origin: str,
    verdict: str,
    *,
    vector: NDArray[np.float32] | None,
    note: str = "",
    again: HitCheck | None = None,
) -> HitCheck:
    """The check, with what follows from it. ``vector`` is the request's; ``again`` is an earlier check that says
    the opposite."""
    facts = {"project": plan.project, "verdict": verdict, "note": note}
    if again is not None:
        HitCheck.objects.filter(pk=again.pk).update(verdict=verdict, note=note, settled=False)
        check, created = again, True
        check.verdict, check.note = verdict, note
    else:
        check, created = HitCheck.objects.get_or_create(plan=plan, origin=origin, defaults=facts)
    if not created:
        return check
    metrics.HIT_CHECKS.labels(origin, verdict).inc()
    log.info("plan checked", plan=plan.id, entry=plan.cache_entry_id, origin=origin, verdict=verdict)
    request = PlanRequest(plan.action, plan.params_by_field)
    if verdict == HitCheck.Verdict.WRONG:
        _put_away(plan, origin)
        stored = Entry.objects.filter(pk=plan.stored_entry_id)  # in the scope of who planned it
        same = stored | plan_cache.entries_of(plan.project, request, plan.plan)
        for entry in same:
            storage.stop_voting(entry)
        storage.withdraw_confirmation(same)
        if plan.cache.get("reason") == "model_check":
            verdicts.withdraw(plan_cache.request_for(plan.project, request))
        plan_cache.keep_counter(plan.project, request, plan.plan, vector=vector)
        _close_if_too_many(plan.project)
    found_right = verdict == HitCheck.Verdict.RIGHT and origin == HitCheck.Origin.SAMPLE
    if plan.source in BY_MEANING and (verdict == HitCheck.Verdict.WRONG or found_right):
        # A client that says "right" moves no risk: that would be an invitation. Nor does what was not decided.
        learning.note_hit(
            plan.project,
            plan.cache,
            wrong=verdict == HitCheck.Verdict.WRONG,
            reported=origin == HitCheck.Origin.REPORT,
        )
    return check


def _put_away(plan: Plan, origin: str) -> None:
    """Puts the entry that served the plan into quarantine; not for a check, if somebody said that the entry's plan
    is right for its own template: then it was wrong for this request only."""
    entries = Entry.objects.filter(pk=plan.cache_entry_id)
    if origin == HitCheck.Origin.SAMPLE:
        entries = entries.filter(confirmed_at=None)
    for entry_id in entries.values_list("pk", flat=True):
        storage.quarantine(entry_id, _found_wrong(plan, origin))


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
