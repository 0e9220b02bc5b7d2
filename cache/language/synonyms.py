"""English words that stand for one another."""

from __future__ import annotations

import functools
from collections import defaultdict

from cache.language.actions import ACTIONS
from cache.language.derivations import DERIVATIONS
from cache.language.forms import stems
from cache.language.quantities import UNITS
from cache.language.spelling import is_slip, standard_spelling
from cache.language.things import THINGS


def _synonyms() -> dict[str, frozenset[int]]:
    found: defaultdict[str, set[int]] = defaultdict(set)
    for number, group in enumerate(f"{ACTIONS}\n{THINGS}\n{DERIVATIONS}".splitlines()):
        for word in group.split():
            found[word].add(number)
    return {word: frozenset(numbers) for word, numbers in found.items()}


_SYNONYMS = _synonyms()


@functools.lru_cache(maxsize=16384)
def say_the_same(one: str, other: str) -> bool:
    """Whether two words are forms, spellings or slips of one word, or of one meaning."""
    if one == other or (one in UNITS and UNITS[one] == UNITS.get(other)):
        return True
    forms, others = _forms(one), _forms(other)
    if not forms.isdisjoint(others):
        return True
    if any(_groups_of(form) & _groups_of(variant) for form in forms for variant in others):
        return True
    return standard_spelling(one) == standard_spelling(other) or is_slip(one, other)


@functools.lru_cache(maxsize=8192)
def _forms(word: str) -> frozenset[str]:
    """What the word may be a form of, two endings deep: "reservations" of "reserve"."""
    return frozenset(form for stem in stems(word) for form in stems(stem))


def _groups_of(word: str) -> frozenset[int]:
    return _SYNONYMS.get(word, frozenset()) | _SYNONYMS.get(standard_spelling(word), frozenset())
