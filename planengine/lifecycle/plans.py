"""The life of a Plan, from request to outcome. Only this module writes a Plan's status, and
:mod:`planengine.lifecycle.hits` that of one that is served from what a process remembers.

    ask ──hit──▶ ready                    the web process, at once
     └──miss──▶ pending ──claim──▶ planning ──finish──▶ ready | not_actionable | failed
                 │ ▲                  │
                 │ └── lease expired ─┘   a worker died: anybody may claim it again
                 ├──serve──▶ ready        from the cache, where its flight's leader put the plan
                 └──share_failure──▶ not_actionable | failed, as its flight's leader

A claim is a conditional UPDATE that raises the fencing token; whoever holds an older token can write no outcome.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import structlog
from django.db import IntegrityError, connection, transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Now
from django.utils import timezone
from structlog.contextvars import bound_contextvars

from cache import lookup, uses
from cache.lookup import Decision
from cache.models import Entry
from cache.plans.provenance import CannotFill
from orra.base import metrics, tracing
from orra.base.leases import LEASE
from orra.base.strictjson import Json
from planengine.catalogue.registry import catalogue_of
from planengine.drafting.generation import Failure, Outcome
from planengine.drafting.planner_choice import current_planner, fallback_planner
from planengine.exceptions import BadRequest
from planengine.grounding.matching.votes import Match
from planengine.lifecycle import hits, outcomes, turns
from planengine.models import Attempt, Follower, Plan, Project
from planengine.models.states import PlanSource, PlanStatus
from planengine.planners.protocol import Planner
from planengine.requests import PlanRequest, params_as_list, parse_action, parse_params
from planengine.reuse import grounding, origins, plan_cache
from planengine.validation.rules import validate

log = structlog.get_logger(__name__)

ENQUEUE_AGAIN_AFTER = timedelta(seconds=20)
# Plans that were asked for later than so much from now came to a process whose clock is ahead.
CLOCKS_APART = timedelta(seconds=10)
MAX_CLAIMS = 5
# A plan that so many workers were lost with may be what they were lost by.
SUSPECT_FROM = 2
MOST_REPEATED, MOST_REPEATED_WHILE_BUSY = 500, 50
# Failures that tell of a draft, and so of the values of the request that it was made for.
OF_ITS_OWN_DRAFT = ("plan_rejected", "not_actionable")


def ask(
    project: Project,
    request: PlanRequest,
    *,
    idempotency_key: str | None = None,
    again_of: Plan | None = None,
    arrived_at: datetime | None = None,
) -> tuple[Plan, bool]:
    """The Plan for this request, and whether it is new. It is ready when the cache has it, pending when it has
    to be planned. ``again_of``: the Plan whose request it repeats. ``arrived_at``: now, if it is not told. Raises
    :class:`BadRequest` when the idempotency key was used for another request."""
    if idempotency_key is not None and (known := _asked_before(project, request, idempotency_key)):
        return known, False
    plan = outcomes.asked(project, request, at=arrived_at or timezone.now(), idempotency_key=idempotency_key)
    plan.again_of = again_of.pk if again_of is not None else None
    told = {"orra.plan.id": plan.id, "orra.project.id": project.pk}
    with bound_contextvars(plan=plan.id, project=project.pk), tracing.span("plan", told) as span:
        accepted, is_new = _accept(plan, project, request)
        span.note({"orra.plan.status": str(accepted.status), "orra.plan.source": accepted.source})
        return accepted, is_new


def _accept(plan: Plan, project: Project, request: PlanRequest) -> tuple[Plan, bool]:
    """The Plan as it is stored, and whether it is new."""
    match = grounding.match_of(project, request)
    refused = grounding.refusal(project, match)
    decision = _look_up(project, request, match, refused)
    if decision is None:
        outcomes.note_no_lookup(plan, request.cache)
    else:
        outcomes.note_decision(plan, decision)
    outcomes.note_grounding(plan, match, decision.plan if decision is not None else None)
    if refused is not None and not refused.retryable:  # what may be known in a moment is the worker's to try
        outcomes.set_failed(plan, refused, status=PlanStatus.NOT_ACTIONABLE)
    elif decision is not None and decision.hit:
        outcomes.set_ready(plan, decision.plan, source=PlanSource(decision.kind), entry_id=decision.entry_id)
    elif request.cache == Plan.CacheMode.ONLY:
        outcomes.set_failed(plan, _cache_only_failure(decision))
    else:
        turns.check_room(project)
        outcomes.note_accepted(plan)
    try:
        _insert(plan)
    except IntegrityError:
        if plan.idempotency_key is not None and (known := _asked_before(project, request, plan.idempotency_key)):
            return known, False
        raise
    if decision is not None and decision.hit:
        hits.remember(project, request, decision)
    log.info("plan asked for", plan=plan.id, project=project.pk, status=plan.status, source=plan.source)
    outcomes.count(plan, decision)
    return plan, True


def plan_again(plan: Plan) -> Plan:
    """A new Plan of the same request, planned without the cache, which stays as it is. Raises :class:`BadRequest`
    for a stored request that cannot be read."""
    request = PlanRequest(parse_action(plan.action), parse_params(plan.params), cache=Plan.CacheMode.BYPASS)
    again, _ = ask(plan.project, request, again_of=plan)
    return again


def replay(entry: Entry, *, project: Project, request: PlanRequest) -> Plan:
    """A new Plan from a cache entry with this request's values, validated against today's services. What does not
    fit makes the Plan ``failed`` and leaves the entry as it is. Raises :class:`BadRequest` for an entry that holds
    no plan to serve."""
    plan = Plan(
        project=project,
        action=request.action,
        params=params_as_list(request.params),
        created_at=timezone.now(),
        cache=outcomes.without_lookup("replay", entry.id),
        decision="replay",
        decision_reason="replay",
    )
    filled, failure = preview_replay(entry, project=project, request=request)
    outcomes.note_grounding(plan, grounding.match_of(project, request), filled)
    if failure is None:
        outcomes.set_ready(plan, filled, source=PlanSource.REPLAY, entry_id=entry.id)
    else:
        outcomes.set_failed(plan, failure)
        plan.source = PlanSource.REPLAY
    plan.save(force_insert=True)
    log.info("plan replayed", plan=plan.id, project=project.pk, entry=entry.id, status=plan.status)
    return plan


def preview_replay(
    entry: Entry, *, project: Project, request: PlanRequest
) -> tuple[Json, None] | tuple[None, Failure]:
    """What :func:`replay` would store, without storing it. Raises :class:`BadRequest` likewise."""
    if entry.kind != Entry.Kind.PLAN:
        raise BadRequest(_nothing_to_replay(entry), code="no_plan_to_replay", status=409)
    match = grounding.match_of(project, request)
    if (refused := grounding.refusal(project, match)) is not None:
        return None, refused
    asked = plan_cache.request_for(project, request, match=match)
    try:
        filled = lookup.fill(entry, asked.template, request.params)
    except CannotFill as error:
        return None, Failure("replay_impossible", str(error))
    verdict = validate(filled, catalogue=catalogue_of(project), params=request.params, action=request.action)
    if verdict.plan is None:
        message = "The entry's plan is not valid for these values and today's services."
        return None, Failure("replay_invalid", message, problems=verdict.problems)
    objection = grounding.objection_to(verdict.plan, match, catalogue_of(project), request.params)
    if objection is not None:
        return None, Failure("replay_invalid", f"The entry's plan does not keep to its grounding. {objection}")
    return verdict.plan, None


def _nothing_to_replay(entry: Entry) -> str:
    if entry.kind == Entry.Kind.REFUSAL:
        return "This entry is a refusal: no plan could be made of such a request. There is nothing to replay."
    return (
        "This entry is a plan that was found wrong. It is kept so that it does not come back, not to be replayed."
    )


def find_free(plan_id: str) -> Plan | None:
    """The Plan, with its project and what it follows, if it waits for a worker."""
    return _free().select_related("project", "follower__flight").filter(pk=plan_id).first()


def claim(plan_id: str) -> Plan | None:
    """The Plan, for the caller to work on until its lease ends; ``None`` when somebody else has it or it is
    finished. A plan that has taken several workers down with it is given up."""
    free = _free().filter(pk=plan_id)
    # The row stays locked until it is read, or the token read could be that of a later claim.
    with transaction.atomic():
        claimed = free.filter(lease_token__lt=MAX_CLAIMS).update(
            status=PlanStatus.PLANNING, lease_token=F("lease_token") + 1, lease_expires_at=Now() + LEASE
        )
        plan = Plan.objects.select_related("project").get(pk=plan_id) if claimed else None
    if plan is not None:
        log.info("plan claimed", plan=plan.id, project=plan.project_id, token=plan.lease_token)
        return plan
    worn_out = free.filter(lease_token__gte=MAX_CLAIMS).first()
    if worn_out is not None:
        message = f"Planning was started {MAX_CLAIMS} times and the worker was lost each time."
        outcomes.set_failed(worn_out, Failure("worker_lost", message, retryable=True))
        _write(worn_out, free)
    return None


def park(plan: Plan) -> None:
    """Returns a plan to those that wait, for as long as it follows a flight: nobody holds it then, and one whose
    worker was lost is pending again."""
    abandoned = _free().filter(pk=plan.pk, status=PlanStatus.PLANNING)
    abandoned.update(status=PlanStatus.PENDING, lease_token=F("lease_token") + 1)
    held = Plan.objects.filter(pk=plan.pk, status=PlanStatus.PENDING, lease_expires_at__gt=Now())
    held.update(lease_expires_at=None)


def extend_lease(plan: Plan) -> bool:
    """Whether the plan is still the caller's."""
    return bool(_held(plan).update(lease_expires_at=Now() + LEASE))


def finish_from_cache(plan: Plan, decision: Decision) -> bool:
    """The plan was in the cache after all: another request put it there meanwhile."""
    return _finish_from_cache(plan, decision, _held(plan))


def serve(plan: Plan, decision: Decision) -> bool:
    """As :func:`finish_from_cache`, for a plan that nobody has claimed."""
    return _finish_from_cache(plan, decision, _free().filter(pk=plan.pk))


def _finish_from_cache(plan: Plan, decision: Decision, writable: QuerySet[Plan]) -> bool:
    outcomes.note_decision(plan, decision)
    outcomes.set_ready(plan, decision.plan, source=PlanSource(decision.kind), entry_id=decision.entry_id)
    finished = _write(plan, writable)
    if finished and decision.entry_id and plan.finished_at:
        uses.count_hit(decision.entry_id, plan.finished_at)
    return finished


def keep_made(plan_id: str) -> None:
    """Keeps the plan if it was made by example, so that its template serves at once from now on. What was made by
    the fallback's examples is the fallback's."""
    plan = Plan.objects.select_related("project").filter(pk=plan_id, source=PlanSource.EXAMPLE).first()
    if plan is None:
        return
    planner = _planner_named(origins.planner_of(plan))
    if planner is None:
        return
    request = PlanRequest(plan.action, plan.params_by_field)
    match = grounding.match_of(plan.project, request)
    if match.scope == grounding.scope_of(plan.grounding):  # else another version holds now than it was made under
        entry = plan_cache.keep_made(plan.project, request, plan.plan, planner=planner, match=match)
        if entry is not None:
            Plan.objects.filter(pk=plan.pk).update(stored_entry_id=entry.pk)


def _planner_named(name: str | None) -> Planner | None:
    """The first planner, for no name; ``None`` for one that plans no more."""
    first = current_planner()
    return next((each for each in (first, fallback_planner()) if each and name in (each.name, None)), None)


def finish(plan: Plan, outcome: Outcome, *, source: str | None = None, planner_ms: float = 0.0) -> bool:
    """Writes the outcome; ``False`` when the plan is no longer the caller's."""
    plan.timings_ms = {**plan.timings_ms, "planner": round(planner_ms, 2)}
    if outcome.failure is None:
        outcomes.set_ready(plan, outcome.plan, source=PlanSource(source or ""))
        plan.repaired = outcome.repaired
    else:
        outcomes.set_failed(plan, outcome.failure, status=PlanStatus(outcome.status))
        plan.source = PlanSource(source) if source else None
    return _write(plan, _held(plan))


# One statement for all, however many. They had no attempt of their own, and so no source and no tokens.
SHARE_FAILURE = """
    UPDATE planengine_plan
    SET status = %s, error = %s, finished_at = %s,
        cache = cache || '{"reason": "same_flight"}', decision_reason = 'same_flight',
        timings_ms = '{"accepting": 0, "cache": 0, "embedding": 0, "planner": 0}' || timings_ms
            || jsonb_build_object(
                'total', round(extract(epoch FROM %s - created_at) * 1000, 2),
                'waiting', round(extract(epoch FROM %s - coalesce(enqueued_at, created_at)) * 1000, 2)
            )
    WHERE id = ANY(%s) AND status = 'pending'
    RETURNING created_at
"""


def share_failure(leader: Plan, plan_ids: Sequence[str]) -> None:
    """Ends these plans, which followed the leader, as it ended."""
    error = dict(leader.error or {})
    if error.get("code") in OF_ITS_OWN_DRAFT:
        error["message"] += (
            f"\n\nThis is the outcome of plan {leader.id}, with its values: this one waited for it."
        )
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(SHARE_FAILURE, [leader.status, json.dumps(error), now, now, now, list(plan_ids)])
        started = [created_at for (created_at,) in cursor.fetchall()]
    metrics.PLANS.labels(str(leader.status), "none").inc(len(started))
    for created_at in started:
        metrics.PLAN_SECONDS.labels("none").observe((now - created_at).total_seconds())
    log.info("failure shared", plan=leader.id, project=leader.project_id, followers=len(started))


def lost_plans(now: datetime) -> Sequence[str]:
    """Ids of plans that no worker has, that follow no flight under way and that were not enqueued lately: what a
    dead worker or broker dropped. Marks them as enqueued, so that two sweeps at once do not both enqueue them. Of
    those that several workers were lost with, one at a time. ``now`` is the database's time.

    While messages come through, most of what waits is merely waiting its turn: so few are told again that they do
    not pile up in the broker."""
    coming_through = turns.are_taken(now, within=ENQUEUE_AGAIN_AFTER)
    limit = MOST_REPEATED_WHILE_BUSY if coming_through else MOST_REPEATED
    overdue = Q(enqueued_at=None) | Q(enqueued_at__lt=now - ENQUEUE_AGAIN_AFTER)
    settled = Q(created_at__lt=now - timedelta(seconds=2)) | Q(created_at__gt=now + CLOCKS_APART)
    waiting = settled & Q(status=PlanStatus.PENDING)
    # Enqueued before its lease ran out: that message was the lost worker's.
    lost = Q(status=PlanStatus.PLANNING, lease_expires_at__lt=Now())
    abandoned = lost & (overdue | Q(enqueued_at__lte=F("lease_expires_at")))
    abandoned &= Q(lease_token__lt=SUSPECT_FROM) | Q(pk=_next_suspect())
    in_flight = Follower.objects.filter(plan=OuterRef("pk"), flight__lease_expires_at__gt=Now())
    with transaction.atomic():
        ids = list(
            Plan.objects.filter(~Exists(in_flight), (waiting & overdue) | abandoned)
            .select_for_update(skip_locked=True)
            .order_by("-status", "created_at")  # who lost a worker first: only a message of its own will do
            .values_list("id", flat=True)[:limit]
        )
        note_enqueued(ids, at=now)
    return ids


def _next_suspect() -> str:
    """The plan to be tried next of those that several workers were lost with; empty while one of them is being
    tried. One by one, the plan that is to blame fails, and those that were lost with it are made."""
    suspects = Plan.objects.filter(status=PlanStatus.PLANNING, lease_token__gte=SUSPECT_FROM).order_by(
        "created_at"
    )
    if suspects.filter(lease_token__gt=SUSPECT_FROM, lease_expires_at__gte=Now()).exists():
        return ""
    return suspects.filter(lease_expires_at__lt=Now()).values_list("pk", flat=True).first() or ""


def note_enqueued(plan_ids: Sequence[str], *, at: datetime | None) -> None:
    """``at`` is when workers were told; ``None`` where they were not, after all."""
    if not plan_ids:
        return
    Plan.objects.filter(pk__in=plan_ids).update(enqueued_at=at)


@dataclass(frozen=True)
class Usage:
    """What all of a plan's calls used, those of workers that were lost included. ``None`` is unknown, not zero."""

    calls: int
    prompt_tokens: int | None
    completion_tokens: int | None
    cost: Decimal | None


def usage_of(plan: Plan) -> Usage:
    used = Attempt.objects.filter(plan=plan).aggregate(
        calls=Count("id"),
        prompt_tokens=Sum("prompt_tokens"),
        completion_tokens=Sum("completion_tokens"),
        cost=Sum("cost"),
    )
    return Usage(**used)


def _asked_before(project: Project, request: PlanRequest, idempotency_key: str) -> Plan | None:
    known = Plan.objects.filter(project=project, idempotency_key=idempotency_key).first()
    if known is not None and known.request_digest != request.digest:
        raise BadRequest(
            "This `Idempotency-Key` was used for another request. Use a new key, or send the same request again.",
            code="idempotency_key_reused",
            status=422,
        )
    return known


def _look_up(project: Project, request: PlanRequest, match: Match, refused: Failure | None) -> Decision | None:
    if request.cache in (Plan.CacheMode.BYPASS, Plan.CacheMode.REFRESH):
        return None
    if refused is not None and not refused.retryable:
        return Decision("miss", grounding.NOT_GROUNDED)
    return plan_cache.find(project, request, match=match)


def _cache_only_failure(decision: Decision | None) -> Failure:
    reason = decision.reason if decision else "nothing_cached"
    message = f"The cache has no plan for this request ({reason}), and `cache` is `only`."
    return Failure("cache_miss", message, how_to_fix=("Send the request with `cache`: `use` to have it planned.",))


INSERT = f"INSERT INTO planengine_plan ({outcomes.NAMES}) VALUES ({outcomes.PLACES})"
INSERT_HIT = f"WITH counted AS ({uses.COUNT}) {INSERT} RETURNING EXISTS (SELECT FROM counted)"


def _insert(plan: Plan) -> None:
    """One statement, and so one commit, for the Plan and the hit it counts. Written out, because a hit spends a
    third of its time here otherwise."""
    values = outcomes.values_of(plan)
    with connection.cursor() as cursor:
        if plan.cache_entry_id is None:
            cursor.execute(INSERT, values)
            return
        hits = uses.take(plan.cache_entry_id)
        cursor.execute(INSERT_HIT, [hits, plan.finished_at, plan.cache_entry_id, *values])
        if cursor.fetchone() == (False,):
            uses.leave(plan.cache_entry_id, hits)


def _free() -> QuerySet[Plan]:
    return Plan.objects.filter(
        Q(status=PlanStatus.PENDING) | Q(status=PlanStatus.PLANNING, lease_expires_at__lt=Now())
    )


def _held(plan: Plan) -> QuerySet[Plan]:
    return Plan.objects.filter(pk=plan.pk, status=PlanStatus.PLANNING, lease_token=plan.lease_token)


OUTCOME_COLUMNS = (
    "status",
    "plan",
    "source",
    "repaired",
    "cache",
    "cache_entry_id",
    "stored_entry_id",
    "decision",
    "decision_reason",
    "guard",
    "grounding",
    "tokens_saved",
    "cost_saved",
    "error",
    "prompt_tokens",
    "completion_tokens",
    "timings_ms",
    "finished_at",
)


def _write(plan: Plan, writable: QuerySet[Plan]) -> bool:
    if plan.lease_token:  # else no worker ever had it
        used = usage_of(plan)
        plan.prompt_tokens, plan.completion_tokens = used.prompt_tokens, used.completion_tokens
    written = writable.update(**{column: getattr(plan, column) for column in OUTCOME_COLUMNS})
    if written:
        outcomes.count(plan)
        log.info("plan finished", plan=plan.id, project=plan.project_id, status=plan.status, source=plan.source)
    else:
        log.warning("plan was taken over", plan=plan.id, project=plan.project_id, token=plan.lease_token)
    return bool(written)
