"""The order of a plan's tasks where no data flows between them: side effects keep the order in which the request
states them, and a message comes after what it may announce.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations

from planengine.catalogue.field_names import is_message
from planengine.planners.wiring.assembly import Assembly
from planengine.planners.wiring.workbench import Workbench


class Unordered(Exception):
    """Two services may change something, and nothing says which of them comes first."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(one, other)
        self.one, self.other = one, other


def order_of(
    assembly: Assembly,
    bench: Workbench,
    place: Mapping[str, int],
    *,
    then: Callable[[str, str], bool] = lambda one, other: False,
    before: Sequence[tuple[str, str]] = (),
) -> dict[str, tuple[str, ...]]:
    """The services that each must come after although it takes nothing from them. ``place``: where the request
    asks for each of those that it asks for; ``then``: whether it says that the second comes after the first,
    although neither changes anything. ``before``: pairs that the request's domain orders, which come first. Raises
    :class:`Unordered`."""
    specs = {name: bench.candidates[name].spec for name in place}
    announces = {name: _announces(spec.input_fields) and not spec.read_only for name, spec in specs.items()}
    reach = _reach(assembly)
    after: dict[str, tuple[str, ...]] = {}
    for one, other in before:
        if one not in reach[other] and other not in reach[one]:
            after[other] = (*after.get(other, ()), one)
            reach = _linked(reach, one, other)
    for one, other in combinations(sorted(specs, key=lambda name: (announces[name], place[name])), 2):
        if specs[one].read_only and specs[other].read_only and not then(one, other):
            continue
        if one in reach[other] or other in reach[one]:
            continue
        if place[one] != place[other] or announces[one] != announces[other]:
            after[other] = (*after.get(other, ()), one)
            reach = _linked(reach, one, other)
        elif not (specs[one].read_only or specs[other].read_only):
            raise Unordered(one, other)
    return after


def _linked(reach: Mapping[str, frozenset[str]], one: str, other: str) -> Mapping[str, frozenset[str]]:
    """With ``other`` after ``one``."""
    more = reach[one] | {one}
    return {name: found | more if name == other or other in found else found for name, found in reach.items()}


def _announces(inputs: Iterable[str]) -> bool:
    return any(map(is_message, inputs))


def _reach(assembly: Assembly) -> Mapping[str, frozenset[str]]:
    """Of each service those that it takes something from, directly or not."""
    reach: dict[str, frozenset[str]] = {}
    for service in assembly.services:  # each after those that it takes from
        direct = {source.service for source in assembly.inputs[service].values() if source.service}
        reach[service] = frozenset(direct).union(*(reach[each] for each in direct))
    return reach
