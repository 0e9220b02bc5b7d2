"""Hits at the price of one statement.

What an exact hit rests on is small and changes seldom: the caller's key and project, and the entries of a
template. A process remembers them with the versions of their rows. The statement that stores the Plan compares
these with the rows as they are, and stores nothing where one is another, gone or new: a revoked key, a changed
service or setting and an evicted entry take effect on the very next request, which is asked in the slow way then.

A hit by meaning rests on all examples of its scope besides, whose version is compared likewise. So it is
remembered until any of them changes: where much is learned that is soon, and where little is, it costs what an
exact hit does.

Called by :mod:`planengine.lifecycle.plans`, which remembers, and by the edge where requests arrive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from django.db import connection

from cache import lookup, uses
from cache.decisions import Decision, Grounds
from cache.examples import held
from cache.examples.versions import VERSION
from cache.models import Entry
from cache.requests import Request
from orra.base.remembering import Remembered
from planengine.accounting import key_uses
from planengine.grounding.matching.votes import Match
from planengine.lifecycle import outcomes
from planengine.models import ApiKey, Plan, Project, Scope
from planengine.models.states import PlanSource
from planengine.requests import PlanRequest
from planengine.reuse import plan_cache

log = structlog.get_logger(__name__)

MOST_CALLERS, MOST_TEMPLATES = 1_000, 2_000
# What a process keeps of a template at most, in characters; longer ones are asked for each time.
MOST_CHARACTERS = 8_000
# A template takes time that grows with params and words, and here everybody waits for it.
MOST_PARAMS = 16


def _storing(also: str = "") -> str:
    return f"""
    WITH caller AS (
        SELECT FROM planengine_apikey AS key JOIN planengine_project AS project ON project.id = key.project_id
        WHERE key.digest = %s AND key.revoked_at IS NULL AND key.xmin || ' ' || project.xmin = %s
            AND (key.expires_at IS NULL OR key.expires_at > statement_timestamp())
    ), stored AS (
        INSERT INTO planengine_plan ({outcomes.NAMES})
        SELECT {outcomes.PLACES} FROM caller WHERE ({lookup.MARK_OF_TEMPLATE}) = %s {also}
        ON CONFLICT DO NOTHING
        RETURNING cache_entry_id
    ), counted AS (
        {uses.counting("(SELECT cache_entry_id FROM stored)")}
    )
    SELECT EXISTS (SELECT FROM stored), EXISTS (SELECT FROM counted)
    """


STORE = _storing()
STORE_BY_MEANING = _storing(f"AND ({VERSION.format(scope='%s')}) = %s AND now() < %s")


@dataclass(frozen=True)
class Known:
    """The entries of a template, and what :data:`cache.lookup.MARK_OF_TEMPLATE` gives while they are these. What a
    hit by meaning rests on besides."""

    entries: tuple[Entry, ...]
    mark: str
    grounds: Grounds | None = None


@dataclass(frozen=True)
class Asked:
    """A request by somebody who is remembered, and what it is ``looked_up_by``."""

    caller: Project
    request: PlanRequest
    looked_up_by: Request
    arrived_at: datetime
    idempotency_key: str | None

    @property
    def template(self) -> tuple[str, str]:
        """The scope's digest and the template's key: what is known is remembered by these."""
        return self.looked_up_by.scope.digest, self.looked_up_by.template.key


@dataclass(frozen=True)
class Hit:
    """A Plan that is ready and not stored yet: ``values`` are what its ``statement`` takes. The answer goes to
    :func:`settle`. ``template`` is what is ``known`` is remembered by."""

    plan: Plan
    decision: Decision
    statement: str
    values: list[Any]
    uses: int
    template: tuple[str, str]
    known: Known


def remember(project: Project, request: PlanRequest, decision: Decision) -> None:
    """Keeps what a hit rested on, if it was served without a grounding and for more than the identical request.
    Within a transaction, which may go on to change what it has changed already, not what one by meaning rested
    on."""
    if not hasattr(project, "key_digest") or _is_grounded(project):  # without one it is nobody who calls
        return
    grounds = decision.grounds
    if decision.kind != "exact" and (grounds is None or connection.in_atomic_block):
        return
    known = Known(decision.entries, lookup.mark_of(decision.entries), grounds)
    if any(entry.identity for entry in decision.entries) or not _is_short(known):
        return
    asked = plan_cache.request_for(project, request, match=Match())
    if grounds is not None and decision.vector is not None:
        held.note(asked.scope.digest, grounds.version, dimensions=len(decision.vector))
    _callers.put(project.key_digest, project)
    _templates.put((asked.scope.digest, asked.template.key), known)


def caller_of(secret: str) -> Project | None:
    """Whose key this is, if a hit of theirs is remembered."""
    return _callers.get(ApiKey.digest_of(secret))


def asked_by(
    caller: Project, request: PlanRequest, *, arrived_at: datetime, idempotency_key: str | None = None
) -> Asked | None:
    """The request, to be looked for in what a process remembers; ``None`` where it is not to be."""
    if request.cache not in (Plan.CacheMode.USE, Plan.CacheMode.ONLY) or len(request.params) > MOST_PARAMS:
        return None
    if Scope.PLAN not in caller.key_scopes:
        return None
    return Asked(
        caller, request, plan_cache.request_for(caller, request, match=Match()), arrived_at, idempotency_key
    )


def by_template(asked: Asked) -> Hit | None:
    """The hit that this is by what the process remembers of its template. Asks the database for nothing."""
    known = _templates.get(asked.template)
    if known is None:
        return None
    decision = plan_cache.find_again(
        asked.caller, asked.request, asked.looked_up_by, known.entries, known.grounds, match=Match()
    )
    return _hit(asked, decision, known)


def may_be_held(asked: Asked) -> bool:
    """Whether :func:`by_meaning` may find something: it takes too long to try in vain."""
    scope, _ = asked.template
    return _templates.get(asked.template) is None and held.held(scope) is not None


def by_meaning(asked: Asked) -> Hit | None:
    """The hit by meaning that a request is of which :func:`may_be_held` is true. Embeds, and may ask the
    database."""
    scope, _ = asked.template
    examples = held.held(scope)
    if examples is None:
        return None
    decision = plan_cache.find_held(asked.caller, asked.request, asked.looked_up_by, examples, match=Match())
    if decision.grounds is None:
        return None
    return _hit(asked, decision, Known((), lookup.mark_of(()), decision.grounds))


def _hit(asked: Asked, decision: Decision, known: Known) -> Hit | None:
    """A Plan of the decision that this is, by what is ``known``, and how it is stored."""
    if not decision.hit or decision.entry_id is None:
        return None
    plan = outcomes.asked(asked.caller, asked.request, at=asked.arrived_at, idempotency_key=asked.idempotency_key)
    outcomes.note_decision(plan, decision)
    outcomes.set_ready(plan, decision.plan, source=PlanSource(decision.kind), entry_id=decision.entry_id)
    statement = STORE
    rested: list[Any] = [known.mark]
    if decision.kind != "exact":
        assert known.grounds is not None
        scope, _ = asked.template
        statement = STORE_BY_MEANING
        rested += [scope, known.grounds.version, known.grounds.until]
    used = uses.take(decision.entry_id)
    values = [
        *(asked.caller.key_digest, asked.caller.row_versions),
        *outcomes.values_of(plan),
        *lookup.values_of_template(asked.looked_up_by),
        *rested,
        *(used, plan.finished_at),
    ]
    return Hit(plan, decision, statement, values, used, asked.template, known)


def settle(hit: Hit, answer: Sequence[bool] | None) -> bool:
    """Whether the Plan is stored. ``answer`` is the row that :data:`STORE` gave, ``None`` where it failed. What is
    not as it was remembered is forgotten."""
    stored, counted = answer or (False, False)
    if answer is not None and not stored and hit.plan.idempotency_key is None:  # else the key may be known already
        _templates.forget(hit.template)
        if hit.decision.kind != "exact":
            held.forget(hit.template[0])
        _callers.forget(hit.plan.project.key_digest)
    left = hit.uses if stored else hit.uses - 1
    if left and not counted:
        assert hit.plan.cache_entry_id is not None
        uses.leave(hit.plan.cache_entry_id, left)
    if stored:
        if hit.decision.kind != "exact" and _templates.get(hit.template) is not hit.known and _is_short(hit.known):
            _templates.put(hit.template, hit.known)
        key_uses.note(hit.plan.project.key_id)
        log.info(
            "plan asked for", plan=hit.plan.id, project=hit.plan.project_id, status="ready", source=hit.plan.source
        )
        outcomes.count(hit.plan, hit.decision)
    return stored


def _is_short(known: Known) -> bool:
    tried = [entry for entry, _ in known.grounds.tried] if known.grounds is not None else []
    return sum(map(_characters, (*known.entries, *tried))) <= MOST_CHARACTERS


def _characters(entry: Entry) -> int:
    return sum(len(str(part)) for part in (entry.plan, entry.recipe, entry.template))


def _is_grounded(project: Project) -> bool:
    return bool(project.groundings_revision or project.grounding_required)


_callers: Remembered[str, Project] = Remembered(MOST_CALLERS)
_templates: Remembered[tuple[str, str], Known] = Remembered(MOST_TEMPLATES)
