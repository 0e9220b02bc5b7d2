"""Whether what an input refers to is there, and whether it can be right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from orra.base.strictjson import Json, type_of
from orra.base.text import quote, quote_all, shorten, show
from planengine.catalogue.field_names import identify_differently
from planengine.catalogue.schemas import type_names
from planengine.catalogue.specs import Catalogue, ServiceSpec
from planengine.validation.drafts import Shape
from planengine.validation.literals import Origins, fold
from planengine.validation.problems import Problem
from planengine.validation.wiring import ONCE_FOR_EACH, ONCE_FOR_EACH_HINT, Link, Wiring


def link_problems(
    link: Link, shape: Shape, wiring: Wiring, origins: Origins, catalogue: Catalogue
) -> Iterator[Problem]:
    producer, output = link.reference.task, link.reference.field
    if producer == "task0":
        if output in origins.params or output in wiring.constants:
            value = origins.params[output] if output in origins.params else wiring.constants[output]
            yield from _value_problems(link, value)
            yield from _crossed(link, wiring, origins)
            yield from _not_looked_up(link, catalogue)
        elif shape.task0 is not None:
            yield _unknown_output(link, wiring.constants)
    elif producer == link.task.id:
        yield _at(
            link, "self_reference", f"{_where(link)} refers to the task itself", "A task cannot wait for itself."
        )
    elif producer not in wiring.services:
        message = f"{_where(link)} refers to '{producer}', which is not in the plan"
        yield _at(link, "unknown_task_reference", message, f"Tasks: {quote_all(('task0', *wiring.services))}.")
    else:
        spec = wiring.services[producer]
        if spec is not None:
            yield from _output_problems(link, spec)


def _crossed(link: Link, wiring: Wiring, origins: Origins) -> Iterator[Problem]:
    """An input takes the param of its own name, not another, unless that one goes to an input of its name
    elsewhere: "from" and "to" are easily exchanged."""
    name, param = fold(link.name), link.reference.field
    own = next((each for each in origins.params if fold(each) == name), None)
    if own is None or fold(param) == name or link.input is None or link.input.faults(origins.params[own]):
        return
    elsewhere = (other for other in wiring.links if other is not link and fold(other.name) == name)
    if not any(other.reference.task == "task0" and other.reference.field == own for other in elsewhere):
        message = f"{_where(link)} takes '{link.reference}', although there is a param of its own name"
        yield _at(link, "crossed_reference", message, f"Write '$task0.{shorten(own)}'.")


def _not_looked_up(link: Link, catalogue: Catalogue) -> Iterator[Problem]:
    """What identifies one thing is nothing that identifies another, where a service tells the one by the other."""
    param = link.reference.field
    if not identify_differently(param, link.name):
        return
    spec = catalogue.looked_up(link.name, by=param)
    if spec is not None and spec.name != link.task.service:
        message = f"{_where(link)} takes '{link.reference}', which identifies something else"
        hint = f"Call {quote(spec.name)}, which gives {quote(link.name)} for {quote(param)}, and refer to that."
        yield _at(link, "crossed_reference", message, hint)


def _value_problems(link: Link, value: Json) -> Iterator[Problem]:
    if link.input is None:
        return
    faults = link.input.faults(value)
    if not faults:
        return
    if type_of(value) not in link.input.types:
        wanted = type_names(link.input.types)
        message = f"{_where(link)} takes {wanted}, but '{link.reference}' is {type_of(value)}: {show(value)}"
        hint = f"Give it a value of type {wanted}."
        if isinstance(value, list) and any(not link.input.faults(each) for each in value[:1]):
            hint = (
                "A service is called once, not for each item of a list: call one that takes the whole list, or"
                " send a request for each."
            )
        yield _at(link, "type_mismatch", message, hint)
        return
    for fault in faults:
        message = f"{_where(link)} doesn't accept the value of '{link.reference}', {show(value)}: {fault}"
        yield _at(link, "value_not_accepted", message, "Give it a value that its schema accepts.")


def _output_problems(link: Link, spec: ServiceSpec) -> Iterator[Problem]:
    output = spec.outputs.field(link.reference.field)
    if output is None:
        yield _unknown_output(link, spec.output_fields, spec)
    elif link.input is not None and not link.input.takes(output):
        if "array" in output.types and "array" not in link.input.types:
            message = f"{_where(link)} takes one value, but '{link.reference}' is a list: {ONCE_FOR_EACH}"
            yield _at(link, "fan_out", message, ONCE_FOR_EACH_HINT)
            return
        takes, gives = type_names(link.input.types), type_names(output.types)
        unfit = f"gives {gives}" if takes != gives else f"gives {gives} of another kind"
        message = f"{_where(link)} takes {takes}, but '{link.reference}' {unfit}"
        yield _at(link, "type_mismatch", message, f"Refer to something that gives {takes}.")


def _unknown_output(link: Link, known: Mapping[str, Json], spec: ServiceSpec | None = None) -> Problem:
    producer, output = link.reference.task, link.reference.field
    owner = f"'{producer}' (service {quote(spec.name)})" if spec else f"'{producer}'"
    message = f"{_where(link)} refers to {quote(output)} of {owner}, which has no such field"
    return _at(link, "unknown_output_field", message, f"Its fields: {quote_all(known)}.")


def _where(link: Link) -> str:
    return f"Input {quote(link.name)} of '{link.task.id}' (service {quote(link.task.service)})"


def _at(link: Link, code: str, message: str, hint: str) -> Problem:
    return Problem(code, message, link.task.id, shorten(link.name), hint)
