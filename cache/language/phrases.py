"""English phrasings that say the same in other words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from cache.language.abbreviations import ABBREVIATIONS
from cache.language.questions import QUESTIONS, WAYS
from cache.language.wordings import FRAMES, WORDINGS

Phrase = tuple[str, ...]
_CLASSES = {
    "GOOD": "best|right|proper|correct|easiest|simplest|recommended|usual|standard|preferred|good",
    "MEANS": "way|ways|method|methods|procedure|process|approach",
    "STEPS": "steps|step|instructions|procedure|process|commands|command",
    "MAY": "can|could|should|would|might|do",
}


def read_phrases(text: str) -> dict[Phrase, Phrase]:
    """``a b > c`` on each line: the words ``a b`` say what ``c`` says; of ``a|b`` each does, ``a?`` may be left
    out, and a word in capitals stands for a class."""
    found: dict[Phrase, Phrase] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        said, _, means = line.partition(">")
        for name, words in _CLASSES.items():
            said = said.replace(name, words)
        choices = [
            (*word.removesuffix("?").split("|"), "") if word.endswith("?") else word.split("|")
            for word in said.split()
        ]
        for variant in product(*choices):
            found.setdefault(tuple(filter(None, variant)), tuple(means.split()))
    return found


# Verbs and what may stand some words behind them, and what both together say.
GAPPED: dict[str, dict[str, str]] = {
    verb: dict(pair.split(":") for pair in ends.split())
    for verb, ends in {
        "let": "know:notify",
        "keep": "informed:notify posted:notify updated:notify",
        "make": "aware:notify",
        "send": "reminder:remind notification:notify",
        "give": "reminder:remind refund:refund call:call back:return notice:notify ring:call heads-up:notify",
        "issue": "refund:refund invoice:invoice",
        "process": "refund:refund",
        "put": "off:postpone together:create",
        "get": "back:retrieve rid:remove",
        "take": "off:remove",
        "cut": "down:reduce",
        "bring": "down:reduce",
        "work": "out:calculate",
        "figure": "out:determine",
        "find": "out:determine",
        "throw": "away:discard out:discard",
        "add": "up:total",
    }.items()
}


class _Node:
    """What may follow in a phrase; ``means`` when one ends here."""

    __slots__ = ("means", "next")

    def __init__(self) -> None:
        self.next: dict[str, _Node] = {}
        self.means: Phrase | None = None


def _tree(*readings: dict[Phrase, Phrase]) -> _Node:
    """Of two readings with the same phrase the first counts."""
    root = _Node()
    for phrases in readings:
        for phrase, means in phrases.items():
            node = root
            for word in phrase:
                node = node.next.setdefault(word, _Node())
            if node.means is None:
                node.means = means
    return root


_SAID = [read_phrases(text) for text in (FRAMES, WAYS, QUESTIONS, WORDINGS)]
_PHRASES = _tree(*_SAID, read_phrases(ABBREVIATIONS))
SAID_IN_PHRASES = frozenset(word for phrases in _SAID for phrase in phrases for word in phrase if word.isalpha())


def rewrite(words: Sequence[str]) -> Iterator[tuple[int, int, Phrase]]:
    """The phrases in ``words``, the longest at each place, and what they say in other words, from left to right:
    ``(start, end, means)``."""
    at = 0
    while at < len(words):
        node, found = _PHRASES, None
        for end, word in enumerate(words[at:], at + 1):
            following = node.next.get(word)
            if following is None:
                break
            node = following
            if node.means is not None:
                found = (at, end, node.means)
        if found is not None:
            yield found
        at = found[1] if found is not None else at + 1
