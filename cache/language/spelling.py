"""Spellings and slips of one word."""

from __future__ import annotations

import functools

from cache.language.forms import words_of

# Words of these that differ in spelling only.
_SPELLINGS = (
    ("isation", "ization"),
    ("ising", "izing"),
    ("ised", "ized"),
    ("iser", "izer"),
    ("ises", "izes"),
    ("ise", "ize"),
    ("yse", "yze"),
    ("our", "or"),
    ("ogue", "og"),
    ("tre", "ter"),
    ("ence", "ense"),
    ("lled", "led"),
    ("lling", "ling"),
    ("grey", "gray"),
    ("cheque", "check"),
    ("programme", "program"),
)
# Pairs of words that look like slips of one another.
_confusable = frozenset(
    frozenset(pair.split("/"))
    for pair in words_of(
        "contact/contract desert/dessert diner/dinner later/latter customer/costumer planed/planned angel/angle "
        "united/untied form/from trail/trial casual/causal martial/marital sacred/scared quiet/quite bared/barred "
        "hoping/hopping staring/starring tapping/taping moped/mopped loser/looser"
    )
)
_LEAST_FOR_SWAP, _LEAST_FOR_DOUBLE, _LEAST_FOR_MISSING = 5, 5, 7


@functools.lru_cache(maxsize=8192)
def standard_spelling(word: str) -> str:
    if len(word) > 4:
        for british, american in _SPELLINGS:
            word = word.replace(british, american)
    return word


def is_slip(one: str, other: str) -> bool:
    """Whether one of two long words is the other with two letters swapped, or with a letter doubled, or left out
    inside. A letter for another is no slip: words that differ so are too often both words."""
    if len(one) > len(other):
        one, other = other, one
    if not 0 <= len(other) - len(one) <= 1 or one[:1] != other[:1] or frozenset((one, other)) in _confusable:
        return False
    at = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    if len(one) == len(other):
        swapped = one[:at] + one[at : at + 2][::-1] + one[at + 2 :]
        return len(one) >= _LEAST_FOR_SWAP and swapped == other
    if one[at:] != other[at + 1 :] or other.endswith("s"):
        return False
    doubled = at > 0 and other[at] == other[at - 1]
    return len(one) >= (_LEAST_FOR_DOUBLE if doubled else _LEAST_FOR_MISSING) and at < len(one)
