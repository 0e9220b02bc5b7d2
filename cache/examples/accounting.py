"""Whether every word of a request is accounted for, before something is done that cannot be taken back.

A word is accounted for when it stands in an example that led to the same plan, or in the service's own words, or
is neutral: by observation (it stands in examples of several other plans) or by a short closed list. A word that
turns what is asked (a negation, a question, a condition) is accounted for by an example only. What is not
accounted for is told, for it says how to make the next request work.

Everything here is about words as :mod:`cache.examples.wording` gives them, so it works alike in any language; the
lists (:mod:`cache.examples.languages`) only save a new project some refusals.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from cache.examples.wording import is_free_literal, is_slot
from cache.languages import WordList, function_words, list_for

Words = Sequence[str]
QUESTION_MARKS = frozenset("?¿")


@dataclass(frozen=True)
class Known:
    """What may account for a request's words: ``examples`` that led to the plan (their words, nearest first), and
    the words by which its services and their inputs are ``described``: casefolded, and those in capitals also as
    they are written, see :func:`as_described`."""

    examples: tuple[Words, ...] = ()
    described: frozenset[str] = frozenset()

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(word for example in self.examples for word in example)

    @cached_property
    def in_any_case(self) -> Mapping[str, frozenset[str]]:
        """Their words, by what they are without regard to case."""
        found: dict[str, set[str]] = {}
        for word in self.words:
            found.setdefault(word.casefold(), set()).add(word)
        return {folded: frozenset(written) for folded, written in found.items()}

    @cached_property
    def signs(self) -> frozenset[tuple[str, int]]:
        """Their signs with how often one has each: ``=`` is not ``==``."""
        return frozenset(
            (word, count)
            for example in self.examples
            for word, count in Counter(example).items()
            if _is_sign(word)
        )

    @cached_property
    def beside(self) -> frozenset[tuple[str, str]]:
        """Words with the slots that they stand directly before."""
        return frozenset(pair for example in self.examples for pair in _before_slots(example))


@dataclass(frozen=True)
class Account:
    """``unknown`` words of the request that nothing accounts for, in their order; ``turning`` are those of them
    that no observation can make neutral. ``missing`` words stand in every example and not in the request.
    ``reordered``: the request says the words of its nearest example in another order."""

    unknown: tuple[str, ...] = ()
    turning: frozenset[str] = frozenset()
    missing: tuple[str, ...] = ()
    reordered: bool = False

    @property
    def settled(self) -> bool:
        return not self.unknown and not self.missing and not self.reordered

    @property
    def turned(self) -> bool:
        """Whether something is not accounted for that nothing but an example can account for."""
        return not self.turning.isdisjoint((*self.unknown, *self.missing))

    def given(self, *, known: Collection[str], neutral: Collection[str]) -> Account:
        """The same, with some words ``known`` from other examples of the plan, and some found ``neutral``."""
        return Account(
            tuple(each for each in self.unknown if each not in known and not self._neutral(each, neutral)),
            self.turning,
            tuple(each for each in self.missing if not self._neutral(each, neutral)),
            self.reordered,
        )

    def _neutral(self, word: str, neutral: Collection[str]) -> bool:
        return word in neutral and word not in self.turning

    @property
    def told(self) -> tuple[str, ...]:
        """What is not accounted for, each in a few words for people."""
        missing = tuple(f"no '{word}'" for word in self.missing)
        return (*(f"'{word}'" for word in self.unknown), *missing, *(["the order of the words"] * self.reordered))


def as_described(words: Words) -> frozenset[str]:
    """The words of a description as :class:`Known` has them. Where only some are in capitals, these are also as
    they are written: who ships to the US does not ship to us."""
    some = any(map(str.islower, words))
    return frozenset(map(str.casefold, words)) | {word for word in words if some and word.isupper()}


def account(words: Words, known: Known) -> Account:
    """What of a request's words is not accounted for by what is ``known`` of a plan."""
    lists = list_for(word for word in words if not is_slot(word))
    passed = _in_phrases(words, lists)
    times = Counter(words)
    unknown: list[str] = []
    turning: set[str] = set()
    for at, word in enumerate(words):
        following = words[at + 1] if at + 1 < len(words) else ""
        fault = "" if at in passed else _fault(word, following, words, known, lists)
        if not fault and at not in passed and word in known.words and _is_sign(word):
            count = times[word]
            fault = "" if (word, count) in known.signs else f"{count} × {word}"
        if fault:
            unknown.append(fault)
            if fault != word or _turns(word, words, known, lists):
                turning.add(fault)
    missing = _missing(words, known, lists)
    turning.update(word for word in missing if word.casefold() in lists.turning)
    return Account(tuple(dict.fromkeys(unknown)), frozenset(turning), missing, _reordered(words, known, lists))


def may_mean_values(
    words: Words, *, described: Collection[str], common: Collection[str], literals: bool = False
) -> tuple[str, ...]:
    """The words of a request that may mean a value which it does not say: all but the services' own
    (``described``), those ``common`` to many examples and those that say nothing, in their order. ``literals``:
    whether a literal of the text may, too."""
    lists = list_for(word for word in words if not is_slot(word))
    passed = _in_phrases(words, lists)
    silent = lists.neutral | lists.beside
    found = (
        word
        for at, word in enumerate(words)
        if at not in passed
        and word not in common
        and (
            literals and is_free_literal(word)
            if is_slot(word)
            else not _is_punctuation(word) and word.casefold() not in silent and word.casefold() not in described
        )
    )
    return tuple(dict.fromkeys(found))


def _fault(word: str, following: str, words: Words, known: Known, lists: WordList) -> str:
    """Why this word is not accounted for: itself, or with the value before which it stands; empty when it is."""
    folded = word.casefold()
    if is_slot(word):
        return word if is_free_literal(word) and word not in known.words else ""
    if is_slot(following) and folded in lists.beside and not _placed(word, following, known, lists):
        return f"{word} {following}"
    if word in known.words:
        return ""
    if _is_another_in_capitals(word, words, known):
        return word
    if folded in lists.turning or (folded in lists.beside and not following):
        return word  # the last word is a particle: "switch it on"
    return "" if folded in known.described or _is_silent(word, lists) else word


def _turns(word: str, words: Words, known: Known, lists: WordList) -> bool:
    return is_slot(word) or word.casefold() in lists.turning or _is_another_in_capitals(word, words, known)


def _is_silent(word: str, lists: WordList) -> bool:
    """Whether it is one of the neutral words. In capitals it is another: "to US" is not "to us"."""
    return word.casefold() in lists.neutral and (word == "I" or not word.isupper())


def _is_another_in_capitals(word: str, words: Words, known: Known) -> bool:
    """Whether examples have the word in another case, and one of the two is in capitals: "US" is not "us", "-D" is
    not "-d". Descriptions tell that of words that say nothing in small letters: "IT" is not "it"."""
    if word in ("I", "i"):
        return False
    if others := known.in_any_case.get(word.casefold(), frozenset()):
        return any(each.isupper() for each in (word, *others))
    if word.casefold() not in function_words():
        return False
    if word.isupper():
        return word not in known.described
    return word.upper() in known.described and word.upper() not in words


def _is_sign(word: str) -> bool:
    return bool(word) and not any(map(str.isalnum, word))


def _is_punctuation(word: str) -> bool:
    return all(unicodedata.category(sign)[0] == "P" for sign in word)


def _placed(word: str, slot: str, known: Known, lists: WordList) -> bool:
    """Whether the role that ``word`` gives the value behind it is one that is known: an example has it so; or no
    example has that value behind such a word, and its own name does not say another."""
    if (word, slot) in known.beside:
        return True
    if any(name == slot and each.casefold() in lists.beside for each, name in known.beside):
        return False
    named = frozenset(slot.strip("{}").casefold().replace(".", "_").split("_")) & lists.beside
    return not named or word.casefold() in named


def _missing(words: Words, known: Known, lists: WordList) -> tuple[str, ...]:
    """What every example says and the request does not: "delete all" is not "delete all expired"."""
    if not known.examples:
        return ()
    nearest = known.examples[0]
    shared = frozenset(nearest).intersection(*known.examples[1:]).difference(words)
    passed = _in_phrases(nearest, lists)
    said = dict.fromkeys(word for at, word in enumerate(nearest) if at not in passed)
    return tuple(word for word in said if word in shared and not is_slot(word) and not _is_silent(word, lists))


def _reordered(words: Words, known: Known, lists: WordList) -> bool:
    """Whether the request says just what its nearest example says, in another order: "Rust to Go" is not "Go to
    Rust"; or has its values in another order, without words before them that tell their roles."""
    if not known.examples:
        return False
    nearest = known.examples[0]
    for roles in (False, True):
        asked, said = (_telling(each, lists, roles=roles) for each in (words, nearest))
        if asked != said and sorted(asked) == sorted(said):
            return True
    return _exchanged(words, nearest, known, lists)


def _telling(words: Words, lists: WordList, *, roles: bool) -> list[str]:
    """The words that are not neutral; with ``roles`` also those that give one to what is behind them, unless that
    is a value, which is judged with them."""
    found = []
    for word, following in zip(words, (*words[1:], ""), strict=False):
        is_role = roles and word.casefold() in lists.beside
        if not is_slot(word) and not (is_slot(following) if is_role else _is_silent(word, lists)):
            found.append(word)
    return found


def _exchanged(words: Words, nearest: Words, known: Known, lists: WordList) -> bool:
    """Whether values stand in another order and not each behind a word that is known to tell its role: "Let {b}
    interview {a}" is not "Let {a} interview {b}", while "to {b} from {a}" is "from {a} to {b}"."""
    both = {word for word in words if is_slot(word)}.intersection(nearest)
    if [word for word in words if word in both] == [word for word in nearest if word in both]:
        return False
    placed = {
        slot
        for before, slot in _before_slots(words)
        if before.casefold() in lists.beside and (before, slot) in known.beside
    }
    return not both <= placed


def _in_phrases(words: Words, lists: WordList) -> frozenset[int]:
    """The positions of words that belong to a neutral phrase, as in "could you …?", which asks nothing."""
    folded = [word.casefold() for word in words]
    passed: set[int] = set()
    for at in range(len(folded)):
        for phrase in lists.phrases_by_first.get(folded[at], ()):
            if at not in passed and tuple(folded[at : at + len(phrase)]) == phrase:
                passed.update(range(at, at + len(phrase)))
                break
    if passed:
        passed.update(at for at, word in enumerate(words) if word in QUESTION_MARKS)
    return frozenset(passed)


def _before_slots(words: Words) -> Iterable[tuple[str, str]]:
    return (
        (word, following)
        for word, following in zip(words, words[1:], strict=False)
        if is_slot(following) and not is_slot(word)
    )
