"""The words and signs of a template, as examples are compared by them.

A word keeps its case, for ``MW`` is not ``mW`` and ``Polish`` is not ``polish``; only where a sentence begins does
a capital letter say nothing. Slots stand as their names in braces, which no text can pose as: braces in the text
are signs of their own.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from cache.templates.templates import Template, texts_between
from cache.templates.tokens import Token, straight, tokenize

# Signs that part words and say nothing. A question mark is none of them.
SILENT = frozenset(".,;:!¡…。、，；：！()[]'\"`-/·।،؛")
# Right before a word or a value these do say something: "!draft", "!= 5", "-D", "-draft".
_PREFIXES = frozenset("!-")
_ENDS = frozenset(".!?:;…。！？।؟\n")


def words_of(template: Template) -> tuple[str, ...]:
    """The words, signs and slots of a template from left to right, without silent signs."""
    found: list[str] = []
    starts = True
    texts = texts_between(template.action, template.slots)
    for index, text in enumerate(texts):
        if index:
            slot = template.slots[index - 1]
            found.append("{" + slot.name + "}")
            starts = False
        words, starts = _words(text, starts=starts, after=index > 0, before=index < len(template.slots))
        found += words
    return tuple(found)


def words_of_text(text: str) -> tuple[str, ...]:
    """The same of a plain text."""
    return tuple(_words(text, starts=True)[0])


def is_slot(word: str) -> bool:
    return len(word) > 2 and word[0] == "{"


def is_free_literal(word: str) -> bool:
    """Whether the word is the slot of a literal that no param holds."""
    return word.startswith("{#")


def content(words: Iterable[str]) -> list[str]:
    return [word for word in words if not is_slot(word)]


def _words(text: str, *, starts: bool, after: bool = False, before: bool = False) -> tuple[list[str], bool]:
    """The words of ``text``, and whether a sentence begins after it. ``starts``: whether one begins with it; signs
    may stand before its first word. ``after`` and ``before``: whether it stands right after a value, or before
    one."""
    found: list[str] = []
    tokens = _joined(text, tokenize(text))
    at = 0
    for token in tokens:
        if "\n" in text[at : token.start]:
            starts = True
        at = token.end
        written = straight(text[token.start : token.end]).replace(" ", "")  # some signs become a space and a mark
        if written in _ENDS:
            starts = True
        if all(sign in SILENT for sign in written) and not _is_prefix(text, token, after=after, before=before):
            continue
        found.append(_uncapitalised(written) if starts else written)
        if any(map(str.isalnum, written)):
            starts = False
    return found, starts


def _is_prefix(text: str, token: Token, *, after: bool, before: bool) -> bool:
    if token.folded not in _PREFIXES:
        return False
    preceding, following = text[: token.start][-1:], text[token.end :][:1]
    begins = preceding.isspace() or preceding in ("(", "[") or (not preceding and not after)
    goes_on = before if not following else not following.isspace() and following not in ("!", "?", ".", ",", ")")
    return begins and goes_on


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
