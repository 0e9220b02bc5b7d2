"""Which services could do something with the params that are given, and the words that tell them apart.

Fields and inputs are compared by what they name (``orderId`` and ``order_number`` are one). Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from cache.plans.renaming import plain_name

Names = frozenset[str]

# So many kinds of services by what they take of the same params are not compared: then all their words tell.
MOST_KINDS = 64


@dataclass(frozen=True)
class Taker:
    """A service as far as its fields go: their plain names, and the words that it is known by.

    ``groups``: of each at least one set of inputs must be given. ``takes_any``: inputs of other names too."""

    name: str
    inputs: Names
    required: Names
    outputs: Names
    words: Names
    groups: tuple[tuple[Names, ...], ...] = ()
    takes_any: bool = False

    def is_ready(self, known: Names | set[str]) -> bool:
        """Whether what it cannot do without is among ``known``."""
        return self.required <= known and all(any(names <= known for names in group) for group in self.groups)


def plain_names(fields: Iterable[str]) -> Names:
    return frozenset(plain_name(field) or field for field in fields)


def able(takers: Sequence[Taker], given: Names) -> tuple[Taker, ...]:
    """Those whose required inputs are among ``given``, or among what services that are able give."""
    known = set(given)
    found: list[Taker] = []
    left = list(takers)
    while ready := [taker for taker in left if taker.is_ready(known)]:
        found += ready
        left = [taker for taker in left if not taker.is_ready(known)]
        known.update(*(taker.outputs for taker in ready))
    return tuple(found)


def can_take(takers: Mapping[str, Taker], services: Collection[str], given: Names) -> bool:
    """Whether all these services are there and can be called with the ``given`` params and what they give one
    another, each param being taken by one of them."""
    own = [takers[name] for name in set(services) if name in takers]
    taken = any(taker.takes_any for taker in own) or given <= frozenset().union(*(taker.inputs for taker in own))
    if len(own) < len(set(services)) or not taken:
        return False
    return len(able(own, given)) == len(own)


def rivals(takers: Mapping[str, Taker], services: Collection[str], given: Names) -> Names:
    """Which services could be called with the ``given`` params instead of these: those that take all of them, and
    where several take them together, those that take any. One that takes inputs of any name takes the params that
    no other service has an input for."""
    if len(set(services)) < 2:
        unnamed = given.difference(*(each.inputs for each in takers.values()))
        return frozenset(
            each.name
            for each in takers.values()
            if each.is_ready(given) and given <= each.inputs | (unnamed if each.takes_any else frozenset())
        )
    ready = able(tuple(takers.values()), given)
    return frozenset(each.name for each in ready if each.inputs & given or each.name in services)


def discriminating_terms(takers: Sequence[Taker], given: Names) -> Names:
    """The words by which services are told apart that are able, and of which one takes of the ``given`` what the
    other takes: a value of such words may name the service, as in ``{"kind": "hotel", "city": "Lima"}``."""
    said: defaultdict[Names, list[Names]] = defaultdict(list)
    for taker in able(takers, given):
        said[given & taker.inputs].append(taker.words)
    if len(said) > MOST_KINDS:
        return frozenset().union(*(words for group in said.values() for words in group))
    some = {taken: frozenset().union(*words) for taken, words in said.items()}
    all_say = {taken: frozenset.intersection(*words) for taken, words in said.items()}
    alike = ((one, other) for one in said for other in said if one <= other)
    return frozenset().union(
        *((some[one] | some[other]) - (all_say[one] & all_say[other]) for one, other in alike)
    )
