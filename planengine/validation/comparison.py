"""Whether two execution plans say the same, and in words what they do otherwise: the order of independent tasks,
the names of tasks and of task0's fields, and the order of fields make no difference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from orra.base.strictjson import Json, canonical, same
from orra.base.text import shorten, show
from planengine.validation.references import read_reference

MAX_TOLD = 50


@dataclass(frozen=True)
class Call:
    """A call of a service with the source of each input: ``["value", v]``, or ``["output", service, field]``.
    ``inputs`` is ``None`` where nothing is said of them. ``after`` are services that it waits for."""

    service: str
    inputs: Mapping[str, Json] | None
    after: Sequence[str] = ()

    @cached_property
    def text(self) -> str:
        return canonical([self.service, None if self.inputs is None else dict(self.inputs), sorted(self.after)])


def differences(
    one: Sequence[Call], other: Sequence[Call], sides: tuple[str, str], told: Callable[[Json], str] = show
) -> list[str]:
    """Sentences; none where both do the same. ``sides`` are what the two are called, as "in the first plan", and
    ``told`` says a value."""
    found = list(_services(one, other, sides))
    for name, first, second in _otherwise(one, other):
        found += _inputs(name, first.inputs or {}, second.inputs or {}, sides, told)
        before, after = (", ".join(sorted(map(shorten, call.after))) or "nothing" for call in (first, second))
        if before != after:
            found.append(f"{name}: waits for {before} {sides[0]}, for {after} {sides[1]}.")
    return found[:MAX_TOLD] + ([f"{len(found) - MAX_TOLD:,} more differences."] if len(found) > MAX_TOLD else [])


def _services(one: Sequence[Call], other: Sequence[Call], sides: tuple[str, str]) -> Iterator[str]:
    counted, others = (Counter(call.service for call in calls) for calls in (one, other))
    for service in dict.fromkeys([*counted, *others]):
        here, there = counted[service], others[service]
        if here != there:
            yield f"{shorten(service)}: {_times(here)} {sides[0]}, {_times(there)} {sides[1]}."


def _times(count: int) -> str:
    return {0: "not called", 1: "called once", 2: "called twice"}.get(count, f"called {count} times")


def _otherwise(one: Sequence[Call], other: Sequence[Call]) -> Iterator[tuple[str, Call, Call]]:
    """What both call, but not alike, with what it is called: a service's second call is numbered."""
    left = list(other)
    seen: Counter[str] = Counter()
    unmet: list[tuple[str, Call]] = []
    for call in one:
        seen[call.service] += 1
        number = seen[call.service]
        if not _taken(left, [each.text == call.text for each in left]) and call.inputs is not None:
            unmet.append((shorten(call.service) + (f" (call {number})" if number > 1 else ""), call))
    for name, call in unmet:
        if same_service := _taken(left, [each.service == call.service for each in left]):
            yield name, call, same_service


def _taken(left: list[Call], suits: Sequence[bool]) -> Call | None:
    return left.pop(suits.index(True)) if True in suits else None


def _inputs(
    name: str,
    first: Mapping[str, Json],
    second: Mapping[str, Json],
    sides: tuple[str, str],
    told: Callable[[Json], str],
) -> Iterator[str]:
    for field in dict.fromkeys([*first, *second]):
        if field in first and field in second and same(first[field], second[field]):
            continue
        here, there = (
            _told(inputs[field], told) if field in inputs else "not given" for inputs in (first, second)
        )
        if here == there:
            yield f"{name}: {shorten(field)} is another value {sides[1]}."
        else:
            yield f"{name}: {shorten(field)} is {here} {sides[0]}, {there} {sides[1]}."


def _told(source: Json, told: Callable[[Json], str]) -> str:
    kind, *rest = source
    return told(rest[0]) if kind == "value" else f"what {shorten(rest[0])} gives as {shorten(rest[1])}"


def same_graph(one: Json, other: Json) -> bool:
    """For two accepted plans."""
    return Counter(_calls(one)) == Counter(_calls(other))


def _calls(plan: Json) -> list[str]:
    """Each service call as text, with what flows into it spelled out down to the values of task0."""
    tasks = {task["id"]: task for task in plan["tasks"]}
    told: dict[str, str] = {}
    for group in plan["parallel_groups"]:  # in dependency order
        for task_id in group:
            task = tasks[task_id]
            flows = {name: _source(value, tasks["task0"]["input"], told) for name, value in task["input"].items()}
            after = sorted(told[before] for before in task.get("after", ()))
            told[task_id] = canonical([task["service"], flows, *([after] if after else [])])
    return list(told.values())


def _source(value: Json, constants: Json, told: dict[str, str]) -> Json:
    # In an accepted plan whatever looks like a reference is one.
    reference = read_reference(value, has_field=lambda task, field: True)
    if reference is None:
        return ["value", value]
    if reference.task == "task0":
        return ["value", constants[reference.field]]
    return ["output", told[reference.task], reference.field]
