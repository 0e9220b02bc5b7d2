"""Where an input may come from that names and types do not settle: what a model is asked to choose among."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cache.templates.templates import Template
from planengine.catalogue.field_names import is_identifier
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


def takes_text(bench: Workbench, service: str, name: str) -> bool:
    """Whether an input takes words of any kind, and identifies nothing."""
    field = bench.field_of(service, name)
    has_format = isinstance(field.schema, Mapping) and "format" in field.schema
    return not (has_format or is_identifier(name) or field.faults(WORDS))


def _outputs(bench: Workbench, service: str, name: str, chosen: Sequence[str]) -> Iterator[Output]:
    """By their names; where none has a like one, the texts that the chosen services give."""
    found = [each for each in bench.producers.of(service, name) if _is_there(bench, each.producer, chosen)]
    yield from found
    if not found and takes_text(bench, service, name):
        yield from (text for each in chosen if each != service for text in bench.texts_of(each))


def _is_there(bench: Workbench, producer: str, chosen: Sequence[str]) -> bool:
    return producer in chosen or (bench.may_help(producer) and not assemble(bench, (producer,)).missing)


def question_about(missing: Missing) -> str:
    return f'Where does the input "{missing.goal_field}" of {missing.goal} come from?'
