"""Two texts line by line: what was taken out and what was put in, with the lines around it."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from orra.operators.display import visible

CONTEXT = 3
MAX_COMPARED = 1_000  # lines of a side that differ: finding out which belong together takes long for more
MAX_LINES_SHOWN = 2_000
MAX_LINE_CHARACTERS = 400


@dataclass(frozen=True)
class Line:
    """``kind``: ``added``, ``removed``, ``same``, or ``gap`` for lines that are left out."""

    kind: str
    text: str


def compare(old: str, new: str) -> list[Line]:
    """What changed from ``old`` to ``new``; nothing where they are equal. The texts are safe to look at, and are
    still to be escaped."""
    before, after = old.splitlines(), new.splitlines()
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    middle = (before[head : len(before) - tail], after[head : len(after) - tail])
    if not any(middle):
        return []
    lines = [
        *_context(before[max(0, head - CONTEXT) : head], left_out=head - CONTEXT),
        *_changes(*middle),
        *_context(before[len(before) - tail :][:CONTEXT]),
        *_gap(tail - CONTEXT),
    ]
    shown = [Line(line.kind, visible(line.text, MAX_LINE_CHARACTERS)) for line in lines[:MAX_LINES_SHOWN]]
    more = len(lines) - len(shown)
    return [*shown, Line("gap", f"{more:,} more lines differ")] if more else shown


def _changes(before: Sequence[str], after: Sequence[str]) -> list[Line]:
    if max(len(before), len(after)) > MAX_COMPARED:
        return [*(Line("removed", text) for text in before), *(Line("added", text) for text in after)]
    lines: list[Line] = []
    matcher = difflib.SequenceMatcher(None, before, after)
    for kind, start, end, start_after, end_after in matcher.get_opcodes():
        if kind == "equal":
            lines += _between(before[start:end])
        else:
            lines += [Line("removed", text) for text in before[start:end]]
            lines += [Line("added", text) for text in after[start_after:end_after]]
    return lines


def _between(same: Sequence[str]) -> list[Line]:
    """Equal lines between two changes: those near either."""
    if len(same) <= 2 * CONTEXT:
        return _context(same)
    return [*_context(same[:CONTEXT]), *_gap(len(same) - 2 * CONTEXT), *_context(same[-CONTEXT:])]


def _context(same: Sequence[str], *, left_out: int = 0) -> list[Line]:
    return [*_gap(left_out), *(Line("same", text) for text in same)]


def _gap(left_out: int) -> list[Line]:
    return [Line("gap", f"{left_out:,} equal {'line' if left_out == 1 else 'lines'}")] if left_out > 0 else []


def _common(left: Sequence[str], right: Sequence[str]) -> int:
    """How many lines they begin with that are equal."""
    same = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        same += 1
    return same
