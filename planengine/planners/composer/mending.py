"""A set of services with those that the request's domain demands besides: asked for by nobody who made it."""

from __future__ import annotations

from dataclasses import replace

from planengine.planners.composer.choosing import Wired
from planengine.planners.domain import lacking
from planengine.planners.protocol import Job
from planengine.planners.wiring.assembling import assemble
from planengine.planners.wiring.workbench import Workbench

_MOST_ADDED = 16


def with_demanded(found: Wired, bench: Workbench, job: Job) -> Wired:
    """``found`` with a service for each capability that it lacks, of those that can be wired with it. Its goals
    stay what was asked for."""
    assembly, added = found.assembly, list[str]()
    for _ in range(_MOST_ADDED):  # what is added may demand more
        for services in lacking(assembly.services, job):
            more = (assemble(bench, (*found.goals, *added, each)) for each in services)
            wired = next((each for each in more if not each.missing and assembly.consumed <= each.consumed), None)
            if wired is not None:
                added += [each for each in services if each in wired.services][:1]
                assembly = wired
                break
        else:
            break
    return replace(found, assembly=assembly)
