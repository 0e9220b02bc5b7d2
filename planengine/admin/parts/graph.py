"""Where the boxes and arrows of an execution graph stand: columns of tasks from left to right, each arrow ending
at a line of its own on the left of the task that takes the value, with its label above it.

All lengths are in the units of the SVG, which are pixels at its own size. Pure.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from orra.operators.display import brief

BOX_WIDTH = 190.0
HEAD = 46.0  # of a box: its two lines of text
LINE = 22.0  # for each arrow that ends at a box, or passes between boxes
BETWEEN = 20.0  # boxes of a column
CURVE, LABEL = 64.0, 176.0  # what is between two columns: where arrows bend, and where their labels stand
MARGIN = 12.0
ARROW = 7.0
MAX_LABEL, MAX_SERVICE, MAX_ID = 26, 23, 26  # letters, wide ones twice


@dataclass(frozen=True)
class Link:
    """From a task in an earlier column to one in a later one: its ``field`` becomes the other's ``input``, or the
    other only comes ``after`` it."""

    source: str
    target: str
    field: str = ""
    input: str = ""
    after: bool = False

    @property
    def label(self) -> str:
        return "after" if self.after else brief(f"{self.field} → {self.input}", 400)


@dataclass(frozen=True)
class Box:
    """``place`` counts the boxes in reading order, from 0."""

    place: int
    id: str
    x: float
    y: float
    width: float
    height: float
    service: str
    shown_id: str

    @property
    def text_x(self) -> float:
        return self.x + 12

    @property
    def service_y(self) -> float:
        return self.y + 20

    @property
    def id_y(self) -> float:
        return self.y + 37


@dataclass(frozen=True)
class Arrow:
    """``path`` and ``head`` are SVG paths; the label ends at its ``label_x``."""

    link: Link
    source: Box
    target: Box
    path: str
    head: str
    label: str
    label_x: float
    label_y: float


@dataclass(frozen=True)
class Graph:
    """``arrows`` are by the box that they end at, in reading order of these."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]

    @property
    def view_box(self) -> str:
        return f"0 0 {_number(self.width)} {_number(self.height)}"


@dataclass
class _Slot:
    """A place in a column: a task's, or that of an arrow (``link``) that passes by. ``y`` is its upper edge."""

    height: float
    task: str = ""
    link: int | None = None
    y: float = 0.0

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


def lay_out(columns: Sequence[Sequence[str]], links: Sequence[Link], services: Mapping[str, str]) -> Graph:
    """The graph of tasks by id, each of which is in one column. ``services`` are what boxes are headed with."""
    column_of = {task: index for index, column in enumerate(columns) for task in column}
    forward = [link for link in links if column_of.get(link.source, 0) < column_of.get(link.target, -1)]
    slots = _slots(columns, forward, column_of)
    boxes = _boxes(slots, services)
    arrows = [_arrow(link, ports, boxes, column_of) for link, ports in _ports(forward, slots, column_of, boxes)]
    place = {box.id: box.place for box in boxes.values()}
    arrows.sort(key=lambda arrow: (place[arrow.link.target], arrow.label_y))
    bottom = max((slot.y + slot.height for column in slots for slot in column), default=0.0)
    right = _left_of(len(columns) - 1) + BOX_WIDTH if columns else 0.0
    return Graph(right + MARGIN, bottom + MARGIN, tuple(boxes.values()), tuple(arrows))


def fitted(text: str, most: int) -> str:
    """``text`` in at most so many letters' width, where wide letters count twice."""
    width = 0
    for place, letter in enumerate(text):
        width += 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        if width > most:
            return text[: max(0, place - 1)] + "…"
    return text


def _slots(
    columns: Sequence[Sequence[str]], links: Sequence[Link], column_of: Mapping[str, int]
) -> list[list[_Slot]]:
    """The columns with the arrows that pass them, ordered by where what leads to each stands."""
    ending: dict[str, list[int]] = defaultdict(list)
    passing: dict[int, list[int]] = defaultdict(list)
    for number, link in enumerate(links):
        ending[link.target].append(number)
        for between in range(column_of[link.source] + 1, column_of[link.target]):
            passing[between].append(number)
    placed: list[list[_Slot]] = []
    for index, column in enumerate(columns):
        before = _middles(placed[-1], links) if placed else {}
        tasks = [_Slot(HEAD + LINE * len(ending[task]), task=task) for task in column]
        arrows = [_Slot(LINE, link=number) for number in passing[index]]
        wanted = partial(_wanted, ending=ending, before=before)
        placed.append(_stacked(sorted([*tasks, *arrows], key=wanted)))
    highest = max((column[-1].y + column[-1].height for column in placed if column), default=0.0)
    for stack in placed:
        lower = (highest - stack[-1].y - stack[-1].height) / 2 if stack else 0.0
        for slot in stack:
            slot.y += lower + MARGIN
    return placed


def _wanted(slot: _Slot, *, ending: Mapping[str, list[int]], before: Mapping[int, float]) -> float:
    """How high the slot should stand: where what leads to it does."""
    leading = ending.get(slot.task, []) if slot.link is None else [slot.link]
    return _mean([before[number] for number in leading if number in before])


def _stacked(slots: list[_Slot]) -> list[_Slot]:
    y = 0.0
    for slot in slots:
        slot.y = y
        y += slot.height + BETWEEN
    return slots


def _middles(column: Sequence[_Slot], links: Sequence[Link]) -> dict[int, float]:
    """From where, in this column, each link goes on, counted from the column's own middle."""
    centre = (column[-1].y + column[-1].height) / 2 if column else 0.0
    passing = {slot.link: slot.middle - centre for slot in column if slot.link is not None}
    starts = {slot.task: slot.middle - centre for slot in column if slot.link is None}
    return passing | {number: starts[link.source] for number, link in enumerate(links) if link.source in starts}


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _boxes(slots: Sequence[Sequence[_Slot]], services: Mapping[str, str]) -> dict[str, Box]:
    boxes: dict[str, Box] = {}
    for index, column in enumerate(slots):
        for slot in column:
            if slot.link is None:
                boxes[slot.task] = Box(
                    len(boxes),
                    slot.task,
                    _left_of(index),
                    slot.y,
                    BOX_WIDTH,
                    slot.height,
                    fitted(services.get(slot.task, ""), MAX_SERVICE),
                    fitted(brief(slot.task), MAX_ID),
                )
    return boxes


def _ports(
    links: Sequence[Link], slots: Sequence[Sequence[_Slot]], column_of: Mapping[str, int], boxes: Mapping[str, Box]
) -> list[tuple[Link, list[float]]]:
    """Each link with the heights that it goes through: where it leaves, where it passes columns, where it ends."""
    passes = {(slot.link, index): slot.middle for index, column in enumerate(slots) for slot in column}
    through = [
        [_leaves(boxes[link.source])]
        + [passes[number, index] for index in range(column_of[link.source] + 1, column_of[link.target])]
        for number, link in enumerate(links)
    ]
    ends: dict[str, list[int]] = defaultdict(list)
    for number, link in enumerate(links):
        ends[link.target].append(number)
    for target, numbers in ends.items():
        for place, number in enumerate(sorted(numbers, key=lambda number: through[number][-1])):
            through[number].append(boxes[target].y + HEAD + LINE * place + LINE / 2)
    return list(zip(links, through, strict=True))


def _leaves(box: Box) -> float:
    return box.y + HEAD / 2


def _arrow(
    link: Link,
    heights: Sequence[float],
    boxes: Mapping[str, Box],
    column_of: Mapping[str, int],
) -> Arrow:
    source, target = boxes[link.source], boxes[link.target]
    parts = [f"M{_number(source.x + BOX_WIDTH)} {_number(heights[0])}"]
    for step, (one, other) in enumerate(zip(heights, heights[1:], strict=False), column_of[link.source] + 1):
        bend, straight = _left_of(step - 1) + BOX_WIDTH, _left_of(step) - LABEL
        middle = _number((bend + straight) / 2)
        parts.append(f"C{middle} {_number(one)} {middle} {_number(other)} {_number(straight)} {_number(other)}")
        ends_here = step == column_of[link.target]
        parts.append(f"H{_number(target.x - ARROW if ends_here else _left_of(step) + BOX_WIDTH)}")
    x, y = target.x, heights[-1]
    head = f"M{_number(x)} {_number(y)}l{-ARROW} {-ARROW / 2}v{ARROW}z"
    return Arrow(link, source, target, "".join(parts), head, fitted(link.label, MAX_LABEL), x - 10, y - 4)


def _left_of(column: int) -> float:
    return MARGIN + column * (BOX_WIDTH + CURVE + LABEL)


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
