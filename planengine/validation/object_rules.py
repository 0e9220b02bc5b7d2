"""Whether what a task gives its service keeps the rules that the service's schema has for all inputs together.

Values that come from task0 are known, of what other tasks give only the schema is: a rule that depends on those is
taken to be kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from orra.base.strictjson import Json
from orra.base.text import quote
from planengine.catalogue.schemas import Field, Rule
from planengine.catalogue.specs import ServiceSpec
from planengine.validation.drafts import Shape, Task
from planengine.validation.literals import Origins
from planengine.validation.problems import Problem
from planengine.validation.wiring import Wiring

_OTHERWISE = 'Where the request and the services give nothing for it, answer with the "final" task.'


def rule_problems(shape: Shape, wiring: Wiring, origins: Origins) -> Iterator[Problem]:
    known = wiring.constants | dict(origins.params)
    references = {(link.task.id, link.name): link.reference for link in wiring.links}
    for task in shape.tasks:
        spec = wiring.services[task.id]
        if spec is None or not spec.inputs.rules:
            continue
        values: dict[str, Json] = {}
        awaited: dict[str, Field | None] = {}
        for name in task.input:
            reference = references.get((task.id, name))
            if reference is not None and reference.task == "task0" and reference.field in known:
                values[name] = known[reference.field]
            else:
                awaited[name] = _giver(wiring.services.get(reference.task), reference.field) if reference else None
        yield from _problems(task, spec, values, awaited)


def _giver(spec: ServiceSpec | None, output: str) -> Field | None:
    return spec.outputs.field(output) if spec is not None else None


def _problems(
    task: Task, spec: ServiceSpec, values: Mapping[str, Json], awaited: Mapping[str, Field | None]
) -> Iterator[Problem]:
    for rule in spec.inputs.broken(values, awaited):
        yield Problem(
            "input_rule_broken",
            f"The inputs of '{task.id}' break a rule of service {quote(spec.name)}: {rule.words.rstrip('.')}",
            task.id,
            hint=f"{rule.words} {_OTHERWISE}",
        )


def broken_rule(problem: Problem, spec: ServiceSpec) -> Rule | None:
    """The rule of the service that a problem is about."""
    found = (rule for rule in spec.inputs.rules if problem.hint == f"{rule.words} {_OTHERWISE}")
    return next(found, None) if problem.code == "input_rule_broken" else None
