"""What each input of each task takes: read from a draft, with literals led back to where they come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from orra.base.strictjson import Json, same
from orra.base.text import quote, quote_all, shorten, show
from planengine.catalogue.schemas import Field
from planengine.catalogue.specs import Catalogue, ServiceSpec
from planengine.validation.drafts import Shape, Task
from planengine.validation.literals import Misreading, Origins, fits_in, fold
from planengine.validation.problems import MAX_PROBLEMS, Problem
from planengine.validation.references import Reference, is_composite, mentions, read_reference

ONCE_FOR_EACH = "a plan can neither take one item of it nor call a service once for each"
ONCE_FOR_EACH_HINT = (
    "Call a service that takes the whole list, or refer to one that gives a single value. If there is none, answer"
    ' with the "final" task and say which service is missing.'
)


@dataclass(frozen=True)
class Link:
    """The input ``name`` of ``task`` takes what ``reference`` gives. ``input`` is its schema, ``None`` when the
    service is not known or has no such input."""

    task: Task
    name: str
    input: Field | None
    reference: Reference


@dataclass
class Wiring:
    """A draft's tasks with their services and links. ``constants`` is task0's input with the literals that were
    moved there, ``sources`` says where those come from, ``mentioned`` are the params that inputs name without
    being references."""

    constants: dict[str, Json]
    services: dict[str, ServiceSpec | None] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)
    mentioned: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)


def wire(shape: Shape, *, catalogue: Catalogue, origins: Origins) -> Wiring:
    task0 = shape.task0 or {}
    wiring = Wiring({name: origins.params.get(name, value) for name, value in task0.items()})
    for task in shape.tasks:
        wiring.services[task.id] = catalogue.get(task.service)
    for task in shape.tasks:
        spec = wiring.services[task.id]
        for name, value in task.input.items():
            slot = spec.inputs.field(name) if spec else None
            reference = _resolve(value, task=task, name=name, slot=slot, wiring=wiring, origins=origins)
            if reference is not None:
                wiring.links.append(Link(task, name, slot, reference))
    return wiring


def _resolve(
    value: Json, *, task: Task, name: str, slot: Field | None, wiring: Wiring, origins: Origins
) -> Reference | None:
    """The reference that an input is, or becomes. Without one a problem is recorded, or the input is unwanted."""

    def has_field(producer: str, output: str) -> bool:
        if producer == "task0":
            return output in wiring.constants or output in origins.params
        spec = wiring.services.get(producer)
        return spec is not None and output in spec.output_fields

    reference = read_reference(value, has_field=has_field)
    if reference is not None:
        return reference
    equal = origins.params_equal_to(value, name=name)
    if len(equal) == 1 and (fold(equal[0]) == fold(name) or slot is None or not _is_in(slot.fixed, value)):
        return Reference("task0", equal[0])
    mentioned = list(mentions(value))
    if mentioned and not equal:
        wiring.mentioned.update(each.field for each in mentioned if each.task == "task0")
        into_list = any(_is_list(each, wiring) for each in mentioned)
        problem = _into_a_list(value, task=task, name=name) if into_list and not is_composite(value) else None
        wiring.problems.append(problem or _bad_reference(value, task=task, name=name, mentioned=mentioned))
        return None
    if slot is None or len(wiring.problems) >= MAX_PROBLEMS:
        return None
    if len(equal) > 1:
        wiring.problems.append(_ambiguous(value, task=task, name=name, params=equal))
        return None
    fits = fits_in([slot])
    if origins.in_action(value, fits=fits):
        return _move(value, name, source="action", wiring=wiring, params=origins.params)
    if _is_in(slot.constants, value):
        return _move(value, name, source="constant", wiring=wiring, params=origins.params)
    misread = origins.misread(value, fits=fits)
    if misread is not None:
        wiring.problems.append(misread_problem(value, misread, where=_where(task, name), task=task.id, name=name))
    else:
        wiring.problems.append(_invented(value, task=task, name=name))
    return None


def _move(value: Json, name: str, *, source: str, wiring: Wiring, params: Mapping[str, Json]) -> Reference:
    """Gives a literal a place in task0 under the input's name, or one like it when that name is taken."""
    for candidate in _names_like(name):
        if candidate in wiring.constants:
            if candidate not in params and same(wiring.constants[candidate], value):
                return Reference("task0", candidate)
        elif fold(candidate) not in {fold(param) for param in params}:
            wiring.constants[candidate] = value
            wiring.sources[candidate] = source
            return Reference("task0", candidate)
    raise AssertionError("names are endless")


def _names_like(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name}_{number}"
        number += 1


def _is_in(values: tuple[Json, ...], value: Json) -> bool:
    return any(same(value, each) for each in values)


def _is_list(reference: Reference, wiring: Wiring) -> bool:
    spec = wiring.services.get(reference.task)
    output = spec.outputs.field(reference.field) if spec is not None else None
    return output is not None and output.types - {"null"} == {"array"}


def _into_a_list(value: Json, *, task: Task, name: str) -> Problem:
    return Problem(
        "fan_out",
        f"{_where(task, name)} refers into a list, {show(value, 120)}: {ONCE_FOR_EACH}",
        task.id,
        shorten(name),
        ONCE_FOR_EACH_HINT,
    )


def _bad_reference(value: Json, *, task: Task, name: str, mentioned: list[Reference]) -> Problem:
    where = _where(task, name)
    legal = [str(each) for each in dict.fromkeys(mentioned) if each.field]
    hint = f"Use exactly one of {quote_all(legal)} as the whole value." if legal else "Write $taskN.field."
    if is_composite(value):
        return Problem(
            "composite_reference",
            f"{where} must refer to exactly one field and nothing else, not {show(value, 120)}",
            task.id,
            shorten(name),
            hint,
        )
    return Problem(
        "malformed_reference",
        f"{where} is not a proper reference: {show(value, 120)}",
        task.id,
        shorten(name),
        f"{hint} Nothing around it, no deeper path, not inside an object or array.",
    )


def _ambiguous(value: Json, *, task: Task, name: str, params: list[str]) -> Problem:
    choices = quote_all(f"$task0.{param}" for param in params)
    return Problem(
        "ambiguous_literal",
        f"{_where(task, name)} is the literal {show(value)}, which several action parameters have",
        task.id,
        shorten(name),
        f"Refer to the one that is meant: {choices}.",
    )


def misread_problem(value: Json, misread: Misreading, *, where: str, task: str, name: str) -> Problem:
    """That a value is not what the action says, or that what the action says can be read in several ways."""
    if misread.is_unclear:
        told = f"{where} is {show(value)}, but {quote(misread.raw)} in the action may be {misread.told}"
        return Problem("ambiguous_value", told, task, shorten(name), misread.hint)
    told = f"{where} has the value {show(value)}, but the action says {quote(misread.raw)}"
    return Problem("invented_literal", told, task, shorten(name), misread.hint)


def _invented(value: Json, *, task: Task, name: str) -> Problem:
    return Problem(
        "invented_literal",
        f"{_where(task, name)} has the value {show(value)}, which is neither in the action nor"
        " an action parameter",
        task.id,
        shorten(name),
        "Refer to a field of task0 or to another task's output, or leave the input out if it is not required.",
    )


def _where(task: Task, name: str) -> str:
    return f"Input {quote(name)} of '{task.id}' (service {quote(task.service)})"
