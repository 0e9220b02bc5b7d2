"""What a worker does with one Plan: look in the cache again, join or lead its flight, plan, store, finish,
complete the flight.

No database transaction is open while a planner thinks, and leases kept alive meanwhile tell everybody else that
the plan, and the flight that it leads, are in good hands.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, transaction
from numpy.typing import NDArray
from structlog.contextvars import bound_contextvars

from cache import lookup
from cache.decisions import Decision
from cache.models import Entry
from orra.base import leases, metrics, tracing
from orra.base.database.outages import is_away
from orra.base.strictjson import Json
from planengine.drafting import fallback
from planengine.drafting.fallback import Made
from planengine.drafting.generation import Failure, Outcome
from planengine.exceptions import EmbeddingUnavailable
from planengine.grounding.matching.votes import Match
from planengine.lifecycle import outcomes, plans, singleflight
from planengine.lifecycle.singleflight import Lead
from planengine.models import Plan
from planengine.models.states import PlanSource, PlanStatus
from planengine.planners.protocol import Planner
from planengine.requests import PlanRequest
from planengine.reuse import grounding, learning, plan_cache
from planengine.validation.graph import services_called

log = structlog.get_logger(__name__)

# Failures that another request of the same template need not have: its values may be smaller, or fit.
OF_ITS_OWN_SIZE = "model_context_overflow"
OF_ITS_OWN_VALUES = {"value_not_accepted", "type_mismatch"}


def work_on(plan_id: str) -> Sequence[str]:
    """Brings the plan to its outcome, or lets it follow a flight that will, unless somebody else has it or it is
    finished. Gives the ids of the plans that a worker can go on with now, because they waited for this one.

    Only requests that use the cache share a flight: one that bypasses it wants nothing of others, and one that
    refreshes it asks for a plan of its own, for which others need not wait while there may be an older one."""
    plan = plans.find_free(plan_id)
    if plan is None:
        return ()
    told = {"orra.plan.id": plan.id, "orra.project.id": plan.project_id}
    with bound_contextvars(plan=plan.id, project=plan.project_id), tracing.span("plan", told):
        return _bring_on(plan)


def _bring_on(plan: Plan) -> Sequence[str]:
    plan_id = plan.id
    request = PlanRequest(plan.action, plan.params_by_field, cache=plan.cache_mode)
    try:
        match = grounding.match_of(plan.project, request)
        if (refused := grounding.refusal(plan.project, match)) is not None:
            _refuse(plan, refused)
            return ()
        if request.cache != Plan.CacheMode.USE:
            _work(plan_id, request, match, lead=None)
            return ()
        lead, released = _join(plan, request, match)
    except (DatabaseError, InterfaceError):
        raise  # the sweep tries again
    except Exception:
        if (claimed := plans.claim(plan_id)) is not None:
            _finish_broken(claimed)
        return ()
    if lead is None:
        return released
    _work(plan_id, request, match, lead=lead)
    return [*released, *_complete(lead, plan_id)]


def _refuse(plan: Plan, refused: Failure) -> None:
    """Ends a plan that is not to be made, unless somebody else has it."""
    claimed = plans.claim(plan.id)
    if claimed is not None:
        singleflight.leave(claimed)
        plans.finish(claimed, Outcome("failed" if refused.retryable else "not_actionable", failure=refused))


def _join(plan: Plan, request: PlanRequest, match: Match) -> tuple[Lead | None, Sequence[str]]:
    """The lead of the plan's flight, if it is the one to be planned, and the ids of those that this set free. It
    is not when another leads, which it then follows, nor when the cache has it now, which then has served it."""
    asked = plan_cache.request_for(plan.project, request, match=match)
    route = singleflight.route_of(asked, lanes=settings.PLANNING_LANES)
    follower = getattr(plan, "follower", None)
    if follower is not None and follower.flight_id is not None:
        return singleflight.take_over(follower, route), ()
    # Whom it followed may have been planned anew for nothing.
    decision = plan_cache.find_by_template(plan.project, request, match=match, second_best=follower is not None)
    if not decision.hit and follower is not None and (stand_in := fallback.stand_in()) is not None:
        # Whom it followed was planned by it, perhaps.
        decision = plan_cache.find_by_template(plan.project, request, match=match, planner=stand_in)
    if decision.hit:
        if follower is not None:
            decision = replace(decision, reason="same_flight")
        outcomes.note_grounding(plan, match, decision.plan)
        with transaction.atomic():
            singleflight.leave(plan)
            plans.serve(plan, decision)
        return None, ()
    in_lane = follower is not None or lookup.serves_identical_only(asked)
    lead = singleflight.join(plan, route, in_lane=in_lane)
    released: Sequence[str] = ()
    if lead is not None and not in_lane and lookup.serves_identical_only(asked):
        # The flight before was completed since the last look, and its followers are on their way to their lanes.
        with singleflight.held(lead):
            released = singleflight.complete(lead)
        lead = singleflight.join(plan, route, in_lane=True)
    if lead is None:
        plans.park(plan)
    return lead, released


def _work(plan_id: str, request: PlanRequest, match: Match, *, lead: Lead | None) -> None:
    """Ends with an outcome in the row, whatever happens short of losing the process, the lease or the database."""
    plan = plans.claim(plan_id)
    if plan is None:
        return
    with leases.kept(*_extensions(plan, lead), name=plan.id):
        try:
            _plan(plan, request, match, lead)
        except Exception as error:
            if is_away(error):
                raise  # when the lease has ended the sweep tries again
            _finish_broken(plan)


def _extensions(plan: Plan, lead: Lead | None) -> list[Callable[[], bool]]:
    """What keeps the plan's leases alive. The flight's is renewed first: a leader that is lost must not seem to
    be at work when its plan is taken up again."""
    own: list[Callable[[], bool]] = [lambda: plans.extend_lease(plan)]
    return own if lead is None else [lambda: singleflight.extend(lead), *own]


def _finish_broken(plan: Plan) -> None:
    log.exception("planning broke", plan=plan.id, project=plan.project_id)
    message = "The plan engine itself failed; the log has the details under this plan's id."
    plans.finish(plan, Outcome("failed", failure=Failure("internal_error", message, retryable=True)))


def _plan(plan: Plan, request: PlanRequest, match: Match, lead: Lead | None) -> None:
    """``match`` was found before the flight was joined, and what is made under it is kept under it, whatever is
    applied meanwhile."""
    decision = None
    if lead is not None:
        # Between the last look and the lead of the flight, the one before may have been completed.
        decision = plan_cache.find_asking(plan.project, request, match=match)
        if decision.hit:
            outcomes.note_grounding(plan, match, decision.plan)
            plans.finish_from_cache(plan, decision)
            return
        if any(candidate.verdict for candidate in decision.candidates):
            outcomes.note_decision(plan, decision)
    started = time.monotonic()
    precedents = () if decision is None else plan_cache.precedents_of(decision)
    try:
        job = grounding.job_for(plan.project, request, match, precedents=precedents)
    except EmbeddingUnavailable as error:
        message = f"What the strict grounding of this request asks for cannot be told. {error.message}"
        plans.finish(plan, Outcome("failed", failure=Failure(error.code, message, retryable=True)))
        return
    made = fallback.make(
        plan, job, served_by=lambda planner: lead is not None and _serve_from(planner, plan, request, match)
    )
    if made is None:
        return
    outcome = _unless_reported(plan, request, made.outcome)
    if decision is not None and _serve_second_best(plan, request, match, decision, replace(made, outcome=outcome)):
        return
    planner_ms = (time.monotonic() - started) * 1000
    vector = _vector(plan, request, outcome, made.source, decision)
    with _still_ours(plan, lead) as ours:
        if not ours:
            log.warning("plan was taken over", plan=plan.id, project=plan.project_id, token=plan.lease_token)
            return
        if request.cache != Plan.CacheMode.BYPASS:
            _keep(plan, request, match, outcome, made=made, vector=vector, planner_ms=planner_ms)
        if decision is not None:
            _learn(plan, request, decision, outcome, made.source)
        outcomes.note_grounding(plan, match, outcome.plan)
        plans.finish(plan, outcome, source=made.source, planner_ms=planner_ms)


def _serve_from(planner: Planner, plan: Plan, request: PlanRequest, match: Match) -> bool:
    """Whether a plan that this planner made before has served the request."""
    decision = plan_cache.find(plan.project, request, planner=planner, match=match)
    if decision.hit:
        outcomes.note_grounding(plan, match, decision.plan)
        plans.finish_from_cache(plan, decision)
    return decision.hit


def _serve_second_best(plan: Plan, request: PlanRequest, match: Match, decision: Decision, made: Made) -> bool:
    """Whether a plan that was to be planned anew, which came to nothing, has served the request. It is valid, and
    what seemed better is no plan. A model's refusal says more than that, and less than what somebody said."""
    marked = any(seen.refusal and seen.refusal.guard == lookup.SECOND_BEST for seen in decision.candidates)
    if not marked or made.outcome.plan is not None:
        return False
    second = plan_cache.find_by_template(plan.project, request, match=match, second_best=True)
    entry = Entry.objects.filter(pk=second.entry_id).only("confirmed_at").first()
    if entry is None or (entry.confirmed_at is None and _tells(made.outcome, made.source)):
        return False
    if made.outcome.status == PlanStatus.NOT_ACTIONABLE:  # else the planner may do better next time
        Entry.objects.filter(pk=entry.pk).update(replan_reason="")
    outcomes.note_grounding(plan, match, second.plan)
    return plans.finish_from_cache(plan, second)


@contextmanager
def _still_ours(plan: Plan, lead: Lead | None) -> Iterator[bool]:
    """A transaction during which nobody takes the plan or its flight over, unless somebody has."""
    if lead is None:
        with transaction.atomic():
            yield plans.extend_lease(plan)
    else:
        with singleflight.held(lead) as held:
            yield held and plans.extend_lease(plan)


def _unless_reported(plan: Plan, request: PlanRequest, outcome: Outcome) -> Outcome:
    """The outcome, unless its plan was found wrong for such a request before."""
    if outcome.plan is None or not plan_cache.is_reported(plan.project, request, outcome.plan):
        return outcome
    services = ", ".join(services_called(outcome.plan))
    failure = Failure(
        "reported_wrong",
        f"The plan that was made calls {services}, which was reported as wrong for such a request.",
        how_to_fix=(
            "Say in the action what is wanted instead, or give the right service an example in these words.",
            "If the plan is right after all, report it so: the wrong report is then forgotten.",
        ),
    )
    return replace(outcome, status="not_actionable", plan=None, failure=failure)


def _vector(
    plan: Plan, request: PlanRequest, outcome: Outcome, source: str, decision: Decision | None
) -> NDArray[np.float32] | None:
    """What makes the outcome vote. The composer's plans vote for nothing: it must not learn from itself. Nor does
    a plan that leaves words unaccounted for, by a model that is not trusted."""
    if source == PlanSource.COMPOSER or not _tells(outcome, source):
        return None
    if decision is not None and decision.vector is not None:
        return decision.vector
    return plan_cache.embed(plan_cache.request_for(plan.project, request).template.embedding_text)


def _tells(outcome: Outcome, source: str) -> bool:
    """Whether the outcome tells what such a request means: a plan that may be believed, or that a model said that
    there is nothing to plan. The composer refuses words that it does not know, which says nothing of them."""
    if outcome.plan is not None:
        return outcome.accounted
    refused = outcome.failure is not None and outcome.failure.code == "not_actionable"
    return refused and source == PlanSource.MODEL


def _keep(
    plan: Plan,
    request: PlanRequest,
    match: Match,
    outcome: Outcome,
    *,
    made: Made,
    vector: NDArray[np.float32] | None,
    planner_ms: float,
) -> None:
    """Keeps the plan, or that there is none, in the cache, and sets on the Plan as which entry. A cache that
    cannot be written costs a later hit, not this plan."""
    planned_by = "repaired" if outcome.repaired else made.source
    used = plans.usage_of(plan)
    cost = {
        "milliseconds": round(planner_ms, 2),
        "attempts": used.calls,
        "prompt_tokens": used.prompt_tokens,
        "completion_tokens": used.completion_tokens,
        "cost": None if used.cost is None else float(used.cost),
    }
    try:
        with transaction.atomic():
            entry = None
            if outcome.plan is not None:
                entry = plan_cache.store(
                    plan.project,
                    request,
                    outcome.plan,
                    vector=vector,
                    planned_by=planned_by,
                    planner=made.planner,
                    cost=cost,
                    match=match,
                )
            elif vector is not None:
                entry = plan_cache.keep_refusal(
                    plan.project, request, vector=vector, planned_by=planned_by, planner=made.planner, match=match
                )
        plan.stored_entry_id = entry.pk if entry is not None else None
    except Exception:
        log.exception("plan was not cached", plan=plan.id, project=plan.project_id)


def _learn(plan: Plan, request: PlanRequest, decision: Decision, outcome: Outcome, source: str) -> None:
    """Notes whether what the votes proposed would have been right. A failure of the planner tells nothing."""
    if not _tells(outcome, source):
        return
    try:
        with transaction.atomic():
            learning.note_miss(plan.project, plan_cache.request_for(plan.project, request), decision, outcome.plan)
    except Exception:
        log.exception("nothing learned", plan=plan.id, project=plan.project_id)


def _complete(lead: Lead, plan_id: str) -> Sequence[str]:
    """Ends the flight of a plan that has its outcome, for its followers to have it too, each with its own values;
    the ids of those to go on with. Killed before this, the flight is taken over and finds the entry."""
    plan = Plan.objects.filter(pk=plan_id).first()
    with singleflight.held(lead) as held:
        if not held:
            log.warning("flight was taken over", plan=plan_id, flight=lead.flight_id, token=lead.token)
            return ()
        if plan is None or not plan.is_finished:
            return singleflight.pass_on(lead)
        if plan.error is not None:
            identical = not _concerns_all(plan.error, lead)
            plans.share_failure(plan, singleflight.dismiss(lead, identical=identical))
        if lead.in_lane:
            released = singleflight.release(lead, identical=True)
            next_ones = singleflight.pass_on(lead)
        else:
            released, next_ones = singleflight.complete(lead), []
    if not next_ones:
        metrics.FLIGHTS.labels("landed" if plan.error is None else "failed").inc()
    log.info("flight landed", plan=plan.id, project=plan.project_id, flight=lead.flight_id, released=len(released))
    return [*released, *next_ones]


def _concerns_all(error: Mapping[str, Json], lead: Lead) -> bool:
    """Whether everybody who follows fails for the same reason, not only identical requests. In a lane each
    request is planned for itself, but a planner's endpoint that is down concerns all."""
    if error["code"] not in plans.OF_ITS_OWN_DRAFT:
        return bool(error["code"] != OF_ITS_OWN_SIZE)
    problems = {problem["code"] for problem in error["problems"]}
    return not lead.in_lane and not problems & OF_ITS_OWN_VALUES
