"""An action tried against groundings that need not be applied: nothing is planned, stored or counted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cache.templates.templates import make_template
from orra.base.strictjson import Json
from planengine.catalogue.specs import Catalogue
from planengine.embeddings.calibration import scale_of
from planengine.embeddings.embedders import get_embedder
from planengine.grounding.checks import problems_of
from planengine.grounding.coverage import Doer, named_in
from planengine.grounding.matching.lookup import BATCH
from planengine.grounding.matching.votes import Match, Rules, Wordings
from planengine.grounding.matching.wordings import wordings_of
from planengine.grounding.specs import Grounded, GroundingSpec, Mode
from planengine.requests import PlanRequest
from planengine.reuse.grounding import coverage_of, match_as_json
from planengine.validation.rules import validate

TOLERANCE = 0.01  # as a project begins


def try_out(
    specs: Sequence[GroundingSpec],
    request: PlanRequest,
    catalogue: Catalogue,
    *,
    plan: Json = None,
    tolerance: float = TOLERANCE,
) -> dict[str, Json]:
    """Which of the ``specs``' use cases applies to the request and why, which services do what it asks for (of the
    closest use case where none applies), and what a ``plan`` does not keep: ``problems`` is ``None`` without one,
    or where nothing applies. Raises :class:`planengine.exceptions.EmbeddingUnavailable`."""
    match = _match(specs, request, catalogue, tolerance)
    closest = match.grounded or (match.near[0].grounded if match.near else None)
    return {
        "match": match_as_json(match),
        "capabilities": [] if closest is None else _evidence(closest, catalogue),
        "problems": _problems(match, request, catalogue, plan),
    }


def _match(specs: Sequence[GroundingSpec], request: PlanRequest, catalogue: Catalogue, tolerance: float) -> Match:
    terms = catalogue.discriminating_terms(request.params)
    template = make_template(request.action, request.params, discriminating_terms=terms)
    ordered = sorted(specs, key=lambda spec: spec.mode != Mode.STRICT)
    wordings = Wordings([wording for spec in ordered for wording in wordings_of(spec)])
    found = wordings.exactly(template)
    if found is not None or not wordings.all:
        return found or Match()
    embedder = get_embedder()
    texts = [wording.template.embedding_text for wording in wordings.all]
    vectors = [embedder.embed(texts[start : start + BATCH]) for start in range(0, len(texts), BATCH)]
    vector = embedder.embed([template.embedding_text])[0]
    return wordings.by_meaning(template, vector, np.concatenate(vectors), Rules(*scale_of(embedder), tolerance))


def _evidence(grounded: Grounded, catalogue: Catalogue) -> list[Json]:
    coverage = coverage_of(catalogue, grounded)
    return [
        {
            "capability": done.capability,
            "by": done.by or None,
            "services": _told(done.doers),
            "likely": _told(done.likely),
            "closest": _told(done.closest),
        }
        for done in map(coverage.of, named_in(grounded))
    ]


def _told(doers: Sequence[Doer]) -> list[Json]:
    return [{"service": doer.service, "similarity": doer.similarity} for doer in doers]


def _problems(match: Match, request: PlanRequest, catalogue: Catalogue, plan: Json) -> Json:
    if plan is None or match.grounded is None:
        return None
    verdict = validate(plan, catalogue=catalogue, params=request.params, action=request.action)
    found = verdict.problems
    if verdict.plan is not None:
        found = problems_of(verdict.plan, match.grounded, coverage_of(catalogue, match.grounded), request.params)
    return [problem.as_dict() for problem in found]
