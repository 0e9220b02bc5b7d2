"""An execution plan as a picture: task0's values, then the tasks step by step, each input with its source, and the
graph of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from orra.base.strictjson import Json
from orra.operators.display import as_short_json, brief
from planengine.admin.parts.graph import Arrow, Box, Graph, Link, lay_out
from planengine.validation.references import Reference, read_reference

MAX_TASKS = 200
MAX_INPUTS = 100
# What is more is shown in columns: such a graph tells nothing any more.
MAX_BOXES = 40
MAX_ARROWS = 120
MAX_FIELDS = 60
MAX_VALUE = 120
VALUES = "Values"

KINDS = {str: "text", bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object"}


@dataclass(frozen=True)
class Input:
    """``source`` is the task and field that gives it, ``None`` when the plan holds the value itself. ``value`` is
    known then, and when task0 gives it; ``text`` is what is shown of it, ``schema`` what the service says of the
    input."""

    name: str
    source: Reference | None
    value: Json = None
    text: str = ""
    schema: str = ""

    @property
    def known(self) -> bool:
        return self.source is None or self.source.task == "task0"


@dataclass(frozen=True)
class Output:
    """A field that a task gives, and the tasks and inputs that take it. ``declared``: its service says so."""

    name: str
    schema: str
    takers: tuple[str, ...]
    declared: bool = True


@dataclass(frozen=True)
class Card:
    """``left_open``: inputs that the service has and the plan does not give."""

    id: str
    service: str
    inputs: tuple[Input, ...]
    after: tuple[str, ...] = ()
    description: str = ""
    known: bool = False
    left_open: tuple[tuple[str, str], ...] = ()
    outputs: tuple[Output, ...] = ()


@dataclass(frozen=True)
class Schemas:
    """What is shown of a service: its description and, by field, what its schemas say."""

    description: str
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]


@dataclass(frozen=True)
class Node:
    """A box of the graph with what it stands for; ``card`` is ``None`` for task0. ``arrows`` end at it."""

    box: Box
    card: Card | None
    arrows: tuple[Arrow, ...]

    @property
    def told(self) -> str:
        """For whoever does not see the picture."""
        given = ", ".join(arrow.link.label + f" from {arrow.link.source}" for arrow in self.arrows)
        name = VALUES if self.card is None else self.card.service
        return brief(f"{name}, {self.box.id}" + (f": {given}" if given else ""), 400)


@dataclass(frozen=True)
class Drawing:
    """``steps`` hold what may run side by side; ``left_out`` counts tasks that are in none or too many to draw.
    ``graph`` is ``None`` where there is too much of it. ``name`` tells the drawings of one page apart."""

    values: tuple[Input, ...]
    steps: tuple[tuple[Card, ...], ...]
    left_out: int = 0
    graph: Graph | None = None
    name: str = "graph"
    hidden: bool = False

    @property
    def nodes(self) -> Iterator[Node]:
        cards = {card.id: card for step in self.steps for card in step}
        ending: dict[str, list[Arrow]] = defaultdict(list)
        for arrow in self.graph.arrows if self.graph else ():
            ending[arrow.link.target].append(arrow)
        for box in self.graph.boxes if self.graph else ():
            yield Node(box, cards.get(box.id), tuple(ending[box.id]))

    @property
    def links(self) -> tuple[Link, ...]:
        """What flows, or only comes after, between what is drawn."""
        return tuple(_links(self))


def draw(
    plan: Json, *, services: Mapping[str, Schemas] | None = None, contents: bool = True, name: str = "graph"
) -> Drawing:
    """The picture of a stored plan. Never raises: what is not of a plan's shape is left out. ``services`` are by
    the name that the plan calls them by; without ``contents`` values give way to what kind they are."""
    if not isinstance(plan, dict):
        return Drawing((), (), name=name)
    tasks = {task["id"]: task for task in _list(plan.get("tasks")) if _is_task(task)}
    constants = _inputs_of(tasks.pop("task0", {}))
    groups = [group for group in _list(plan.get("parallel_groups")) if isinstance(group, list)]
    waiting = dict(islice(tasks.items(), MAX_TASKS))
    steps = [_step(group, waiting, constants) for group in groups]
    shown = tuple(step for step in steps if step)
    values = tuple(Input(field, None, value) for field, value in islice(constants.items(), MAX_INPUTS))
    drawing = Drawing(values, shown, len(tasks) - sum(map(len, shown)), name=name, hidden=not contents)
    return _with_graph(_with_schemas(_with_texts(drawing), services or {}))


def services_in(plan: Json) -> list[str]:
    """What a stored plan calls services by: names or ids."""
    tasks = _list(plan.get("tasks")) if isinstance(plan, dict) else []
    names = [task["service"] for task in tasks if _is_task(task) and isinstance(task.get("service"), str)]
    return [name for name in dict.fromkeys(names[:MAX_TASKS]) if "\x00" not in name]


def schemas_of(description: str, input_schema: Json, output_schema: Json) -> Schemas:
    return Schemas(brief(description, 400), _fields(input_schema), _fields(output_schema))


def kind_of(value: Json) -> str:
    """What kind of value it is, for whoever may not see it."""
    return KINDS.get(type(value), "nothing")


def _fields(schema: Json) -> dict[str, str]:
    """By field, what an object's schema says of it in a few words."""
    if not isinstance(schema, dict):
        return {}
    properties, required = schema.get("properties"), _list(schema.get("required"))
    known = properties.items() if isinstance(properties, dict) else ()
    return {
        name: _in_words(field) + ("" if name in required else ", may be left out")
        for name, field in islice(known, MAX_FIELDS)
    }


def _in_words(field: Json) -> str:
    if not isinstance(field, dict):
        return "anything" if field is True else as_short_json(field, 60)
    kinds = field.get("type")
    told = [" or ".join(map(str, kinds)) if isinstance(kinds, list) else str(kinds or "anything")]
    if isinstance(field.get("enum"), list):
        told.append("one of " + as_short_json(field["enum"], 80))
    told += [
        f"{rule} {as_short_json(field[rule], 40)}" for rule in ("format", "pattern", "const") if rule in field
    ]
    told += [str(field[text]) for text in ("title", "description") if isinstance(field.get(text), str)]
    return brief(", ".join(told), 200)


def _with_texts(drawing: Drawing) -> Drawing:
    def told(given: Input) -> Input:
        if not given.known:
            return given
        return replace(
            given, text=kind_of(given.value) if drawing.hidden else as_short_json(given.value, MAX_VALUE)
        )

    steps = tuple(
        tuple(replace(card, inputs=tuple(map(told, card.inputs))) for card in step) for step in drawing.steps
    )
    return replace(drawing, values=tuple(map(told, drawing.values)), steps=steps)


def _with_schemas(drawing: Drawing, services: Mapping[str, Schemas]) -> Drawing:
    takers: dict[tuple[str, str], list[str]] = defaultdict(list)
    for link in drawing.links:
        if not link.after:
            takers[link.source, link.field].append(f"{link.target}.{link.input}")

    def complete(card: Card) -> Card:
        known = services.get(card.service)
        given = {each.name for each in card.inputs}
        declared = {} if known is None else known.outputs
        taken = [field for source, field in takers if source == card.id]
        return replace(
            card,
            known=known is not None,
            description="" if known is None else known.description,
            inputs=tuple(
                replace(each, schema=known.inputs.get(each.name, "")) if known else each for each in card.inputs
            ),
            left_open=tuple(
                (name, told) for name, told in (known.inputs if known else {}).items() if name not in given
            ),
            outputs=tuple(
                Output(field, declared.get(field, ""), tuple(takers.get((card.id, field), ())), field in declared)
                for field in dict.fromkeys([*declared, *taken])
            ),
        )

    return replace(drawing, steps=tuple(tuple(map(complete, step)) for step in drawing.steps))


def _with_graph(drawing: Drawing) -> Drawing:
    cards = [card for step in drawing.steps for card in step]
    links = drawing.links
    first = ["task0"] if drawing.values or any(link.source == "task0" for link in links) else []
    if not cards or len(cards) + len(first) > MAX_BOXES or len(links) > MAX_ARROWS:
        return drawing
    columns = [*([first] if first else []), *([card.id for card in step] for step in drawing.steps)]
    headings = {"task0": VALUES} | {card.id: brief(card.service, 60) for card in cards}
    return replace(drawing, graph=lay_out(columns, links, headings))


def _links(drawing: Drawing) -> Iterator[Link]:
    step_of = {card.id: place for place, step in enumerate(drawing.steps, 1) for card in step} | {"task0": 0}
    for place, step in enumerate(drawing.steps, 1):
        for card in step:
            for each in card.inputs:
                if each.source is not None and step_of.get(each.source.task, place) < place:
                    yield Link(each.source.task, card.id, each.source.field, each.name)
            for before in card.after:
                if step_of.get(before, place) < place:
                    yield Link(before, card.id, after=True)


def _step(group: list[Json], waiting: dict[str, dict[str, Json]], constants: dict[str, Json]) -> tuple[Card, ...]:
    """The group's tasks among those waiting, which lose them: nothing is drawn twice."""
    ids = [task_id for task_id in group if isinstance(task_id, str)]
    return tuple(_card(waiting.pop(task_id), constants) for task_id in ids if task_id in waiting)


def _card(task: dict[str, Json], constants: dict[str, Json]) -> Card:
    inputs = islice(_inputs_of(task).items(), MAX_INPUTS)
    return Card(
        id=task["id"],
        service=str(task.get("service", "")),
        inputs=tuple(_input(name, value, constants) for name, value in inputs),
        after=tuple(before for before in _list(task.get("after"))[:MAX_INPUTS] if isinstance(before, str)),
    )


def _input(name: str, value: Json, constants: dict[str, Json]) -> Input:
    # In an accepted plan whatever looks like a reference is one.
    source = read_reference(value, has_field=lambda task, field: task != "task0" or field in constants)
    if source is None:
        return Input(name, None, value)
    return Input(name, source, constants.get(source.field) if source.task == "task0" else None)


def _is_task(task: Json) -> bool:
    return isinstance(task, dict) and isinstance(task.get("id"), str)


def _inputs_of(task: Json) -> dict[str, Json]:
    found = task.get("input")
    return found if isinstance(found, dict) else {}


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
