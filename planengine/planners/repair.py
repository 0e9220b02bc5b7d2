"""The last resort when a model's drafts were all rejected: its choice of services, wired anew by names and types.

A model that picks the right services and cannot wire them is common among small ones. What it chose is kept as it
is; services that only read may be added to give what is missing, or because the request's domain demands them. The
wiring is the composer's, which refuses what is ambiguous, and the result is validated like any draft.
"""

from __future__ import annotations

from collections.abc import Sequence

from orra.base.strictjson import Json
from orra.base.text import quote
from planengine.catalogue.specs import Catalogue
from planengine.planners.domain import lacking, order_among
from planengine.planners.protocol import Job
from planengine.planners.wiring.assembling import assemble
from planengine.planners.wiring.assembly import plan_of
from planengine.planners.wiring.ordering import order_of
from planengine.planners.wiring.workbench import Workbench
from planengine.validation.drafts import read_shape
from planengine.validation.problems import Problem
from planengine.validation.rules import validate

NAME = "repair:1"


def repair(drafts: Sequence[Json], job: Job) -> Json | Problem:
    """A validated plan from the last of ``drafts`` whose services can be wired, or why there is none."""
    problem = Problem("not_repairable", "No draft calls services that are all registered, each once.")
    for draft in reversed(drafts):
        chosen = _services_of(draft, job.catalogue)
        if not chosen:
            continue
        wired = wire(chosen, job)
        if not isinstance(wired, Problem):
            return wired
        problem = wired
    return problem


def _services_of(draft: Json, catalogue: Catalogue) -> list[str]:
    """The services that a draft calls; none when it calls one that does not exist, or one twice, for then what it
    chose is not known or cannot be wired by names alone."""
    found = [catalogue.get(task.service) for task in read_shape(draft).tasks]
    names = [spec.name for spec in found if spec is not None]
    return names if len(names) == len(found) and len(set(names)) == len(names) else []


def wire(chosen: Sequence[str], job: Job) -> Json | Problem:
    """A validated plan of the ``chosen`` services, with what only reads added where they lack an input, or why
    names and types do not tell one."""
    bench = Workbench(job.catalogue, params=job.params, action=job.action)
    assembly = assemble(bench, [*chosen, *_demanded(chosen, job)])
    if assembly.missing:
        missing = assembly.missing[0]
        lacks = f"needs {quote(missing.field)}" if missing.field else "has a rule that is not kept"
        return Problem("not_repairable", f"Service {quote(missing.service)} {lacks}: {missing.reason}.")
    order = order_of(assembly, bench, {}, before=order_among(assembly.services, job))
    plan = plan_of(assembly, job.params, after=order)
    verdict = validate(plan, catalogue=job.catalogue, params=job.params, action=job.action)
    if verdict.plan is None:
        reason = verdict.problems[0].message if verdict.problems else "it is no plan"
        return Problem("not_repairable", f"The services that the model chose cannot be wired: {reason}.")
    return verdict.plan


def _demanded(chosen: Sequence[str], job: Job) -> list[str]:
    """What the domain demands besides, where one that only reads does it."""
    found = ((job.catalogue.get(name) for name in services) for services in lacking(chosen, job))
    reading = (next((spec.name for spec in specs if spec is not None and spec.read_only), "") for specs in found)
    return [name for name in dict.fromkeys(reading) if name]
