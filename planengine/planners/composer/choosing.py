"""The best set of services for a request, under one objective, and how far the next other set is.

A set is worth what its services are like the request: for each part of it, and for the whole, how near the set's
nearest service is. Every service costs something, so one that is nearest to nothing is not worth its price; a
helper that nobody asked for costs little. A set counts only if it can be wired and takes every param.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from planengine.planners.relevance import Floats
from planengine.planners.wiring.assembling import assemble
from planengine.planners.wiring.assembly import Assembly, Missing
from planengine.planners.wiring.workbench import Workbench

# Fitted on the even rows of two public sets of planning requests (BFCL v4 `multiple` and `parallel_multiple`).
PER_SERVICE = 0.15
PER_HELPER = 0.03
# What a service's second and further parts count for: mostly they are another's, or say more of the first.
FURTHER_PART = 0.8
# A set this near to the best one could as well be meant.
MARGIN = 0.08

_NEAREST_PER_TEXT = 12
_MAX_CANDIDATES = 48
_MAX_SERVICES = 8
_WIDTH = 24
_MAX_WIRED = 48
# So that the search keeps to the sets that may take all params.
_FOR_COVERAGE = 2.0

Places = NDArray[np.intp]


@dataclass(frozen=True)
class Fits:
    """How near each service is (columns) to each part, and in the last row to the whole request: ``similar`` by
    meaning alone, ``values`` with what speaks for it besides."""

    names: tuple[str, ...]
    similar: Floats
    values: Floats

    def part_of(self, service: str) -> int:
        """The part that this service is nearest to."""
        return int(self.values[:-1, self.names.index(service)].argmax())

    def similarity(self, service: str) -> float:
        return float(self.similar[:, self.names.index(service)].max())


@dataclass(frozen=True)
class Wired:
    """A set that can be carried out. ``goals``: those of its services that were asked for."""

    worth: float
    goals: tuple[str, ...]
    assembly: Assembly

    @property
    def services(self) -> frozenset[str]:
        return frozenset(self.assembly.services)


@dataclass(frozen=True)
class Short:
    """A set that cannot: inputs that nothing gives, or params that it does not take."""

    worth: float
    goals: tuple[str, ...]
    missing: tuple[Missing, ...] = ()
    left: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Ranking:
    """``wired``: the best sets that can be carried out, each with other services; ``short``: those that cannot.
    Both best first."""

    wired: tuple[Wired, ...]
    short: tuple[Short, ...]


def rank(bench: Workbench, fits: Fits) -> Ranking:
    """The sets of services that a request may be after, best first."""
    takes = {name: bench.takeable_params(name) for name in fits.names}
    needed = frozenset().union(*takes.values())
    candidates = _candidates(fits, takes)
    reach = {name: _reachable(bench, name) & needed for name in candidates}
    return _wired(bench, _searched(fits, candidates, reach, sorted(needed)), reach, needed)


def _candidates(fits: Fits, takes: Mapping[str, frozenset[str]]) -> list[str]:
    """The services nearest to each text, and the takers of params, nearest first."""
    nearest = (-fits.values).argsort(axis=1, kind="stable")[:, :_NEAREST_PER_TEXT]
    kept = {fits.names[place] for place in nearest.ravel().tolist()}
    order = [fits.names[place] for place in (-fits.values.max(axis=0)).argsort(kind="stable").tolist()]
    return [name for name in order if name in kept or takes[name]][:_MAX_CANDIDATES]


def _reachable(bench: Workbench, service: str) -> frozenset[str]:
    """The params that this service may take, or those that may help it."""
    reached, queue, params = {service}, [service], bench.takeable_params(service)
    while queue:
        consumer = queue.pop()
        for name in bench.candidates[consumer].spec.required_inputs:
            for option in bench.options(consumer, name):
                if option.producer not in reached and bench.may_help(option.producer):
                    reached.add(option.producer)
                    queue.append(option.producer)
                    params |= bench.takeable_params(option.producer)
    return params


Found = tuple[float, tuple[str, ...]]


def _searched(
    fits: Fits, candidates: Sequence[str], reach: Mapping[str, frozenset[str]], needed: Sequence[str]
) -> list[Found]:
    """Sets worth looking at, best first: a beam that grows them service by service, as long as that promises
    more."""
    values = fits.values[:, [fits.names.index(name) for name in candidates]]
    covers = np.array([[param in reach[name] for param in needed] for name in candidates], dtype=bool)
    found: dict[tuple[int, ...], float] = {}
    front: set[tuple[int, ...]] = {(place,) for place in range(len(candidates))}
    promised = -np.inf
    while front:
        sets = sorted(front)
        goals = np.array(sets, dtype=np.intp)
        worth = _worth(values, goals)
        promise = worth + (_FOR_COVERAGE * covers[goals].any(axis=1).mean(axis=1) if needed else 0.0)
        found |= zip(sets, worth.tolist(), strict=True)
        if promise.max() <= promised or goals.shape[1] == _MAX_SERVICES:
            break
        promised = promise.max()
        best = (-promise).argsort(kind="stable")[:_WIDTH].tolist()
        front = {
            tuple(sorted((*sets[place], more)))
            for place in best
            for more in range(len(candidates))
            if more not in sets[place]
        }
    return [
        (worth, tuple(candidates[place] for place in goals))
        for goals, worth in sorted(found.items(), key=lambda item: -item[1])
    ]


def _worth(values: Floats, goals: Places) -> Floats:
    """Of each set, a row of ``goals``, without its helpers."""
    each = values[:-1][:, goals]  # parts, sets, services
    nearest, owner = each.max(axis=2), each.argmax(axis=2)
    first = sum(np.where(owner == place, nearest, 0.0).max(axis=0) for place in range(goals.shape[1]))
    parts = FURTHER_PART * nearest.sum(axis=0) + (1 - FURTHER_PART) * first
    return np.asarray(parts + values[-1][goals].max(axis=1) - PER_SERVICE * goals.shape[1], dtype=np.float32)


def _wired(
    bench: Workbench, found: Sequence[Found], reach: Mapping[str, frozenset[str]], needed: frozenset[str]
) -> Ranking:
    """Goes down the sets until no later one can be as well meant as the best that can be carried out."""
    wired: dict[frozenset[str], Wired] = {}
    short: list[Short] = []
    tried = 0
    for worth, goals in found:
        best = max((each.worth for each in wired.values()), default=-np.inf)
        if tried == _MAX_WIRED or worth < best - MARGIN:
            break
        left = needed.difference(*(reach[goal] for goal in goals))
        tried += not left
        result = Short(worth, goals, left=left) if left else wire(bench, goals, needed, worth=worth)
        if isinstance(result, Short):
            short.append(result)
        elif result.services not in wired or wired[result.services].worth < result.worth:
            wired[result.services] = result
    ordered = sorted(wired.values(), key=attrgetter("worth"), reverse=True)
    return Ranking(tuple(_with_helpers(bench, each) for each in ordered), tuple(short))


def _with_helpers(bench: Workbench, found: Wired) -> Wired:
    """What would be added anyway is a helper, although the search took it for a goal."""
    goals = found.goals
    for goal in found.goals:
        fewer = tuple(each for each in goals if each != goal)
        if fewer and bench.may_help(goal) and set(assemble(bench, fewer).services) == found.services:
            goals = fewer
    return replace(found, goals=goals)


def wire(bench: Workbench, goals: tuple[str, ...], needed: frozenset[str], *, worth: float = 0.0) -> Wired | Short:
    """``worth`` is that of the goals; each helper takes something off it."""
    assembly = assemble(bench, goals)
    if assembly.missing:
        return Short(worth, goals, missing=assembly.missing)
    if needed - assembly.consumed:
        return Short(worth, goals, left=needed - assembly.consumed)
    return Wired(worth - PER_HELPER * (len(assembly.services) - len(goals)), goals, assembly)
