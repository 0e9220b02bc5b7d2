"""Which services could do something with the params that are given: where there are several, only the wording of a
request tells them apart, and where there is one, wording tells little.

Fields and inputs are compared by what they name (``orderId`` and ``order_number`` are one).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from cache.contest import Contest
from cache.plans.renaming import plain_name

Names = frozenset[str]

# So many kinds of services by what they take of the same params are not compared: then all their words tell.
MOST_KINDS = 64


@dataclass(frozen=True)
class Taker:
    """A service as far as a contest goes: its fields' plain names, and the words that it is known by."""

    name: str
    inputs: Names
    required: Names
    outputs: Names
    words: Names


def plain_names(fields: Iterable[str]) -> Names:
    return frozenset(plain_name(field) or field for field in fields)


def able(takers: Sequence[Taker], given: Names) -> tuple[Taker, ...]:
    """Those whose required inputs are among ``given``, or among what services that are able give."""
    known = set(given)
    found: list[Taker] = []
    left = list(takers)
    while ready := [taker for taker in left if taker.required <= known]:
        found += ready
        left = [taker for taker in left if not taker.required <= known]
        known.update(*(taker.outputs for taker in ready))
    return tuple(found)


def contest_of(takers: Sequence[Taker], given: Names, used: Collection[str]) -> Contest:
    """What else than the plan that uses these services could be made of the ``given`` params."""
    if _is_contested(takers, given, used):
        return Contest.CONTESTED
    own = [taker for taker in takers if taker.name in used]
    return Contest.SETTLED if given and [taker.inputs for taker in own] == [given] else Contest.OPEN


def _is_contested(takers: Sequence[Taker], given: Names, used: Collection[str]) -> bool:
    """Whether another plan could be made of the same params: a service that the plan does not use is able, and
    takes those of the ``given`` that one of its own takes, or goes on with what one of its own gives. A plan whose
    services are not able by name was wired in ways that names do not tell: then any other may be too."""
    ready = {taker.name: taker for taker in able(takers, given)}
    if not ready.keys() >= set(used):
        return any(taker.name not in used for taker in takers)
    own = [ready[name] for name in used]
    others = [taker for name, taker in ready.items() if name not in used]
    given_on = frozenset().union(*(taker.outputs for taker in own))
    return any(
        other.inputs & given_on or any(given & taker.inputs <= other.inputs for taker in own) for other in others
    )


def telling_words(takers: Sequence[Taker], given: Names) -> Names:
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
