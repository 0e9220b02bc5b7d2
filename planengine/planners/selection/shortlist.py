"""The services that a model is shown to choose from: those that can be called with what the request gives,
look-ups included.
"""

from __future__ import annotations

from collections.abc import Sequence

from cache.templates.templates import Template, make_template
from planengine.catalogue.field_names import key_of
from planengine.catalogue.specs import ServiceSpec
from planengine.planners.composer.parts import parts_of
from planengine.planners.domain import demanded_services
from planengine.planners.focus import evidence_of
from planengine.planners.producers import facts_of
from planengine.planners.protocol import Job
from planengine.planners.relevance import Relevance
from planengine.planners.selection.references import takes_text
from planengine.planners.wiring.literals import fitting_literals
from planengine.planners.wiring.workbench import Workbench

MOST_SHOWN = 6
# No more than so many are looked at, the likeliest: what is less like the request than all of these is not meant.
_MOST_LOOKED_AT = 128
_MOST_TEXTS = 8


def shortlist(job: Job, relevance: Relevance) -> list[ServiceSpec]:
    """At most :data:`MOST_SHOWN` services, unless the request's domain demands more, in the order of the
    catalogue's names, so that requests over the same services share the beginning of their prompts."""
    template = make_template(job.action, job.params)
    demanded = demanded_services(job)
    names = {spec.name for spec in demanded}
    ranked = [*demanded, *(spec for spec in _ranked(job, template, relevance) if spec.name not in names)]
    able = _able(Workbench(job.catalogue, params=job.params, action=job.action), ranked, template)
    callable_ones = [spec for spec in ranked if spec.name in able]
    kept = callable_ones[: max(MOST_SHOWN, len(names & able))]
    return sorted(kept, key=lambda spec: spec.name)


def likeliest(job: Job, relevance: Relevance) -> list[ServiceSpec]:
    """As many services, whether they can be called or not."""
    ranked = _ranked(job, make_template(job.action, job.params), relevance)
    return sorted(ranked[:MOST_SHOWN], key=lambda spec: spec.name)


def _ranked(job: Job, template: Template, relevance: Relevance) -> list[ServiceSpec]:
    facts = facts_of(job.catalogue)
    if not facts.services:
        return []
    parts = parts_of(template, job.params)[:_MOST_TEXTS]
    texts = list(dict.fromkeys([*(part.text for part in parts), job.action]))
    keys = frozenset(map(key_of, job.params))
    described, owners = facts.told
    found = relevance.similarities_to(texts, described)
    best = (found.values / found.scale).max(axis=0)
    scores = [
        best[list(places)].max() + evidence_of(candidate, keys)
        for places, candidate in zip(owners, facts.candidates.values(), strict=True)
    ]
    order = sorted(range(len(scores)), key=lambda place: -scores[place])
    return [facts.services[place] for place in order[:_MOST_LOOKED_AT]]


def _able(bench: Workbench, services: Sequence[ServiceSpec], template: Template) -> frozenset[str]:
    """Those of whose required inputs each may be a param, a value that the schema fixes, a literal of the request,
    or what another of them gives; one of them may be any text that another gives, where the service takes a
    param."""
    able: set[str] = set()
    left = list(services)
    while ready := [spec for spec in left if _is_ready(bench, spec, able, template)]:
        able.update(spec.name for spec in ready)
        left = [spec for spec in left if spec.name not in able]
    return frozenset(able)


def _is_ready(bench: Workbench, spec: ServiceSpec, able: set[str], template: Template) -> bool:
    unknown = [name for name in spec.required_inputs if not _is_known(bench, spec, name, able, template)]
    if len(unknown) != 1:
        return not unknown
    texts = (found for producer in able for found in bench.texts_of(producer))
    return takes_text(bench, spec.name, unknown[0]) and bool(bench.exact_params(spec.name)) and any(texts)


def _is_known(bench: Workbench, spec: ServiceSpec, name: str, able: set[str], template: Template) -> bool:
    return (
        bench.gives(spec.name, name)
        or any(option.producer in able for option in bench.producers.of(spec.name, name))
        or bool(fitting_literals(template, bench.field_of(spec.name, name)))
        or any(not bench.field_of(spec.name, name).faults(bench.params[param]) for param in bench.unknown_params)
    )
