"""What two execution plans do otherwise, in words: which services they call, and what flows into these."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from orra.base.strictjson import canonical
from orra.operators.display import as_short_json, brief
from planengine.admin.parts.drawing import Card, Drawing, Input

MAX_TOLD = 100


def differences(one: Drawing, other: Drawing) -> list[str]:
    """Sentences; none where both do the same. The k-th call of a service is held against the other's k-th. Values
    are told only where both drawings show them."""
    told = list(_services(one, other))
    mine, others = _calls(one), _calls(other)
    names, other_names = _names(one), _names(other)
    for key in [key for key in mine if key in others]:
        name = brief(key[0]) + (f" (call {key[1] + 1})" if key[1] else "")
        here, there = mine[key], others[key]
        sides = (_Side(names, _inputs_of(here)), _Side(other_names, _inputs_of(there)))
        told += _inputs(name, *sides, hidden=one.hidden or other.hidden)
        told += _order(name, _waits(here, names), _waits(there, other_names))
    return told[:MAX_TOLD] + ([f"{len(told) - MAX_TOLD} more differences."] if len(told) > MAX_TOLD else [])


def _services(one: Drawing, other: Drawing) -> Iterator[str]:
    counted, others = _counted(one), _counted(other)
    for service in dict.fromkeys([*counted, *others]):
        here, there = counted[service], others[service]
        if here != there:
            yield f"{brief(service)}: {_times(here)} in the first plan, {_times(there)} in the second."


def _counted(drawing: Drawing) -> Counter[str]:
    return Counter(card.service for card in chain(*drawing.steps))


def _names(drawing: Drawing) -> dict[str, str]:
    return {card.id: card.service for card in chain(*drawing.steps)}


def _inputs_of(card: Card) -> dict[str, Input]:
    return {given.name: given for given in card.inputs}


def _waits(card: Card, names: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted(names.get(task, task) for task in card.after))


def _times(count: int) -> str:
    return {0: "not called", 1: "called once", 2: "called twice"}.get(count, f"called {count} times")


def _calls(drawing: Drawing) -> dict[tuple[str, int], Card]:
    seen: Counter[str] = Counter()
    found = {}
    for card in chain(*drawing.steps):
        found[card.service, seen[card.service]] = card
        seen[card.service] += 1
    return found


@dataclass(frozen=True)
class _Side:
    services: Mapping[str, str]  # by task
    inputs: Mapping[str, Input]

    def flow(self, field: str) -> str:
        """Where an input comes from, so that the same is equal in two plans whatever their tasks are called."""
        given = self.inputs.get(field)
        if given is None:
            return ""
        if given.known:
            return "value " + canonical(given.value)
        assert given.source is not None
        return canonical([self.service(given.source.task), given.source.field])

    def told(self, field: str, *, hidden: bool) -> str:
        given = self.inputs.get(field)
        if given is None:
            return "not given"
        if given.known:
            return f"a value ({given.text})" if hidden else as_short_json(given.value, 80)
        assert given.source is not None
        return f"what {brief(self.service(given.source.task), 60)} gives as {brief(given.source.field, 60)}"

    def service(self, task: str) -> str:
        return self.services.get(task, task)


def _inputs(name: str, one: _Side, other: _Side, *, hidden: bool) -> Iterator[str]:
    for field in dict.fromkeys([*one.inputs, *other.inputs]):
        if one.flow(field) == other.flow(field):
            continue
        first, second = (side.told(field, hidden=hidden) for side in (one, other))
        if first == second:
            yield f"{name}: {brief(field)} is another value in the second plan."
        else:
            yield f"{name}: {brief(field)} is {first} in the first plan, {second} in the second."


def _order(name: str, before: tuple[str, ...], after: tuple[str, ...]) -> Iterator[str]:
    if before != after:
        first, second = (brief(", ".join(names)) or "nothing" for names in (before, after))
        yield f"{name}: waits for {first} in the first plan, for {second} in the second."
