"""Short closed lists of words by language, as data: which turn what is asked, and which say nothing.

Everything else about words is learned from examples, so a language without a list works too: it merely has more
words to see first.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class WordList:
    """``turning`` words turn what is asked (negation, question, condition, repetition, taking back) and are never
    neutral. ``neutral`` ones carry no instruction whatever stands beside them. ``beside``: directly before a value
    they decide its role. ``phrases`` are neutral as a whole, ``sequence`` ones order steps; both as words."""

    language: str
    turning: frozenset[str]
    neutral: frozenset[str]
    beside: frozenset[str]
    phrases: tuple[tuple[str, ...], ...]
    sequence: tuple[tuple[str, ...], ...]

    @cached_property
    def known(self) -> frozenset[str]:
        return self.turning | self.neutral | self.beside

    @cached_property
    def phrases_by_first(self) -> dict[str, tuple[tuple[str, ...], ...]]:
        """The phrases by their first word, the longest first."""
        firsts = dict.fromkeys(phrase[0] for phrase in self.phrases)
        return {first: tuple(each for each in self.phrases if each[0] == first) for first in firsts}


@cache
def word_lists() -> tuple[WordList, ...]:
    """Every list there is, in the order of their languages' codes."""
    return tuple(_read(path) for path in sorted(FOLDER.glob("*.toml")))


@cache
def function_words() -> frozenset[str]:
    """The words of every list that say nothing of what a request is about, in any language."""
    return frozenset().union(*(each.known for each in word_lists()))


@cache
def turning_words() -> frozenset[str]:
    return frozenset().union(*(each.turning for each in word_lists()))


def list_for(words: Iterable[str]) -> WordList:
    """The list that knows most of these words, with the turning words of the other languages that it does not call
    neutral: a request may mix languages, and what turns a meaning in any of them is never neutral."""
    return _list_for(frozenset(word.casefold() for word in words))


def _list_for(words: frozenset[str]) -> WordList:
    lists = word_lists()
    best = max(lists, key=lambda each: (len(words & each.known), each.language == "en"))
    return _with_others(best.language)


@cache
def _with_others(language: str) -> WordList:
    own = next(each for each in word_lists() if each.language == language)
    others = frozenset().union(*(each.turning for each in word_lists()))
    return WordList(
        language,
        turning=own.turning | (others - own.neutral - own.beside),
        neutral=own.neutral,
        beside=own.beside,
        phrases=own.phrases,
        sequence=own.sequence,
    )


def _read(path: Path) -> WordList:
    with path.open("rb") as file:
        data = tomllib.load(file)
    words = {name: frozenset(data[name].split()) for name in ("turning", "neutral", "beside")}
    return WordList(
        language=path.stem,
        phrases=_phrases(data["phrases"]),
        sequence=_phrases(data["sequence"]),
        **words,
    )


def _phrases(texts: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """The longest first, so that it is tried first."""
    return tuple(sorted((tuple(text.split()) for text in texts), key=len, reverse=True))
