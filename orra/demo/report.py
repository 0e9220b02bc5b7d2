"""The demo's outcome told as text: the table's rows as they come, what they add up to, and what they mean."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from orra.base.strictjson import Json
from orra.demo.drawing import printable
from orra.demo.story import Step, explanation_of, mended_of, refusals_of, services_of
from orra.embedded.footprint import in_words

HITS = {"exact": "cache, same template", "semantic": "cache, same meaning", "example": "cache, by example"}
NUMBER, TIME, SAVED = 3, 10, 7


@dataclass(frozen=True)
class Told:
    """One step as it came out; ``faults`` says in which ways it is not what the story tells."""

    number: int
    step: Step
    plan: Mapping[str, Json]
    milliseconds: float
    faults: tuple[str, ...]

    @property
    def is_hit(self) -> bool:
        return self.plan["source"] in HITS

    @property
    def is_diagnosed(self) -> bool:
        return self.step.expected.status == "failed" and bool(self.plan["status"] == "failed")


def header(width: int) -> str:
    titles = _line("#", "What was asked", "Where the plan came from", "Time", "Calls", width=width)
    return f"{titles}\n{_line('', '', '', '', 'saved', width=width)}\n{'─' * width}"


def row(told: Told, width: int) -> str:
    asked, origin = _columns(width)
    left = textwrap.wrap(told.step.action, asked - 1, break_on_hyphens=False)
    right = [line for text in _origin(told.plan) for line in textwrap.wrap(text, origin - 1)]
    height = max(len(left), len(right))
    left += [""] * (height - len(left))
    right += [""] * (height - len(right))
    saved = "1" if told.is_hit else ""
    lines = [
        _line(str(told.number), left[0], right[0], _time(told.milliseconds), saved, width=width),
        *(_line("", text, source, "", "", width=width) for text, source in zip(left[1:], right[1:], strict=True)),
        *_notes(told, width),
    ]
    return "\n".join(lines) + "\n"


def summary(told: Sequence[Told], *, width: int) -> str:
    hits = sum(each.is_hit for each in told)
    lines = [f"{len(told)} requests, {hits} of them served from the cache: {hits} planner calls saved."]
    times: dict[str, list[float]] = {}
    for each in told:
        if each.plan["status"] == "ready":
            times.setdefault(HITS.get(each.plan["source"], "planned"), []).append(each.milliseconds)
    medians = [f"{kind} {_time(median(measured))}" for kind, measured in times.items()]
    lines.append(f"Medians, as the client saw them: {'; '.join(medians) or 'none'}.")
    return _paragraphs(lines, width)


def memory(taken: Mapping[str, float], *, width: int) -> str:
    """What the plan engine takes, in megabytes by kind of process."""
    return _paragraphs([f"Memory of the plan engine, shared pages counted once: {in_words(taken)}."], width)


def not_as_told(told: Sequence[Told], *, width: int) -> str:
    """Which requests did not come out as the story has it; empty when all did. Why stands with each of them."""
    wrong = [str(each.number) for each in told if each.faults]
    if not wrong:
        return ""
    which = f"{len(wrong)} of {len(told)} requests did not come out as told: {', '.join(wrong)}."
    return _paragraphs([f"{which} What is wrong stands with each of them above."], width)


def title(text: str, width: int) -> str:
    return f"\n{text}\n{'─' * min(len(text), width)}"


def indented(text: str, *, width: int) -> str:
    """``text`` with its line breaks kept, its long lines wrapped and a margin."""
    return "\n".join(
        _filled(line, width, first="  ", others="  " + _hanging_indent(line)) for line in text.splitlines()
    )


def _origin(plan: Mapping[str, Json]) -> Iterator[str]:
    source, cache = plan["source"], plan["cache"]
    if plan["status"] != "ready":
        yield "no plan: " + plan["status"].replace("_", " ")
    elif source in ("semantic", "example"):
        yield f"{HITS[source]} ({cache['similarity']:.2f})"
    else:
        yield HITS.get(source, f"the {source}")
    if plan["plan"]:
        tasks, widest = len(services_of(plan["plan"])), max(map(len, plan["plan"]["parallel_groups"]))
        counted = f"{tasks} tasks" if tasks > 1 else "1 task"
        yield f"{counted}, {widest} at the same time" if widest > 1 else counted


def _notes(told: Told, width: int) -> Iterator[str]:
    yield _note(told.step.shows, width)
    given = ", ".join(f"{field} = {json.dumps(value)}" for field, value in told.step.params.items())
    yield _note(textwrap.shorten(f"with {given}", width - NUMBER - 2, placeholder=" …"), width)
    if told.step.expected.near_miss:
        for refusal in refusals_of(told.plan)[:1]:
            near = f"“{refusal['template']}” is {refusal['similarity']:.2f} alike"
            yield _note(f"near miss: {near}, but refused ({refusal['guard']}): {refusal['reason']}", width)
    for problem in mended_of(told.plan)[:1]:
        yield _note(f"refused at first ({problem['code']}): {problem['message']}", width)
        yield _note(f"mended as it was told: {problem['hint']}", width)
    if told.plan["status"] == "not_actionable":
        yield _note(f"why: {' '.join(explanation_of(told.plan).split())}", width)
    elif told.is_diagnosed:
        yield _note("why: told in full below", width)
    if told.plan["status"] == "ready" != told.step.expected.status and not told.faults:
        yield _note("planned all the same", width)
    for fault in told.faults:
        yield _note(f"NOT AS TOLD: {fault}", width)


def _note(text: str, width: int) -> str:
    margin = " " * NUMBER
    return _filled(text, width, first=f"{margin}· ", others=f"{margin}  ")


def _line(number: str, asked: str, origin: str, time: str, saved: str, *, width: int) -> str:
    first, second = _columns(width)
    line = f"{number:>{NUMBER - 1}} {asked:<{first}}{origin:<{second}}{time:>{TIME}}{saved:>{SAVED}}"
    return line.rstrip()


def _columns(width: int) -> tuple[int, int]:
    room = width - NUMBER - TIME - SAVED
    origin = min(34, room * 48 // 100)
    return room - origin, origin


def _time(milliseconds: float) -> str:
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


def _paragraphs(lines: Iterable[str], width: int) -> str:
    return "\n".join(_filled(line, width) for line in lines)


def _filled(line: str, width: int, *, first: str = "", others: str = "") -> str:
    return textwrap.fill(
        printable(line), width, initial_indent=first, subsequent_indent=others, break_on_hyphens=False
    )


def _hanging_indent(line: str) -> str:
    """As wide as what a line of a list begins with."""
    beginning = re.match(r"\s*(?:-|\d+\.)?\s*", line)
    return " " * (beginning.end() if beginning else 0)
