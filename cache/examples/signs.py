"""Which signs of a text say something, and which only part its words.

A comma, a full stop, a bracket or a quote parts words and is silent where sentences put it. At other places the
same sign is a word like others: "-D" is not "D", "A-" not "A", 5' not 5".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping

from cache.templates.tokens import FULL_STOPS, straight

# A question mark is none of them.
SILENT = frozenset(".,;:!¡…。、，；：！()[]'\"`-/—·،؛" + FULL_STOPS)
VALUE = "\ue000"  # stands for each character of a value

# Other scripts' question marks, and those that are pictures.
_QUESTIONS = frozenset("؟\u037e՞፧‽⸮꘏꛷❓❔⳺⳻")
_GREEK = re.compile(r"[\u0370-\u03ff\u1f00-\u1fff]{2}")
_WORD = rf"[\w{VALUE}]"
_AFTER = r"(?=\s|[)\].,;:!?\"']|$)"
_BEFORE = rf"(?:(?<![^\s(\[\"'`])|(?<=[^\w\s{VALUE}.,;:!?)\]\"'`/-]))"
# Right before a word or a value: "!draft", "!= 5", "--force", ":tag", "/all".
_PREFIX = re.compile(rf"{_BEFORE}(?:-+|/+|[!:])(?={_WORD}|[^\w\s!?.,;:)\]\"'`/-])")
# Right behind one: "K9/", "A-", "K9-". A part of a word has a hyphen, too: "pre- and postfix".
_SUFFIX = re.compile(rf"(?<={_WORD})/+{_AFTER}|(?:(?<=[\d{VALUE}])|(?<=\b[^\W\d_]))-+{_AFTER}")
# By themselves, and no end of a sentence: ":)", "//".
_ALONE = re.compile(r"(?<!\S)(?!(?:[.!…]+|-+)(?!\S))[.,;:!(\[/-][\].,;:!()\[/-]+(?!\S)")
_MORE_THAN_ASCII = re.compile(rf"[^\x00-\x7f{VALUE}]")
_QUOTE = re.compile(rf"(?<!{_WORD})['\"]|['\"](?!{_WORD})")


def telling_signs(text: str) -> Mapping[int, str]:
    """The places of silent signs that say something here, with what they say. ``text`` has :data:`VALUE` where
    values stand."""
    text = _MORE_THAN_ASCII.sub(_plain, text)
    found = {
        place: text[place]
        for pattern in (_PREFIX, _SUFFIX, _ALONE)
        for match in pattern.finditer(text)
        for place in range(*match.span())
    }
    found.update((place, text[place]) for place in _unpaired(text))
    if semicolon_asks(text):
        found.update((match.start(), "?") for match in re.finditer(";", text))
    return found


def semicolon_asks(text: str) -> bool:
    """Whether a semicolon is a question mark here: in Greek it is."""
    return ";" in text and _GREEK.search(text) is not None


def as_asked(sign: str, written: str) -> str:
    """A sign as it is compared, ``written`` in compatible forms: every script's question mark is one."""
    asks = sign in _QUESTIONS or ("?" in written and not any(map(str.isalnum, written)))
    return "?" if asks else written


def _plain(match: re.Match[str]) -> str:
    """A character in its compatible form, if that is one character too. A mark belongs to its letter."""
    written = straight(match.group())
    if unicodedata.category(match.group())[0] == "M":
        return "_"
    return written if len(written) == 1 else match.group()


def _unpaired(text: str) -> Iterator[int]:
    """Quotes right behind a value or a digit that close none: feet, inches, minutes, a derivative."""
    opened: set[str] = set()
    for match in _QUOTE.finditer(text):
        place, quote = match.start(), match.group()
        before, after = text[place - 1 : place] if place else "", text[place + 1 : place + 2]
        if (not before or before.isspace() or before in "([") and after and not after.isspace():
            opened.add(quote)
        elif quote in opened:
            opened.discard(quote)
        elif before and (before == VALUE or before.isdigit()):
            yield place
