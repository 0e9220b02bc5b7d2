"""An execution plan drawn as text: one box per task, one row per parallel group, where each input comes from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from orra.base.strictjson import Json

GAP = "  "
Box = list[str]


def draw(plan: Json, *, width: int = 80) -> str:
    """``plan`` is one that the engine accepted: task0 first, every input of a service a reference. Tasks that run
    at the same time stand side by side as far as ``width`` columns allow. No line is longer than that."""
    by_id = {task["id"]: task for task in plan["tasks"]}
    inputs = _box("task0, from the request", _constants(by_id["task0"]["input"]), width=width)
    rows = [inputs]
    for group in plan["parallel_groups"]:
        boxes = [_task_box(by_id[task_id], width=width) for task_id in group]
        rows.append(list(_side_by_side(boxes, width=width)))
    middle = max(len(line) for row in rows for line in row)
    drawn: list[str] = []
    for row, group in zip(rows, [[], *plan["parallel_groups"]], strict=True):
        if drawn:
            drawn += _arrow(middle, label=f"{len(group)} at the same time" if len(group) > 1 else "")
        drawn += _centred(row, middle)
    return "\n".join(line.rstrip() for line in drawn)


def _task_box(task: Json, *, width: int) -> Box:
    names = task["input"]
    longest = max(map(len, names), default=0)
    lines = [f"{name:<{longest}} ◀ {str(source).removeprefix('$')}" for name, source in names.items()]
    return _box(f"{task['id']} {task['service']}", lines, width=width)


def _constants(values: dict[str, Json]) -> list[str]:
    longest = max(map(len, values), default=0)
    return [f"{name:<{longest}} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]


def _box(title: str, lines: Sequence[str], *, width: int) -> Box:
    inner = min(max(len(title) + 2, *map(len, lines), 0), width - 4)
    top = f"┌ {_cut(title, inner - 1)} "
    return [
        f"{top:─<{inner + 3}}┐",
        *(f"│ {_cut(line, inner):<{inner}} │" for line in lines),
        f"└{'─' * (inner + 2)}┘",
    ]


def _side_by_side(boxes: Sequence[Box], *, width: int) -> Iterator[str]:
    """As many boxes in a row as fit; the others in rows below."""
    row: list[Box] = []
    for box in boxes:
        if row and sum(len(each[0]) + len(GAP) for each in row) + len(box[0]) > width:
            yield from _joined(row)
            row = []
        row.append(box)
    yield from _joined(row)


def _joined(row: Sequence[Box]) -> Iterator[str]:
    height = max(map(len, row), default=0)
    padded = [[*box, *[" " * len(box[0])] * (height - len(box))] for box in row]
    for lines in zip(*padded, strict=True):
        yield GAP.join(lines)


def _arrow(middle: int, *, label: str) -> list[str]:
    stem = " " * (middle // 2)
    return [f"{stem}│", f"{stem}▼ {label}"]


def _centred(lines: Sequence[str], middle: int) -> list[str]:
    indent = " " * ((middle - max(map(len, lines))) // 2)
    return [indent + line for line in lines]


def _cut(text: str, limit: int) -> str:
    text = printable(text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def printable(text: str) -> str:
    """One line that a terminal shows and does not obey: plans hold what strangers and models wrote. White space of
    any kind is a space."""
    shown = (" " if character.isspace() else character for character in text)
    return "".join(character if character.isprintable() else "\ufffd" for character in shown)
