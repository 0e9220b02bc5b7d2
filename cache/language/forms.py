"""Forms of English words: plurals, tenses and the like."""

from __future__ import annotations

from collections.abc import Collection

from orra.remembering import remembered

# What is longer is no English word, and not kept in memory.
LONGEST_WORD = 40


def words_of(text: str) -> frozenset[str]:
    return frozenset(text.split())


def base_form(word: str, vocabulary: Collection[str]) -> str | None:
    """The entry of ``vocabulary`` that ``word`` is a form of: itself, or without -s, -ed, -ing and the like."""
    return next((stem for stem in stems(word) if stem in vocabulary), None)


@remembered(8192, longest=LONGEST_WORD)
def stems(word: str) -> tuple[str, ...]:
    """What ``word`` may be a form of, itself first. Two words that share one are taken for forms of one word."""
    found = [word]
    if len(word) <= 3 or len(word) > LONGEST_WORD:
        return tuple(found)
    if word.endswith("ies"):
        found.append(word[:-3] + "y")
    elif word.endswith("es"):
        found += (word[:-1], word[:-2])
    elif word.endswith("s") and not word.endswith("ss"):
        found.append(word[:-1])
    for ending in ("ied", "ed", "ing", "ation", "al", "ment"):
        if word.endswith(ending) and len(word) - len(ending) >= 2:
            stem = word.removesuffix(ending)
            found += (stem + "y",) if ending == "ied" else (stem, stem + "e")
            if len(stem) > 2 and stem[-1] == stem[-2]:
                found.append(stem[:-1])
    return tuple(found)
