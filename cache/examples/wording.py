"""The words and signs of a template, as examples are compared by them.

A word keeps its case, for ``MW`` is not ``mW`` and ``Polish`` is not ``polish``; only where a sentence begins does
a capital letter say nothing. Slots stand as their names in braces, which no text can pose as: braces in the text
are signs of their own.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from cache.examples.signs import SILENT, VALUE, as_asked, telling_signs
from cache.templates.templates import Template, texts_between
from cache.templates.tokens import FULL_STOPS, Token, straight, tokenize

_ENDS = frozenset(".!?:;…。！？\n" + FULL_STOPS)


def words_of(template: Template) -> tuple[str, ...]:
    """The words, signs and slots of a template from left to right, without silent signs."""
    found: list[str] = []
    starts, at = True, 0
    telling = telling_signs(_masked(template))
    for index, text in enumerate(texts_between(template.action, template.slots)):
        if index:
            slot = template.slots[index - 1]
            found.append("{" + slot.name + "}")
            starts, at = False, slot.end
        words, starts = _words(text, {place - at: sign for place, sign in telling.items()}, starts=starts)
        found += words
    return tuple(found)


def words_of_text(text: str) -> tuple[str, ...]:
    """The same of a plain text."""
    return tuple(_words(text, telling_signs(text), starts=True)[0])


def is_slot(word: str) -> bool:
    return len(word) > 2 and word[0] == "{"


def is_free_literal(word: str) -> bool:
    """Whether the word is the slot of a literal that no param holds."""
    return word.startswith("{#")


def content(words: Iterable[str]) -> list[str]:
    return [word for word in words if not is_slot(word)]


def _masked(template: Template) -> str:
    masked = template.action
    for slot in template.slots:
        masked = masked[: slot.start] + VALUE * (slot.end - slot.start) + masked[slot.end :]
    return masked


def _words(text: str, telling: Mapping[int, str], *, starts: bool) -> tuple[list[str], bool]:
    """The words of ``text``, and whether a sentence begins after it. ``telling``: what silent signs say, by their
    places. ``starts``: whether a sentence begins with the text; signs may stand before its first word."""
    found: list[str] = []
    tokens = _joined(text, tokenize(text))
    at = 0
    for token in tokens:
        if "\n" in text[at : token.start]:
            starts = True
        at = token.end
        raw = text[token.start : token.end]
        written = as_asked(raw, straight(raw).replace(" ", ""))  # some signs become a space and a mark
        if written in _ENDS:
            starts = True
        if all(sign in SILENT for sign in written):
            if token.start not in telling:
                continue
            written = telling[token.start]
        found.append(_uncapitalised(written) if starts else written)
        if any(map(str.isalnum, written)):
            starts = False
    return found, starts


def _uncapitalised(word: str) -> str:
    """A word at the start of a sentence: only what is written in capitals, or in both, keeps them."""
    return word.lower() if len(word) > 1 and word[1:] == word[1:].lower() or word in ("I", "A") else word


def _joined(text: str, tokens: Sequence[Token]) -> list[Token]:
    """ "don't" is one word."""
    found: list[Token] = []
    for token in tokens:
        if (
            len(found) > 1
            and found[-1].folded == "'"
            and _letter(token)
            and _letter(found[-2])
            and found[-2].end == found[-1].start
            and found[-1].end == token.start
        ):
            found.pop()
            before = found.pop()
            token = Token(before.start, token.end, before.folded + "'" + token.folded)
        found.append(token)
    return found


def _letter(token: Token) -> bool:
    return unicodedata.category(token.folded[:1] or " ")[0] == "L"
