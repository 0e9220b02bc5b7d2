"""Words as they were meant that somebody typed in haste."""

from __future__ import annotations

from collections.abc import Iterator
from string import ascii_lowercase

from cache.language.phrases import SAID_IN_PHRASES
from cache.language.spelling import MISSPELLINGS, is_slip
from cache.language.synonyms import KNOWN, is_known
from orra.base.remembering import remembered

# Shorter words are too often others that are a letter away.
LEAST_MENDED = 4
# Nobody mistypes one this long by one letter, and looking for what is near takes the square of the length.
MOST_MENDED = 24
LEAST_WITH_OTHER_VOWEL = 6
VOWELS = "aeiou"


@remembered(16384, longest=MOST_MENDED)
def mend(word: str) -> str:
    """The word that ``word`` is a slip of: a frequent one, or the only known one with two letters swapped, one
    doubled, left out or added inside. ``word`` itself when it is known, or may be several or none."""
    frequent = MISSPELLINGS.get(word)
    if frequent is not None:
        return frequent
    if not LEAST_MENDED <= len(word) <= MOST_MENDED or not (word.isascii() and word.isalpha()) or _is_word(word):
        return word
    meant = {near for near in _neighbours(word) if _in_lists(near) and is_slip(word, near, known=_is_word)}
    if not meant and len(word) >= LEAST_WITH_OTHER_VOWEL:
        meant = {near for near in _with_other_vowel(word) if _in_lists(near)}
    return meant.pop() if len(meant) == 1 else word


def _is_word(word: str) -> bool:
    return word in SAID_IN_PHRASES or is_known(word)


def _in_lists(word: str) -> bool:
    return word in SAID_IN_PHRASES or word in KNOWN


def _with_other_vowel(word: str) -> Iterator[str]:
    """ "maintenence", "divice" """
    for at in range(1, len(word) - 1):
        if word[at] in VOWELS:
            yield from (word[:at] + vowel + word[at + 1 :] for vowel in VOWELS if vowel != word[at])


def _neighbours(word: str) -> Iterator[str]:
    for at in range(1, len(word)):
        head, tail = word[:at], word[at:]
        yield head[:-1] + tail[0] + head[-1] + tail[1:]
        yield head + tail[1:]
        yield from (head + letter + tail for letter in ascii_lowercase)
    yield word + word[-1]
