"""Another planner's plan, held to the composer's rule: each word of the request is accounted for by what the plan
does."""

from __future__ import annotations

from dataclasses import replace

from orra.base.strictjson import Json
from planengine.planners.composer.choosing import Wired
from planengine.planners.composer.decision import Request, doubt_about
from planengine.planners.composer.reading import read_request
from planengine.planners.composer.refusals import NotActionable
from planengine.planners.domain import demanded_services
from planengine.planners.protocol import Job
from planengine.planners.relevance import Relevance
from planengine.planners.wiring.assembly import Assembly, Source
from planengine.validation.graph import services_called


def has_side_effects(plan: Json, job: Job) -> bool:
    """Whether a validated plan calls a service that is not known to only read."""
    specs = (job.catalogue.get(name) for name in services_called(plan))
    return any(spec is None or not spec.read_only for spec in specs)


def unaccounted_for(plan: Json, job: Job, relevance: Relevance) -> str:
    """Why a validated plan does not account for each word of the request, in words that say what would make it
    work; empty where it does."""
    try:
        request = read_request(job, relevance)
        doubt = doubt_about(request, _without_demanded(_wired(plan, job), request, job))
    except NotActionable as nothing_asked:
        doubt = nothing_asked
    return "" if doubt is None else str(doubt)


def _without_demanded(found: Wired, request: Request, job: Job) -> Wired:
    """What the request's domain demands need not be said."""
    demanded = {spec.name for spec in demanded_services(job)}
    said = tuple(name for name in found.goals if name not in demanded or request.says(name))
    return replace(found, goals=said or found.goals)


def _wired(plan: Json, job: Job) -> Wired:
    """What only reads and gives something to others is a look-up, whoever named it; the rest was asked for."""
    tasks = [task for task in plan["tasks"] if "service" in task]
    services = {task["id"]: task["service"] for task in tasks}
    inputs = {
        task["service"]: {name: _source(value, services) for name, value in task["input"].items()}
        for task in tasks
    }
    order = [services[each] for group in plan["parallel_groups"] for each in group]
    giving = {source.service for wired in inputs.values() for source in wired.values()}
    called = tuple(dict.fromkeys(order))
    specs = ((name, job.catalogue.get(name)) for name in called)
    lookups = {name for name, spec in specs if name in giving and spec is not None and spec.read_only}
    return Wired(0.0, tuple(name for name in called if name not in lookups), Assembly(called, inputs))


def _source(reference: str, services: dict[str, str]) -> Source:
    task, _, field = reference.removeprefix("$").partition(".")
    return Source(services.get(task), field)
