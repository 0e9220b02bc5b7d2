"""A request's grounding: which use case applies, what a plan of it must keep, and what a Plan tells of that."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from django.db.models import Count
from numpy.typing import NDArray

from cache.models import Entry
from cache.templates.templates import Template, make_template
from orra.base.remembering import Remembered
from orra.base.strictjson import Json
from orra.base.text import quote, shorten
from planengine.catalogue.registry import catalogue_of
from planengine.catalogue.specs import Catalogue, ServiceSpec
from planengine.drafting.generation import Failure
from planengine.embeddings.calibration import scale_of
from planengine.embeddings.embedders import get_embedder
from planengine.exceptions import EmbeddingUnavailable
from planengine.grounding.checks import problems_of
from planengine.grounding.coverage import Coverage, Done, cover, named_in
from planengine.grounding.matching import lookup
from planengine.grounding.matching.votes import UNKNOWN, Match, Near
from planengine.grounding.registry import groundings_of
from planengine.grounding.specs import Grounded
from planengine.models import Project
from planengine.planners.protocol import Job, Precedent
from planengine.planners.relevance import relevance_by
from planengine.requests import PlanRequest
from planengine.validation.problems import Problem

NOT_GROUNDED: Final = "not_grounded"
_MAX_SHOWN = 200


def match_of(project: Project, request: PlanRequest) -> Match:
    """Which use case of the project's groundings applies."""
    if not groundings_of(project):
        return Match()
    return lookup.match(project, template_of(request, catalogue_of(project)))


def template_of(request: PlanRequest, catalogue: Catalogue) -> Template:
    terms = catalogue.discriminating_terms(request.params)
    return make_template(request.action, request.params, discriminating_terms=terms)


def refusal(project: Project, match: Match) -> Failure | None:
    """Why a request is not to be planned at all: the project demands a grounding and none applies, or whether a
    strict one does cannot be told now."""
    if match.how == UNKNOWN:
        return Failure(
            EmbeddingUnavailable.code,
            "Whether a grounding holds for this request cannot be told: no embedding was to be had.",
            how_to_fix=("Send the request again later: the embeddings' endpoint is asked again by itself.",),
            retryable=True,
        )
    if match.grounded is not None or not project.grounding_required:
        return None
    closest = [_why_not(each) for each in match.near]
    fixes = (
        "Say the request as one of these use cases does, or add a wording to the one that is meant (`also`).",
        "Or let the project plan what no grounding covers: `grounding_required` of the project.",
    )
    if not closest:
        fixes = ("Apply a grounding with a use case for it: `PUT /v1/groundings/{name}`.", fixes[1])
    told = f" Closest are: {' '.join(closest)}" if closest else " The project has no use case that is near."
    return Failure(NOT_GROUNDED, f"No grounding of the project covers this request.{told}", how_to_fix=fixes)


def job_for(
    project: Project, request: PlanRequest, match: Match, *, precedents: tuple[Precedent, ...] = ()
) -> Job:
    """What there is to plan. Raises :class:`EmbeddingUnavailable` where it is not known what a strict grounding
    asks for."""
    catalogue = catalogue_of(project)
    coverage = None
    if match.grounded is not None:
        coverage = coverage_of(catalogue, match.grounded)
    return Job(request.action, request.params, catalogue, precedents, match.grounded, coverage)


def coverage_of(catalogue: Catalogue, grounded: Grounded) -> Coverage:
    """Which services do what a use case and its rules name, remembered per process. Advice does with what is
    declared where there are no embeddings; for a strict grounding that raises :class:`EmbeddingUnavailable`."""
    embedder = get_embedder()
    _, scale = scale_of(embedder)
    names = tuple(named_in(grounded))
    asked = (embedder.name, scale, names)
    with _lock:
        kept = _kept.setdefault(catalogue, Remembered(1024))
    if (known := kept.get(asked)) is not None:
        return known
    relevance = relevance_by(embedder)

    def nearness(texts: Sequence[str], services: Sequence[ServiceSpec]) -> NDArray[np.float32]:
        return 1 - (1 - relevance.by_meaning(texts, services)) * np.float32(scale)

    try:
        found = cover(names, catalogue, nearness)
    except EmbeddingUnavailable:
        if grounded.strict:
            raise
        return cover(names, catalogue, None)
    kept.put(asked, found)
    return found


def objection_to(plan: Json, match: Match, catalogue: Catalogue, params: Mapping[str, Json]) -> str | None:
    """Why a cached plan must not serve a request to which a strict use case applies; ``None`` when it may."""
    if match.grounded is None or not match.grounded.strict:
        return None
    try:
        problems = _problems(plan, match.grounded, catalogue, params)
    except EmbeddingUnavailable as error:
        return f"Whether it keeps to its grounding cannot be told: {error.message}"
    return "; ".join(problem.message for problem in problems) or None


def shown(match: Match, catalogue: Catalogue, plan: Json, params: Mapping[str, Json]) -> Json:
    """What a Plan tells of its grounding: what applies, and how its plan, if there is one yet, keeps to it."""
    if match.grounded is None:
        return None
    spec, use_case = match.grounded.spec, match.grounded.use_case
    coverage, problems = Coverage(complete=False), tuple[Problem, ...]()
    if plan is not None:
        try:
            coverage = coverage_of(catalogue, match.grounded)
            problems = problems_of(plan, match.grounded, coverage, params)
        except EmbeddingUnavailable:
            pass  # a strict one fails for it; there is nothing to tell of it
    called = {task["service"] for task in plan["tasks"] if "service" in task} if plan is not None else set()
    return {
        "name": spec.name,
        "version": spec.version,
        "mark": spec.mark,
        "domain": spec.domain,
        "mode": spec.mode.value,
        "use_case": use_case.action,
        "match": match.how,
        "similarity": None if match.similarity is None else round(match.similarity, 4),
        "risk": None if match.risk is None else round(match.risk, 5),
        "capabilities": [
            {"capability": each, **_evidence(coverage.of(each), called)} for each in use_case.capabilities
        ],
        "problems": [problem.as_dict() for problem in problems],
    }


def scope_of(stored: Json) -> str:
    """The scope that a Plan was planned in, by what it tells of its grounding. Stored rows are not trusted."""
    match stored:
        case {"name": str(name), "version": str(version), "mark": str(mark)}:
            return f"{name} {version} {mark}"
    return ""


def explain(project: Project, match: Match) -> Json:
    """Which use case applies to a request and why, or which came close; ``None`` for a project without any."""
    if not groundings_of(project):
        return None
    unused = _of_other_versions(project, match) if match.grounded else []
    return {**match_as_json(match), "unused_entries": unused}


def match_as_json(match: Match) -> dict[str, Json]:
    spec = match.grounded.spec if match.grounded else None
    return {
        "match": match.how,
        "name": spec.name if spec else None,
        "version": spec.version if spec else None,
        "mode": spec.mode.value if spec else None,
        "use_case": match.grounded.use_case.action if match.grounded else None,
        "wording": match.wording or None,
        "similarity": None if match.similarity is None else round(match.similarity, 4),
        "risk": None if match.risk is None else round(match.risk, 5),
        "near": [_near_as_json(each) for each in match.near],
    }


def _near_as_json(near: Near) -> dict[str, Json]:
    return {
        "grounding": near.grounded.spec.label,
        "use_case": near.grounded.use_case.action,
        "wording": near.wording,
        "similarity": round(near.similarity, 4),
        "risk": None if near.risk is None else round(near.risk, 5),
        "why_not": near.why_not,
    }


def _of_other_versions(project: Project, match: Match) -> list[Json]:
    """How many entries there are of each other version, which serve nobody as long as this one holds."""
    assert match.grounded is not None
    spec = match.grounded.spec
    entries = Entry.objects.filter(project=project, scope_facts__grounding__startswith=f"{spec.name} ")
    counted = entries.exclude(scope_facts__grounding=spec.scope).values_list("scope_facts__grounding")
    return [
        {"version": scope.removeprefix(f"{spec.name} ").partition(" ")[0], "entries": count}
        for scope, count in counted.annotate(count=Count("id")).order_by("scope_facts__grounding")
    ]


def _problems(
    plan: Json, grounded: Grounded, catalogue: Catalogue, params: Mapping[str, Json]
) -> tuple[Problem, ...]:
    return problems_of(plan, grounded, coverage_of(catalogue, grounded), params)


def _evidence(done: Done, called: set[str]) -> dict[str, Json]:
    """Which service of the plan does it, and how that is known."""
    doer = next((each for each in done.doers if each.service in called), None)
    return {
        "by": done.by if doer else None,
        "service": doer.service if doer else None,
        "similarity": doer.similarity if doer else None,
    }


def _why_not(near: Near) -> str:
    wording, label = shorten(near.wording, _MAX_SHOWN), near.grounded.spec.label
    return f"{quote(wording)} of {quote(label)} ({near.similarity:.2f} alike): {near.why_not}"


_lock = threading.Lock()
_kept: weakref.WeakKeyDictionary[Catalogue, Remembered[tuple[str, float, tuple[str, ...]], Coverage]] = (
    weakref.WeakKeyDictionary()
)
