"""The plan engine's use of the cache: what a project's requests are looked up by, and when a plan is accepted."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import ParamSpec

import numpy as np
import structlog
from django.db.models import QuerySet
from numpy.typing import NDArray

from cache import lookup, storage
from cache.decisions import Candidate, Decision, Grounds
from cache.examples.acceptance import Adjustment
from cache.examples.held import Held
from cache.examples.judgement import Terms
from cache.examples.votes import COUNTER, REFUSAL
from cache.models import Entry
from cache.policy import Policy
from cache.requests import Request, Scope
from cache.storage import Source
from orra.base import tracing
from orra.base.strictjson import Json
from planengine.catalogue.registry import catalogue_of
from planengine.catalogue.specs import Catalogue
from planengine.drafting.planner_choice import current_planner
from planengine.embeddings.calibration import floor_for, scale_of
from planengine.embeddings.embedders import get_embedder
from planengine.exceptions import BadRequest, EmbeddingUnavailable
from planengine.grounding.matching.votes import UNKNOWN, Match
from planengine.models import Project
from planengine.planners.protocol import Planner, Precedent
from planengine.requests import PlanRequest, parse_params
from planengine.reuse import grounding, model_check
from planengine.reuse.advice import advise
from planengine.reuse.services import ProjectServices
from planengine.validation.graph import services_called
from planengine.validation.rules import validate

# So many examples of the likeliest plan go into a prompt, none of them farther than this.
MOST_PRECEDENTS = 2
LEAST_SIMILAR = 0.6

log = structlog.get_logger(__name__)

P = ParamSpec("P")


def _traced(find: Callable[P, Decision]) -> Callable[P, Decision]:
    """``find``, with what it decided in a span."""

    @functools.wraps(find)
    def traced(*args: P.args, **kwargs: P.kwargs) -> Decision:
        with tracing.span("cache lookup") as span:
            decision = find(*args, **kwargs)
            span.note({"orra.cache.decision": decision.kind, "orra.cache.reason": decision.reason})
            return decision

    return traced


def request_for(
    project: Project, request: PlanRequest, *, planner: Planner | None = None, match: Match | None = None
) -> Request:
    """What the request is looked up by. ``planner``: whose plans are wanted, if not the current planner's;
    plans of one planner are never served as another's. ``match``: the use case that applies to it, where that was
    found before; plans made under one version of a grounding are served under no other."""
    planner = planner or current_planner()
    match = match or grounding.match_of(project, request)
    model = get_embedder().name
    scope = Scope(project.pk, embedding_model=model, planner=planner.name, grounding=match.scope)
    return Request(
        scope,
        request.action,
        request.params,
        discriminating_terms=catalogue_of(project).discriminating_terms(request.params),
    )


@_traced
def find(
    project: Project,
    request: PlanRequest,
    *,
    planner: Planner | None = None,
    match: Match | None = None,
    without: frozenset[str] = frozenset(),
) -> Decision:
    """The decision for a request, with its own values, validated against today's services and held to the use case
    that applies. ``without``: parts of the rule to leave out, for an evaluation."""
    match = match or grounding.match_of(project, request)
    if match.how == UNKNOWN:
        return Decision("miss", "no_embedding")
    asked = request_for(project, request, planner=planner, match=match)
    return lookup.find(asked, _policy(project, request, asked, match, without=without))


@_traced
def find_asking(project: Project, request: PlanRequest, *, match: Match) -> Decision:
    """As :func:`find`, and where only wording keeps an entry from serving, a model may be asked about it, which
    may take a while."""
    asked = request_for(project, request, match=match)
    decision = lookup.find(asked, _policy(project, request, asked, match))
    if not decision.hit and model_check.settle(project, asked, decision):
        decision = lookup.find(asked, _policy(project, request, asked, match))
    return decision


@_traced
def find_by_template(
    project: Project,
    request: PlanRequest,
    *,
    match: Match,
    planner: Planner | None = None,
    second_best: bool = False,
) -> Decision:
    """As :func:`find`, without a search by meaning. ``second_best``: by what is to be planned anew, too."""
    asked = request_for(project, request, planner=planner, match=match)
    policy = replace(_policy(project, request, asked, match), second_best=second_best)
    return lookup.find_by_template(asked, policy)


def find_again(
    project: Project,
    request: PlanRequest,
    asked: Request,
    entries: Sequence[Entry],
    grounds: Grounds | None,
    *,
    match: Match,
) -> Decision:
    """As :func:`cache.lookup.find_again`: asks the database for nothing, and leaves all as it is."""
    policy = Policy(
        accept=_acceptance(project, request, match),
        embed=lambda text: None,
        floor=1.0 if grounds is None else floor_for(project).value,
        scale=1.0 if grounds is None else scale_of(get_embedder())[1],
        current=_currency(project),
    )
    return lookup.find_again(asked, policy, entries, grounds)


def find_held(project: Project, request: PlanRequest, asked: Request, held: Held, *, match: Match) -> Decision:
    """As :func:`cache.lookup.find_held`."""
    return lookup.find_held(asked, _policy(project, request, asked, match), held)


def precedents_of(decision: Decision) -> tuple[Precedent, ...]:
    """What was planned for requests like one that was missed, for a planner to adapt: the nearest that the votes
    propose, and the nearest that led to something else."""
    if decision.judgement is None:
        return ()
    vote = decision.judgement.vote
    near = [*vote.examples[:MOST_PRECEDENTS], *([vote.rival] if vote.rival is not None else [])]
    told = {
        each.template: Precedent(each.template, each.services if each.kind != REFUSAL else ())
        for each in near
        if each.kind != COUNTER and each.similarity >= LEAST_SIMILAR
    }
    return tuple(told.values())


@dataclass(frozen=True)
class Tried:
    """Thresholds to try in place of a project's own; ``None`` leaves those."""

    tolerance: float | None = None
    floor: float | None = None

    def on(self, policy: Policy) -> Policy:
        terms = policy.terms if self.tolerance is None else replace(policy.terms, tolerance=self.tolerance)
        return replace(policy, terms=terms, floor=policy.floor if self.floor is None else self.floor)


def rehearse(
    project: Project, request: PlanRequest, *, match: Match, tried: Tried = Tried()
) -> tuple[Decision, float]:
    """What :func:`find` would decide, with nothing served, counted or put into quarantine, and the similarity
    floor that held."""
    asked = request_for(project, request, match=match)
    policy = tried.on(replace(_policy(project, request, asked, match), rehearse=True))
    refused = grounding.refusal(project, match)
    if refused is None:
        return lookup.find(asked, policy), policy.floor
    return Decision("miss", "no_embedding" if refused.retryable else grounding.NOT_GROUNDED), policy.floor


def explain(project: Project, request: PlanRequest, *, tried: Tried = Tried()) -> dict[str, Json]:
    """What :func:`find` would decide and why, as :func:`rehearse` tells."""
    match = grounding.match_of(project, request)
    asked = request_for(project, request, match=match)
    decision, floor = rehearse(project, request, match=match, tried=tried)
    candidates = [candidate.as_dict() for candidate in decision.candidates]
    if decision.entry_id and decision.entry_id not in {candidate.entry_id for candidate in decision.candidates}:
        served = Entry.objects.filter(pk=decision.entry_id).first()
        template = served.template_text if served else ""
        candidates.append(Candidate(decision.entry_id, template, decision.similarity or 0.0, None).as_dict())
    told = decision.as_dict()
    return {
        "decision": decision.kind,
        "reason": decision.reason,
        "entry_id": decision.entry_id,
        "similarity": decision.similarity,
        "template": asked.template.text,
        "floor": floor,
        "floor_from": floor_for(project).origin if tried.floor is None else "tried",
        "plan": decision.plan,
        "votes": told["votes"],
        "what_to_do": advise(told),
        "candidates": candidates,
        "grounding": grounding.explain(project, match),
        "timings_ms": {
            "cache": round(decision.milliseconds, 2),
            "embedding": round(decision.embedding_milliseconds, 2),
        },
    }


def store(
    project: Project,
    request: PlanRequest,
    plan: Json,
    *,
    vector: NDArray[np.float32] | None,
    planned_by: str,
    cost: dict[str, Json],
    planner: Planner | None = None,
    match: Match | None = None,
) -> Entry | None:
    """``vector`` is the request's, ``None`` for a plan that votes for nothing until somebody confirms it.
    ``match``: what the plan was made under. ``None`` where that is not known."""
    asked = request_for(project, request, planner=planner, match=match)
    if asked.scope.grounding == UNKNOWN:
        return None
    source = _source(project, plan, planned_by=planned_by, cost=cost)
    return storage.store(asked, plan, vector=vector, ttl_seconds=project.cache_ttl_seconds, source=source)


def keep_made(
    project: Project,
    request: PlanRequest,
    plan: Json,
    *,
    planner: Planner | None = None,
    match: Match | None = None,
) -> Entry | None:
    """Keeps a plan that was made by example, to serve its exact template until it is planned anew or confirmed."""
    asked = request_for(project, request, planner=planner, match=match)
    if asked.scope.grounding == UNKNOWN:
        return None
    source = _source(project, plan, planned_by=storage.EXAMPLE, cost={})
    return storage.store_made(asked, plan, ttl_seconds=project.cache_ttl_seconds, source=source)


def keep_refusal(
    project: Project,
    request: PlanRequest,
    *,
    vector: NDArray[np.float32] | None,
    planned_by: str,
    planner: Planner | None = None,
    match: Match | None = None,
) -> Entry | None:
    """That a planner refused the request, as an example."""
    asked = request_for(project, request, planner=planner, match=match)
    if asked.scope.grounding == UNKNOWN:
        return None
    source = Source(planned_by, dependencies=catalogue_of(project).digest)
    return storage.keep_refusal(asked, vector=vector, ttl_seconds=project.cache_ttl_seconds, source=source)


def keep_counter(
    project: Project, request: PlanRequest, plan: Json, *, vector: NDArray[np.float32] | None
) -> Entry | None:
    """That this plan is wrong for such a request. Without a ``vector`` it counts for this template only."""
    asked = request_for(project, request)
    source = _source(project, plan, planned_by="report", cost={})
    return storage.keep_counter(asked, plan, vector=vector, source=source)


def keep_example(
    project: Project, request: PlanRequest, plan: Json, *, vector: NDArray[np.float32] | None, planned_by: str
) -> None:
    """A plan that is known to be right for the request votes from now on, and takes the place of another."""
    asked = request_for(project, request)
    entry = _entry_of(asked, plan)
    if entry is None:
        store(project, request, plan, vector=vector, planned_by=planned_by, cost={})
    elif vector is not None:
        storage.confirm(entry, vector)


def confirm(project: Project, request: PlanRequest, plan: Json, *, vector: NDArray[np.float32] | None) -> None:
    """Somebody says that this plan is right: it is no counter-example, it votes, and a model's refusals of such a
    request are forgotten."""
    asked = request_for(project, request)
    storage.withdraw_counter(asked, plan)
    storage.withdraw_refusals(asked)
    keep_example(project, request, plan, vector=vector, planned_by="confirmed")
    storage.note_confirmed(entries_of(project, request, plan))


def is_confirmed(project: Project, request: PlanRequest, plan: Json) -> bool:
    """Whether somebody said that this plan is right for such a request."""
    return entries_of(project, request, plan).exclude(confirmed_at=None).exists()


def take_back_counter(project: Project, request: PlanRequest, plan: Json) -> None:
    """This plan is not known as wrong for such a request any more."""
    storage.withdraw_counter(request_for(project, request), plan)


def _entry_of(asked: Request, plan: Json) -> Entry | None:
    """The usable entry of the request's template with a plan of this skeleton."""
    return _entries_of(asked, plan).filter(identity="").first()


def entries_of(project: Project, request: PlanRequest, plan: Json) -> QuerySet[Entry]:
    """The usable entries that could serve the request with a plan of this skeleton, by its very template."""
    asked = request_for(project, request)
    return _entries_of(asked, plan).filter(identity__in=["", asked.identity])


def _entries_of(asked: Request, plan: Json) -> QuerySet[Entry]:
    digest = storage.skeleton_for(asked, plan).digest
    same = Entry.objects.usable().plans().filter(scope=asked.scope.digest, template_key=asked.template.key)
    return same.filter(skeleton=digest)


def is_reported(project: Project, request: PlanRequest, plan: Json) -> bool:
    """Whether this plan was found wrong for such a request."""
    return storage.is_counter(request_for(project, request), plan)


def _source(project: Project, plan: Json, *, planned_by: str, cost: dict[str, Json]) -> Source:
    catalogue = catalogue_of(project)
    used = set(services_called(plan))
    versions = {service.name: service.version for service in catalogue if service.name in used}
    return Source(planned_by, versions, _dependencies(project, catalogue, used), cost)


def embed(text: str) -> NDArray[np.float32] | None:
    """A template's unit vector; ``None`` when there is none to be had, which leaves exact templates."""
    try:
        vector: NDArray[np.float32] = get_embedder().embed([text])[0]
    except EmbeddingUnavailable as error:
        log.warning("no embedding", error=error.message)
        return None
    return vector


def _dependencies(project: Project, catalogue: Catalogue, used: Iterable[str]) -> str:
    """What an entry depends on: the services of its plan, or under the strict policy every service there is."""
    strict = project.catalogue_policy == Project.CataloguePolicy.STRICT
    return catalogue.digest if strict else catalogue.digest_of(used)


def _acceptance(project: Project, request: PlanRequest, match: Match) -> Callable[[Json], str | None]:
    """Tells why a filled plan is not to be served."""

    def accept(plan: Json) -> str | None:
        verdict = validate(plan, catalogue=catalogue_of(project), params=request.params, action=request.action)
        if verdict.plan is not None:
            return grounding.objection_to(verdict.plan, match, catalogue_of(project), request.params)
        return "; ".join(problem.message for problem in verdict.problems) or "The plan is not actionable."

    return accept


def _currency(project: Project) -> Callable[[Entry], bool]:
    """Tells whether what an entry depends on is as it was."""
    return lambda entry: entry.dependencies == _dependencies(project, catalogue_of(project), entry.services)


def _policy(
    project: Project,
    request: PlanRequest,
    asked: Request,
    match: Match,
    *,
    without: frozenset[str] = frozenset(),
) -> Policy:
    def valid(entry: Entry) -> bool:
        """Whether the entry's plan is still valid for its own request: then only these values do not fit it."""
        try:
            entry.refresh_from_db(fields=["action", "params"])  # a lookup leaves them out
            params = parse_params(entry.params)
        except Entry.DoesNotExist:  # evicted meanwhile: there is nothing to put in quarantine
            return True
        except BadRequest:
            return False
        catalogue = catalogue_of(project)
        return validate(entry.plan, catalogue=catalogue, params=params, action=entry.action).plan is not None

    embedder = get_embedder()
    return Policy(
        accept=_acceptance(project, request, match),
        embed=embed,
        floor=floor_for(project).value,
        scale=scale_of(embedder)[1],
        services=ProjectServices(
            catalogue_of(project), action=request.action, params=request.params, embedder=embedder
        ),
        terms=Terms(project.wrong_hit_tolerance, Adjustment.from_json(project.acceptance), without),
        valid=valid,
        current=_currency(project),
        verdicts=model_check.verdicts_for(project, asked),
    )
