"""The plan engine's use of the cache: what a project's requests are looked up by, and when a plan is accepted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import structlog
from numpy.typing import NDArray

from cache import lookup, storage
from cache.contest import Contest
from cache.lookup import Candidate, Decision, Policy
from cache.models import Entry
from cache.requests import Request, Scope
from orra.base.strictjson import Json
from planengine.catalogue.registry import catalogue_of
from planengine.catalogue.specs import Catalogue
from planengine.drafting.planner_choice import current_planner
from planengine.embeddings.calibration import floor_for
from planengine.embeddings.embedders import get_embedder
from planengine.exceptions import BadRequest, EmbeddingUnavailable
from planengine.models import Project
from planengine.planners.protocol import Planner
from planengine.requests import PlanRequest, parse_params
from planengine.reuse import model_check
from planengine.validation.rules import validate

log = structlog.get_logger(__name__)


def request_for(project: Project, request: PlanRequest, *, planner: Planner | None = None) -> Request:
    """What the request is looked up by. ``planner``: whose plans are wanted, if not the current planner's;
    plans of one planner are never served as another's."""
    planner = planner or current_planner()
    scope = Scope(project.pk, embedding_model=get_embedder().name, planner=planner.name)
    return Request(
        scope,
        request.action,
        request.params,
        discriminating_terms=catalogue_of(project).discriminating_terms(request.params),
    )


def find(project: Project, request: PlanRequest, *, planner: Planner | None = None) -> Decision:
    """The decision for a request, with its own values and validated against today's services."""
    asked = request_for(project, request, planner=planner)
    return lookup.find(asked, _policy(project, request, asked))


def find_asking(project: Project, request: PlanRequest) -> Decision:
    """As :func:`find`, and where only wording keeps an entry from serving, a model may be asked about it, which
    may take a while."""
    asked = request_for(project, request)
    decision = lookup.find(asked, _policy(project, request, asked))
    if not decision.hit and model_check.settle(project, asked, decision):
        decision = lookup.find(asked, _policy(project, request, asked))
    return decision


def find_by_template(project: Project, request: PlanRequest, *, planner: Planner | None = None) -> Decision:
    """As :func:`find`, without a search by meaning."""
    asked = request_for(project, request, planner=planner)
    return lookup.find_by_template(asked, _policy(project, request, asked))


def explain(project: Project, request: PlanRequest) -> dict[str, Json]:
    """What :func:`find` would decide and why, with nothing served, counted or put into quarantine."""
    asked = request_for(project, request)
    policy = replace(_policy(project, request, asked), rehearse=True)
    decision = lookup.find(asked, policy)
    candidates = [candidate.as_dict() for candidate in decision.candidates]
    if decision.hit and decision.entry_id not in {candidate.entry_id for candidate in decision.candidates}:
        served = Entry.objects.filter(pk=decision.entry_id).first()
        template = served.template_text if served else ""
        candidates.append(Candidate(decision.entry_id or "", template, decision.similarity or 0.0, None).as_dict())
    return {
        "decision": decision.kind,
        "reason": decision.reason,
        "entry_id": decision.entry_id,
        "similarity": decision.similarity,
        "template": asked.template.text,
        "floor": policy.floor,
        "floor_from": floor_for(project).origin,
        "plan": decision.plan,
        "candidates": candidates,
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
) -> Entry | None:
    catalogue = catalogue_of(project)
    asked = request_for(project, request, planner=planner)
    used = {task["service"] for task in plan["tasks"] if "service" in task}
    versions = {service.name: service.version for service in catalogue if service.name in used}
    dependencies = _dependencies(project, catalogue, used)
    return storage.store(
        asked,
        plan,
        vector=vector,
        ttl_seconds=project.cache_ttl_seconds,
        services=versions,
        dependencies=dependencies,
        planned_by=planned_by,
        cost=cost,
    )


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


def _policy(project: Project, request: PlanRequest, asked: Request) -> Policy:
    def accept(plan: Json) -> str | None:
        verdict = validate(plan, catalogue=catalogue_of(project), params=request.params, action=request.action)
        if verdict.plan is not None:
            return None
        return "; ".join(problem.message for problem in verdict.problems) or "The plan is not actionable."

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

    def current(entry: Entry) -> bool:
        return entry.dependencies == _dependencies(project, catalogue_of(project), entry.services)

    def contest(entry: Entry) -> Contest:
        return catalogue_of(project).contest(request.params, entry.services)

    return Policy(
        accept=accept,
        embed=embed,
        floor=floor_for(project).value,
        valid=valid,
        current=current,
        contest=contest,
        verdicts=model_check.verdicts_for(project, asked),
    )
