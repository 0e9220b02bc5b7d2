"""What a Plan says of its outcome: set on the row, and not written. Who writes it is in
:mod:`planengine.lifecycle.plans` and :mod:`planengine.lifecycle.hits`, nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone

from cache.lookup import Decision
from orra.base import metrics
from orra.base.strictjson import Json
from planengine.catalogue.registry import catalogue_of
from planengine.drafting.generation import Failure
from planengine.grounding.matching.votes import Match
from planengine.models import Plan, Project
from planengine.models.states import HIT_SOURCES, PlanSource, PlanStatus
from planengine.requests import PlanRequest, params_as_list
from planengine.reuse import grounding

# What ``timings_ms`` tells, in milliseconds: the total from the request's arrival until its plan was about to be
# stored, and its parts: what was done around the lookup, the lookup with its embedding, the wait for a worker or
# for another request's plan, and planning. Zero where there was none.
PARTS = ("total", "accepting", "cache", "embedding", "waiting", "planner")
# What columns of money hold; no plan costs as much.
MOST_MONEY, PLACES_OF_MONEY = 10**9, 10


COLUMNS = Plan._meta.concrete_fields
# What an INSERT of a Plan names, and a place for each of its :func:`values_of`.
NAMES, PLACES = ", ".join(str(field.column) for field in COLUMNS), ", ".join(["%s"] * len(COLUMNS))


def values_of(plan: Plan) -> list[Any]:
    """The Plan as a row."""
    return [field.get_db_prep_save(getattr(plan, field.attname), connection) for field in COLUMNS]


def asked(project: Project, request: PlanRequest, *, at: datetime, idempotency_key: str | None = None) -> Plan:
    """A Plan of which nothing is known but what was asked."""
    return Plan(
        project=project,
        action=request.action,
        params=params_as_list(request.params),
        cache_mode=request.cache,
        created_at=at,
        idempotency_key=idempotency_key,
        request_digest=request.digest if idempotency_key is not None else None,
    )


def note_grounding(plan: Plan, match: Match, content: Json) -> None:
    """Sets on the Plan, without writing it, which use case applies and how its plan, if there is one, keeps to
    it."""
    plan.grounding = grounding.shown(match, catalogue_of(plan.project), content, plan.params_by_field)


def note_no_lookup(plan: Plan, mode: str) -> None:
    plan.cache = without_lookup(mode)
    plan.decision = plan.decision_reason = mode


def without_lookup(mode: str, entry_id: str | None = None) -> dict[str, Json]:
    """What a Plan tells of its decision when the cache was not asked for one."""
    return {
        "decision": mode,
        "entry_id": entry_id,
        "similarity": None,
        "reason": mode,
        "votes": None,
        "guards": [],
    }


def note_decision(plan: Plan, decision: Decision) -> None:
    """Sets the decision on the Plan without writing it: the plan's next write holds it."""
    plan.cache = decision.as_dict()
    plan.decision, plan.decision_reason, plan.guard = decision.kind, decision.reason, decision.guard
    plan.tokens_saved = _tokens(decision.cost) if decision.hit else None
    plan.cost_saved = _money(decision.cost) if decision.hit else None
    plan.timings_ms = {
        **plan.timings_ms,
        "cache": round(decision.milliseconds, 2),
        "embedding": round(decision.embedding_milliseconds, 2),
    }


def note_accepted(plan: Plan) -> None:
    """Sets how long the request took from its arrival until now, the lookup apart."""
    taken = _milliseconds(plan.created_at, timezone.now()) - plan.timings_ms.get("cache", 0)
    plan.timings_ms = {**plan.timings_ms, "accepting": round(max(0.0, taken), 2)}


def _tokens(cost: Mapping[str, Json]) -> int | None:
    """What planning had cost; ``None`` when the server did not say. Stored rows are not trusted."""
    counts = [cost.get(kind) for kind in ("prompt_tokens", "completion_tokens")] if isinstance(cost, dict) else []
    known = [count for count in counts if isinstance(count, int) and 0 <= count < 2**30]
    return sum(known) if known else None


def _money(cost: Mapping[str, Json]) -> Decimal | None:
    """As :func:`_tokens`, in money."""
    amount = cost.get("cost") if isinstance(cost, dict) else None
    if not isinstance(amount, int | float) or isinstance(amount, bool) or not 0 <= amount < MOST_MONEY:
        return None
    return round(Decimal(amount), PLACES_OF_MONEY)


def set_ready(plan: Plan, content: Json, *, source: PlanSource, entry_id: str | None = None) -> None:
    plan.plan = content
    plan.source = source
    plan.cache_entry_id = entry_id
    _end(plan, PlanStatus.READY)


def set_failed(plan: Plan, failure: Failure, *, status: PlanStatus = PlanStatus.FAILED) -> None:
    plan.error = failure.as_dict()
    _end(plan, status)


def _end(plan: Plan, status: PlanStatus) -> None:
    if plan._state.adding:
        note_accepted(plan)
    plan.status = status
    plan.finished_at = timezone.now()
    total = _milliseconds(plan.created_at, plan.finished_at)
    known: dict[str, float] = dict.fromkeys(PARTS, 0) | plan.timings_ms
    waiting = 0.0 if plan._state.adding else total - known["accepting"] - known["cache"] - known["planner"]
    plan.timings_ms = {**known, "waiting": round(max(0.0, waiting), 2), "total": round(total, 2)}


def _milliseconds(since: datetime, until: datetime) -> float:
    """Not below 0: clocks are set back at times."""
    return max(0.0, (until - since).total_seconds() * 1000)


def count(plan: Plan, decision: Decision | None = None) -> None:
    if decision is not None:
        metrics.LOOKUPS.labels(decision.kind, decision.reason).inc()
        if decision.guard:
            metrics.REFUSALS.labels(decision.kind, decision.guard).inc()
        metrics.LOOKUP_SECONDS.labels(decision.kind).observe(decision.milliseconds / 1000)
    if plan.finished_at is not None:
        source = str(plan.source or "none")
        metrics.PLANS.labels(str(plan.status), source).inc()
        metrics.PLAN_SECONDS.labels(source).observe(_milliseconds(plan.created_at, timezone.now()) / 1000)
        if plan.source in HIT_SOURCES:
            metrics.CALLS_SAVED.inc()
            metrics.TOKENS_SAVED.inc(plan.tokens_saved or 0)
