"""Which services do what a grounding names: a capability, or a service by its name. Pure.

What a service declares, or is called, beats what is similar. Only a capability that nobody declares is looked for
by meaning, and then one service must be the nearest by some way: what a plan must do is not left to a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from orra.base.text import fold
from planengine.catalogue.field_names import words_of
from planengine.catalogue.specs import Catalogue, ServiceSpec
from planengine.grounding.specs import Grounded, RuleKind

DECLARED, MEANING = "declared", "meaning"

# A service less similar does it not; nor one to which another is as near. Measured on catalogues of ten domains
# (``make bench ARGS=groundings``): chosen on the one half, where 22 of 40 capabilities are found, no service is
# taken for another, and of 40 that no service has 4 are taken for one's; on the other half 22, 1 and 4.
FLOOR = 0.50
GAP = 0.05
MOST_CLOSEST = 3

# Of texts (rows) to services (columns), as near as the packaged embedding model would have them.
Nearness = Callable[[Sequence[str], Sequence[ServiceSpec]], NDArray[np.float32]]


@dataclass(frozen=True)
class Doer:
    """``similarity`` of what is asked for to the service's name and description; ``None`` where that was not
    looked at."""

    service: str
    similarity: float | None = None


@dataclass(frozen=True)
class Done:
    """``by``: :data:`DECLARED`, :data:`MEANING`, or empty where nobody does it for all that is known. ``doers``
    do it, any of several that declare it; ``likely`` may do it, where meaning names more than one. ``closest``:
    what is nearest in meaning, where nobody declares it."""

    capability: str
    by: str = ""
    doers: tuple[Doer, ...] = ()
    likely: tuple[Doer, ...] = ()
    closest: tuple[Doer, ...] = ()

    @property
    def services(self) -> frozenset[str]:
        """Those that count where it must be done."""
        return frozenset(doer.service for doer in self.doers)

    @property
    def suspects(self) -> frozenset[str]:
        """Those that count where it must not be done, or not so."""
        return self.services.union(doer.service for doer in self.likely)


@dataclass(frozen=True)
class Coverage:
    """By what a grounding names, as names are compared. ``complete`` is ``False`` where meaning was not asked,
    so that what is not covered may be so all the same."""

    by_name: Mapping[str, Done] = field(default_factory=dict)
    complete: bool = True

    def of(self, capability: str) -> Done:
        return self.by_name.get(fold(capability), Done(capability))


def cover(capabilities: Iterable[str], catalogue: Catalogue, nearness: Nearness | None) -> Coverage:
    """Who does each of the ``capabilities``. ``nearness`` is asked for what nobody declares, and raises what it
    raises; without it only what is declared is known."""
    wanted = list({fold(each): each for each in capabilities}.values())
    declared = _declared(catalogue)
    found = {
        fold(each): Done(each, DECLARED, tuple(Doer(name) for name in declared[fold(each)]))
        for each in wanted
        if fold(each) in declared
    }
    left = [each for each in wanted if fold(each) not in found]
    services = list(catalogue)
    if left and services and nearness is not None:
        near = nearness(left, services)
        speaks = _speaks_for(near, services, {name for done in found.values() for name in done.services})
        for each, row, able in zip(left, near, speaks, strict=True):
            found[fold(each)] = _by_meaning(each, services, row, able)
    return Coverage(found, complete=not left or not services or nearness is not None)


def named_in(grounded: Grounded) -> list[str]:
    """Every capability, or service, that a use case and its grounding's rules name."""
    use_case = grounded.use_case
    ruled = [
        name
        for rule in grounded.spec.rules
        for name in (rule.first, *([rule.then] if rule.kind in (RuleKind.REQUIRES, RuleKind.NEVER) else []))
    ]
    return list(dict.fromkeys([*use_case.capabilities, *use_case.order, *use_case.forbidden, *ruled]))


def _declared(catalogue: Catalogue) -> Mapping[str, Sequence[str]]:
    found: dict[str, dict[str, None]] = {}
    for spec in catalogue:
        for text in (spec.name, " ".join(words_of(spec.name)), *spec.capabilities):
            found.setdefault(fold(text), {})[spec.name] = None
    return {text: tuple(names) for text, names in found.items() if text}


def _speaks_for(
    near: NDArray[np.float32], services: Sequence[ServiceSpec], declaring: Collection[str]
) -> NDArray[np.bool_]:
    """Which capabilities (rows) a service (columns) may be taken to do by meaning: those that it is nearest to,
    for what refunds an order does not check whether it may be refunded; none if it is ``declaring`` another."""
    silent = np.array([spec.name not in declaring for spec in services])
    return np.asarray((near > near.max(axis=0) - GAP) & silent, dtype=np.bool_)


def _by_meaning(
    capability: str, services: Sequence[ServiceSpec], row: NDArray[np.float32], able: NDArray[np.bool_]
) -> Done:
    """What is near and not ``able`` is no doer, and still suspected."""
    order = np.argsort(-row, kind="stable")[: MOST_CLOSEST + 1]
    nearest = [Doer(services[place].name, round(float(row[place]), 4)) for place in order.tolist()]
    best = float(row[order[0]])
    near = tuple(
        Doer(services[place].name, round(float(row[place]), 4))
        for place in np.flatnonzero(row > best - GAP).tolist()
        if best >= FLOOR
    )
    alone = len(near) == 1 and bool(able[order[0]])
    return Done(
        capability,
        MEANING if alone else "",
        doers=near if alone else (),
        likely=() if alone else near,
        closest=tuple(nearest[:MOST_CLOSEST]),
    )
