"""An action tried against groundings that need not be applied: nothing is planned, stored or counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cache.examples.acceptance import most_risk
from cache.models import Entry
from orra.base.strictjson import Json
from orra.base.text import fold, quote
from planengine.catalogue.specs import Catalogue
from planengine.exceptions import BadRequest
from planengine.grounding.checks import problems_of
from planengine.grounding.coverage import Doer, named_in
from planengine.grounding.matching import lookup
from planengine.grounding.matching.votes import Match
from planengine.grounding.registry import Kept, groundings_of
from planengine.grounding.specs import Grounded
from planengine.models import Project
from planengine.requests import PlanRequest, parse_params
from planengine.reuse.grounding import coverage_of, match_as_json, template_of
from planengine.validation.problems import Problem
from planengine.validation.rules import validate

TOLERANCE: float = Project._meta.get_field("wrong_hit_tolerance").default  # as a project begins
MAX_ENTRIES = 5

# How a grounding names a capability.
REQUIRED, FORBIDDEN, RULE = "required", "forbidden", "rule"


@dataclass(frozen=True)
class TriedEntry:
    """A cached plan of the tried request's template, held with its own values to what applies."""

    entry: Entry
    problems: list[Json]


def as_if(project: Project, kept: Kept) -> tuple[Kept, ...]:
    """What holds in the project, with ``kept`` in place of what holds under its name."""
    others = [each for each in groundings_of(project) if each.spec.name != kept.spec.name]
    return tuple(sorted([*others, kept], key=lambda each: each.spec.name))


def try_out(
    groundings: Sequence[Kept],
    request: PlanRequest,
    catalogue: Catalogue,
    *,
    plan: Json = None,
    tolerance: float = TOLERANCE,
) -> dict[str, Json]:
    """Which of the ``groundings``' use cases applies to the request and why, which services do what it (or, where
    none applies, the closest one) asks for, and what a ``plan`` does not keep: ``problems`` is ``None`` without
    one, or where nothing applies. Raises :class:`planengine.exceptions.EmbeddingUnavailable`."""
    match = lookup.try_match(groundings, template_of(request, catalogue), tolerance)
    closest = match.grounded or (match.near[0].grounded if match.near else None)
    checked = plan is not None and match.grounded is not None
    return {
        "match": {**match_as_json(match), "votes": match.votes, "most_risk": round(most_risk(tolerance), 5)},
        "capabilities": [] if closest is None else list(_evidence(closest, catalogue)),
        "problems": _problems(match, request, catalogue, plan) if checked else None,
    }


def try_entries(
    project: Project, groundings: Sequence[Kept], request: PlanRequest, catalogue: Catalogue
) -> list[TriedEntry]:
    """What cached plans for requests of this very template, newest first, do not keep of what applies. Raises
    :class:`planengine.exceptions.EmbeddingUnavailable`."""
    template = template_of(request, catalogue)
    match = lookup.try_match(groundings, template, project.wrong_hit_tolerance)
    if match.grounded is None:
        return []
    same = Entry.objects.usable().plans().filter(project=project, template_key=template.key)
    return [
        TriedEntry(entry, _problems_of_entry(entry, match, catalogue))
        for entry in same.order_by("-created_at")[:MAX_ENTRIES]
    ]


def _evidence(grounded: Grounded, catalogue: Catalogue) -> Iterator[Json]:
    coverage, use_case = coverage_of(catalogue, grounded), grounded.use_case
    named = {fold(each): FORBIDDEN for each in use_case.forbidden}
    named |= {fold(each): REQUIRED for each in use_case.capabilities}
    first: dict[str, str] = {}
    for capability in named_in(grounded):
        first.setdefault(fold(capability), capability)
    for folded, capability in first.items():
        done = coverage.of(capability)
        yield {
            "capability": capability,
            "asked": named.get(folded, RULE),
            "by": done.by or None,
            "services": _doers(done.doers),
            "likely": _doers(done.likely),
            "closest": _doers(done.closest),
        }


def _doers(doers: Sequence[Doer]) -> list[Json]:
    return [{"service": doer.service, "similarity": doer.similarity} for doer in doers]


def _problems(match: Match, request: PlanRequest, catalogue: Catalogue, plan: Json) -> list[Json]:
    assert match.grounded is not None
    verdict = validate(plan, catalogue=catalogue, params=request.params, action=request.action)
    found = verdict.problems
    if verdict.not_actionable is not None:
        found = (Problem("not_actionable", f"It is no plan but a refusal: {verdict.not_actionable}"),)
    if verdict.plan is not None:
        found = problems_of(verdict.plan, match.grounded, coverage_of(catalogue, match.grounded), request.params)
    return [problem.as_dict() for problem in found]


def _problems_of_entry(entry: Entry, match: Match, catalogue: Catalogue) -> list[Json]:
    try:
        request = PlanRequest(entry.action, parse_params(entry.params))
    except BadRequest as error:
        return [Problem("unreadable", f"The entry's params cannot be read: {error.message}").as_dict()]
    return _problems(match, request, catalogue, entry.plan)


# --- in words


def match_in_words(match: Json) -> list[str]:
    """What ``match`` of :func:`try_out` says: what applies and why, or what came closest and why it does not; then
    what speaks against it."""
    near = match["near"]
    if match["use_case"] is None:
        if not near:
            return ["No use case applies: there is none."]
        closest, others = near[0], near[1:]
        told = [
            "No use case applies.",
            f"Closest is {_of(closest['use_case'], closest['grounding'])}, by its wording"
            f" {quote(closest['wording'])} ({_alike(closest)}). {closest['why_not']}",
        ]
        if closest["risk"] is not None:
            told.append(_risk(closest["risk"], match))
    else:
        others, reason = near, _REASONS[match["match"]]
        label = f"{match['name']} {match['version']}"
        told = [
            f"{_of(match['use_case'], label)} applies, which is {match['mode']}.",
            reason.format(wording=quote(match["wording"]), alike=_alike(match)),
        ]
        if match["match"] == "same_meaning":
            told.append(_risk(match["risk"], match))
    if others:
        rival = others[0]
        told.append(
            f"The nearest other one is {_of(rival['use_case'], rival['grounding'])}, by {quote(rival['wording'])}"
            f" ({_alike(rival)})."
        )
    return told


def capability_in_words(told: Json) -> str:
    """Who does it, of one of the ``capabilities`` of :func:`try_out`, and how that is known."""
    services, likely, closest = (_named(told[member]) for member in ("services", "likely", "closest"))
    if told["by"] == "declared":
        if len(told["services"]) > 1:
            return f"any of {services}, which declare it or are called so"
        return f"{services}, which declares it or is called so"
    if told["by"]:
        return f"{services}, by meaning"
    if likely:
        if len(told["likely"]) == 1:
            return f"nobody for certain: {likely} is near, and nearer to something else"
        return f"nobody for certain: {likely} are as near as each other"
    return f"nobody; closest: {closest}" if closest else "nobody: there are no services"


_REASONS = {
    "exact": "The request is in its very words: {wording}.",
    "same_words": "The request says its words, {wording}, and others that say nothing ({alike}).",
    "same_meaning": "The request is nearest to its wording {wording} ({alike}), and every word is accounted for.",
}


def _of(use_case: str, grounding: str) -> str:
    return f"{quote(use_case)} of {quote(grounding)}"


def _alike(told: Json) -> str:
    return f"{told['similarity']:.2f} alike"


def _risk(risk: float, match: Json) -> str:
    votes = f" {match['votes']} of the nearest wordings vote for it." if match["votes"] else ""
    return (
        f"The predicted risk that it is not meant is {risk:.1%}, and {match['most_risk']:.1%} is tolerated.{votes}"
    )


def _named(doers: Json) -> str:
    return ", ".join(
        quote(doer["service"]) + ("" if doer["similarity"] is None else f" ({doer['similarity']:.2f} alike)")
        for doer in doers
    )
