"""Names and values inside a sentence: quoted, listed, and cut to a length that suits it."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable

from orra.base.strictjson import Json

# They turn the direction of what is written, so that one name looks like another.
_TURNS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def fold(name: str) -> str:
    """Equal for names that mean the same: case, spaces, compatible forms of Unicode, the length of dashes and what
    nobody sees say nothing. Empty for a name of nothing that anybody sees."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    seen = (_seen(letter) for letter in unicodedata.normalize("NFKC", folded))
    return " ".join("".join(seen).split())


def _seen(letter: str) -> str:
    if letter.isascii():
        return letter
    kind = unicodedata.category(letter)
    return "" if kind == "Cf" else "-" if kind == "Pd" else letter


def hidden_letter(name: str, *, allowed: str = "") -> str | None:
    """The first character in a name that nobody sees, as ``U+202E``: of control, or of direction."""
    for letter in name:
        if letter in _TURNS or (unicodedata.category(letter) == "Cc" and letter not in allowed):
            return f"U+{ord(letter):04X}"
    return None


def shorten(text: str, limit: int = 80) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def quote(name: str) -> str:
    return f"'{shorten(name)}'"


def quote_all(names: Iterable[str], limit: int = 12) -> str:
    """``'a', 'b'``, or ``none`` when there are none; what exceeds the limit is only counted."""
    every = list(names)
    shown = [quote(name) for name in every[:limit]]
    if len(every) > limit:
        shown.append(f"and {len(every) - limit} more")
    return ", ".join(shown) or "none"


def show(value: Json, limit: int = 60) -> str:
    """A value as JSON, cut to a length that suits a sentence."""
    if isinstance(value, str):
        value = value[:limit]
    elif isinstance(value, dict) and len(value) > limit:
        return f"an object of {len(value)} members"
    elif isinstance(value, list) and len(value) > limit:
        return f"an array of {len(value)} items"
    return shorten(json.dumps(value, ensure_ascii=False), limit)
