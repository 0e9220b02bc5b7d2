"""Words and signs of a text, folded so that case, compatible Unicode forms, the shape of quotes and what nobody
sees do not matter."""

from __future__ import annotations

import functools
import re
import unicodedata
from dataclasses import dataclass

from cache.templates.scripts import LOOSE, UNSEEN, UNSPACED, marks

FULL_STOPS = "।॥۔։።။។"  # other scripts' full stops
_STRAIGHT = str.maketrans("‘’‚‛“”„‟«»–−", '\'\'\'\'""""""--', UNSEEN)
_RAISED = re.compile(r"(?<=\d)(?=[²³¹⁰⁴-⁹₀-₉])")  # 10² is not 102
_ASCII_TOKEN = re.compile(r"\w+|[^\w\s]")
_WHITE_SPACE = re.compile(r"\s+")
_CAMEL_BORDER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NAME_WORD = re.compile(r"[^\W_]+")
MAX_NAME = 200
JOIN = "\x1f"  # white space, so never part of a token


@dataclass(frozen=True, slots=True)
class Token:
    """A word or a sign; ``folded`` is what tokens are compared by and holds no white space."""

    start: int
    end: int
    folded: str


def tokenize(text: str) -> list[Token]:
    """The words and signs of ``text`` in order. Where a script puts no space between words, each character is
    one."""
    if text.isascii():
        return [Token(match.start(), match.end(), match.group().lower()) for match in _ASCII_TOKEN.finditer(text)]
    tokens = (Token(*match.span(), _fold_token(match.group())) for match in _any_token().finditer(text))
    return [token for token in tokens if token.folded]


def fold(text: str) -> str:
    """``text`` for comparing; each run of white space becomes one space."""
    if text.isascii():
        return _WHITE_SPACE.sub(" ", text.lower())
    folded = _compatible(text).translate(_STRAIGHT).casefold()
    return _WHITE_SPACE.sub(" ", unicodedata.normalize("NFKC", folded))


def straight(text: str) -> str:
    """``text`` in compatible Unicode forms, with straight quotes and without what nobody sees, in its own case."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", _compatible(text).translate(_STRAIGHT))


def _compatible(text: str) -> str:
    return unicodedata.normalize("NFKC", _RAISED.sub("^", text))


def joined(text: str) -> str:
    """The tokens of ``text`` with a border around each: one text holds another as whole tokens when ``in`` says
    so."""
    return JOIN + "".join(token.folded + JOIN for token in tokenize(text))


def _fold_token(text: str) -> str:
    # Some signs fold to a space and a mark.
    return fold(text).replace(" ", "")


def name_words(name: str) -> frozenset[str]:
    """The words of a field's name, however it joins them: ``orderId``, ``order_id`` and ``order.id`` alike."""
    return frozenset(_NAME_WORD.findall(_CAMEL_BORDER.sub(" ", name[:MAX_NAME]).casefold()))


@functools.cache
def _any_token() -> re.Pattern[str]:
    mark = f"[{marks()}{UNSEEN}]*+"
    loose = rf"(?=[{LOOSE}])[^\W\d_]"
    joining = rf"(?:\d|[^\W{UNSPACED}{LOOSE}])"
    return re.compile(rf"(?:{joining}{mark})++|(?:{loose}{mark})++|[^\s]{mark}")
