"""Where an input may come from that names and types do not settle: what a model is asked to choose among."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cache.templates.templates import Template
from planengine.planners.producers import Output
from planengine.planners.wiring.assembling import assemble
from planengine.planners.wiring.assembly import Missing
from planengine.planners.wiring.literals import fitting_literals
from planengine.planners.wiring.workbench import Decided, Workbench

NEITHER = "none of these"
WORDS = "words of the request"
_MOST_OPTIONS = 12


@dataclass(frozen=True)
class Option:
    """``told``: as the model reads it."""

    told: str
    source: Decided


def options_for(missing: Missing, bench: Workbench, chosen: Sequence[str], template: Template) -> list[Option]:
    """Outputs of the chosen services and of look-ups that can be made, params that nothing takes by name, and
    literals, as far as their types suit."""
    service, name = missing.goal, missing.goal_field
    if not name:  # a rule of all inputs together
        return []
    field = bench.field_of(service, name)
    outputs = [
        Option(f"{found.field} of {found.producer}", Decided(service=found.producer, output=found.field))
        for found in _outputs(bench, service, name, chosen)
    ]
    params = [
        Option(f"param {param}", Decided(param=param))
        for param, value in bench.params.items()
        if param in bench.unknown_params and not field.faults(value)
    ]
    literals = [
        Option(f"the text {each.raw}", Decided(value=each.value)) for each in fitting_literals(template, field)
    ]
    return [*outputs, *params, *literals][:_MOST_OPTIONS]


def _outputs(bench: Workbench, service: str, name: str, chosen: Sequence[str]) -> Iterator[Output]:
    for found in bench.producers.of(service, name):
        helps = bench.may_help(found.producer) and not assemble(bench, (found.producer,)).missing
        if found.producer in chosen or helps:
            yield found


def question_about(missing: Missing) -> str:
    return f'Where does the input "{missing.goal_field}" of {missing.goal} come from?'
