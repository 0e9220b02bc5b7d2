"""Two texts under comparison, and how what they say is listed for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from cache.contest import Contest
from cache.language.effects import HARMLESS_EFFECTS
from cache.moods import ASKING, mood_of
from cache.readings import Reading
from cache.substance import Item, Pairing, items_of, pair_items

# As many params in both texts frame most of their other words.
PARAMS_IN_FRAME = 2


@dataclass(frozen=True)
class Case:
    asked: Reading
    cached: Reading
    text_constants: Sequence[str]
    contest: Contest

    @property
    def contested(self) -> bool:
        return self.contest is Contest.CONTESTED

    @property
    def settled(self) -> bool:
        return self.contest is Contest.SETTLED

    @cached_property
    def items(self) -> tuple[tuple[Item, ...], tuple[Item, ...]]:
        return items_of(self.asked, every=self.contested), items_of(self.cached, every=self.contested)

    @cached_property
    def pairing(self) -> Pairing:
        return pair_items(*self.items)

    @cached_property
    def moods(self) -> tuple[str, str]:
        return mood_of(self.asked), mood_of(self.cached)

    @cached_property
    def is_framed(self) -> bool:
        """Whether both texts hold the same params, so many that most other words only frame them, and little can
        be done wrong."""
        params = self.asked.params
        if self.contested:
            return False
        effects = self.asked.effects | self.cached.effects
        return params == self.cached.params and len(params) >= PARAMS_IN_FRAME and effects <= HARMLESS_EFFECTS

    @cached_property
    def is_question(self) -> bool:
        """Whether both texts ask about something, or one does and the other is but words to look for."""
        asked, cached = self.asked, self.cached
        if self.contested:
            return self.moods == (ASKING, ASKING)
        return (
            (asked.asks or asked.is_bare) and (cached.asks or cached.is_bare) and not asked.params | cached.params
        )


def counted(found: Counter[str]) -> str:
    return (
        ", ".join(name if count == 1 else f"{count} × {name}" for name, count in sorted(found.items())) or "none"
    )


def listed(found: frozenset[str]) -> str:
    return ", ".join(sorted(found)) or "none known"


def one_of(words: set[str] | frozenset[str]) -> str:
    return min(words)
