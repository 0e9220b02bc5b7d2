"""Where an input may come from that names and types do not settle: what a model is asked to choose among."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cache.templates.templates import Template
from planengine.planners.wiring.assembly import Missing
from planengine.planners.wiring.literals import fitting_literals
from planengine.planners.wiring.workbench import Decided, Workbench

NEITHER = "none of these"
_MOST_OPTIONS = 12


@dataclass(frozen=True)
class Option:
    """``told``: as the model reads it."""

    told: str
    source: Decided


def options_for(missing: Missing, bench: Workbench, chosen: Sequence[str], template: Template) -> list[Option]:
    """Outputs of the chosen services and of look-ups, params that nothing takes by name, and literals, as far as
    their types suit."""
    if not missing.field:  # a rule of all inputs together
        return []
    outputs = [
        Option(f"{found.field} of {found.producer}", Decided(service=found.producer, output=found.field))
        for found in bench.producers.of(missing.service, missing.field)
        if found.producer in chosen or (found.likeness is not None and bench.may_help(found.producer))
    ]
    field = bench.field_of(missing.service, missing.field)
    taken = {name for service in chosen for name in bench.exact_params(service)}
    params = [
        Option(f"param {name}", Decided(param=name))
        for name, value in bench.params.items()
        if name not in taken and not field.faults(value)
    ]
    literals = [
        Option(f"the text {each.raw}", Decided(value=each.value)) for each in fitting_literals(template, field)
    ]
    return [*outputs, *params, *literals][:_MOST_OPTIONS]


def question_about(missing: Missing) -> str:
    return f'Where does the input "{missing.field}" of {missing.service} come from?'
