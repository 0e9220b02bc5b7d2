"""Orders that are not written as such: "order 17 should be cancelled", "I want order 17 cancelled", "cancelling
order 17, please". They are read as "cancel order 17"."""

from __future__ import annotations

from collections.abc import Sequence

from cache.language.effects import EFFECT_OF
from cache.language.forms import base_form, words_of
from cache.language.grammar import ARTICLES, FUNCTION_WORDS, NEGATIONS
from cache.language.qualifiers import PLAIN_THINGS, SHOWING_WORDS
from cache.language.verbs import VERBS

# How many words and slots the thing may have that something is to be done with.
MOST_OF_A_THING = 8
_VERBS = EFFECT_OF.keys() | VERBS
_SAME_AS_VERB = words_of("shut put cut set read split cast hit let quit spread")
_ASKING_FOR = words_of("can could would may")
_IN_A_THING = ARTICLES | words_of("of for in with on at from to by your his her their")
_SPEAKERS = words_of("i we")
_WISHES = words_of("want need like wish prefer")
_OBLIGING = frozenset({("should", "be"), ("must", "be"), ("shall", "be")}) | {
    (verb, "to", "be") for verb in ("needs", "need", "has", "have", "ought", "is", "are")
}
_BEFORE = words_of("please kindly hi hello hey so well now also , ! .")
_NO_ORDERS = PLAIN_THINGS | words_of("using regarding concerning including following considering during according")
_FINITE = words_of(
    "how what which when where who why "
    "is are was were be am will would can could should has have had does do did may might must"
)


def find_order(plain: Sequence[str]) -> tuple[str, tuple[int, ...]] | None:
    """The verb of the order that a text gives in another form, and the positions of the words that go; ``None``
    when it gives none. A slot is an empty word."""
    start = next((at for at, word in enumerate(plain) if word not in _BEFORE), len(plain))
    first = plain[start] if start < len(plain) else ""
    if first in _SPEAKERS:
        return _wished(plain, start)
    if first in ("have", "get"):
        return _participle(plain, start, start + 1)
    if first in _ASKING_FOR:
        return _asked_for(plain, start)
    is_name = plain[start + 2 : start + 3] == ("of",)  # "boiling point of"
    if first.endswith("ing") and not is_name and first not in _NO_ORDERS and _FINITE.isdisjoint(plain[start:]):
        verb = base_form(first, _VERBS)
        return (verb, (start,)) if verb is not None and verb != first else None
    if first in EFFECT_OF or first in SHOWING_WORDS:
        return None
    return _obliged(plain, start)


def _wished(plain: Sequence[str], start: int) -> tuple[str, tuple[int, ...]] | None:
    """ "I want order 17 cancelled" """
    at = start + (2 if tuple(plain[start + 1 : start + 2]) == ("would",) else 1)
    return _participle(plain, start, at + 1) if at < len(plain) and plain[at] in _WISHES else None


def _asked_for(plain: Sequence[str], start: int) -> tuple[str, tuple[int, ...]] | None:
    """ "can order 17 be cancelled" """
    for at in range(start + 1, min(start + 1 + MOST_OF_A_THING, len(plain) - 1)):
        if plain[at] == "be" and at > start + 1:
            verb = _verb_of(plain[at + 1])
            return None if verb is None else (verb, (start, at, at + 1))
        if not _may_be_of_a_thing(plain[at]):
            return None
    return None


def _participle(plain: Sequence[str], start: int, thing: int) -> tuple[str, tuple[int, ...]] | None:
    """A thing at ``thing`` and what is to be done with it right behind; from ``start`` to the thing words go."""
    for at in range(thing, min(thing + MOST_OF_A_THING, len(plain))):
        verb = _verb_of(plain[at]) if at > thing and plain[at - 1] not in _IN_A_THING else None
        if verb is not None:
            return verb, (*range(start, thing), at)
        if not _may_be_of_a_thing(plain[at]):
            return None
    return None


def _obliged(plain: Sequence[str], start: int) -> tuple[str, tuple[int, ...]] | None:
    """ "order 17 should be cancelled" """
    for at in range(start, min(start + MOST_OF_A_THING, len(plain))):
        for size in (2, 3):
            if at > start and tuple(plain[at : at + size]) in _OBLIGING and at + size < len(plain):
                verb = _verb_of(plain[at + size])
                return None if verb is None else (verb, tuple(range(at, at + size + 1)))
        if not _may_be_of_a_thing(plain[at]):
            return None
    return None


def _may_be_of_a_thing(word: str) -> bool:
    return word == "" or word in _IN_A_THING or (word.isalnum() and word not in FUNCTION_WORDS | NEGATIONS)


def _verb_of(participle: str) -> str | None:
    verb = base_form(participle, _VERBS)
    is_participle = participle.endswith("ed") or participle != verb or participle in _SAME_AS_VERB
    return verb if is_participle and not participle.endswith(("s", "ing")) else None
