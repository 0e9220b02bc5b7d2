"""Where an input may come from that names and types do not settle: what a model is asked to choose among."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cache.templates.templates import Template
from planengine.catalogue.field_names import is_identifier
from planengine.planners.producers import Output
from planengine.planners.prompts.sections import escape
from planengine.planners.prompts.signatures import signature
from planengine.planners.wiring.assembling import assemble
from planengine.planners.wiring.assembly import Missing
from planengine.planners.wiring.literals import fitting_literals
from planengine.planners.wiring.workbench import Decided, Workbench

NEITHER = "none of these"
WORDS = "words of the request"
_MOST_OPTIONS = 12


@dataclass(frozen=True)
class Question:
    """What a model is asked about one input: ``options`` as it reads them, each with what it stands for.
    ``takes_words``: words of the request may be meant."""

    text: str
    options: Mapping[str, Decided]
    takes_words: bool


def question_about(
    missing: Missing, bench: Workbench, chosen: Sequence[str], template: Template
) -> Question | None:
    """The outputs of the chosen services and of look-ups that can be made, the params that nothing takes by name,
    and the literals, as far as they suit by type. Where no output has a like name, a text that a chosen service
    gives may be what is passed on. ``None``: nothing suits."""
    service, name = missing.goal, missing.goal_field
    if not name:  # a rule of all inputs together
        return None
    field = bench.field_of(service, name)
    named = [each for each in bench.producers.of(service, name) if _is_there(bench, each.producer, chosen)]
    texts = [] if named or not takes_text(bench, service, name) else _texts(bench, service, chosen)
    found = {f"{each.field} of {each.producer}": _decided(each) for each in (*named, *texts)}
    for param, value in bench.params.items():
        if param in bench.unknown_params and not field.faults(value):
            found[f"param {param}"] = Decided(param=param)
    for each in fitting_literals(template, field):
        found[f"the text {each.raw}"] = Decided(value=each.value)
    if not found:
        return None
    options = dict(list(found.items())[:_MOST_OPTIONS])
    if texts:
        shown = escape(signature(bench.candidates[service].spec))
        return Question(f'The program calls {shown}\nWhat is its "{name}"?', options, takes_words=False)
    text = f'Where does the input "{name}" of {service} come from?'
    return Question(text, options, takes_words=not field.faults(WORDS))


def takes_text(bench: Workbench, service: str, name: str) -> bool:
    """Whether an input takes words of any kind, and identifies nothing."""
    field = bench.field_of(service, name)
    has_format = isinstance(field.schema, Mapping) and "format" in field.schema
    return not (has_format or is_identifier(name) or field.faults(WORDS))


def _texts(bench: Workbench, service: str, chosen: Sequence[str]) -> list[Output]:
    return [text for each in chosen if each != service for text in bench.texts_of(each)]


def _decided(output: Output) -> Decided:
    return Decided(service=output.producer, output=output.field)


def _is_there(bench: Workbench, producer: str, chosen: Sequence[str]) -> bool:
    return producer in chosen or (bench.may_help(producer) and not assemble(bench, (producer,)).missing)
