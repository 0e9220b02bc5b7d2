"""What is wrong with a grounding that somebody wrote, all of it at once."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from orra.base.strictjson import Json, type_of
from orra.base.text import fold, hidden_letter, shorten
from planengine.exceptions import GroundingInvalid

MAX_TEXT_CHARACTERS = 2_000
MAX_TOLD = 20  # of what is wrong, and of what to do
_WHITESPACE = "\n\t\r"


class Faults:
    """What was found so far. A place is written as ``use_cases[2].capabilities[0]``."""

    def __init__(self) -> None:
        self._problems: list[Mapping[str, str]] = []
        self._how_to_fix: dict[str, None] = {}

    def __len__(self) -> int:
        return len(self._problems)

    def add(self, place: str, code: str, message: str, how_to_fix: str = "") -> None:
        self._problems.append({"field": shorten(place, 100), "code": code, "message": shorten(message, 500)})
        if how_to_fix:
            self._how_to_fix[how_to_fix] = None

    def raise_any(self) -> None:
        """Raises :class:`GroundingInvalid` if there is one."""
        if not self._problems:
            return
        told = self._problems[:MAX_TOLD]
        detail = " ".join(f"{each['field']}: {each['message']}".removeprefix(": ") for each in told)
        if left := len(self._problems) - len(told):
            detail += f" And {left} more."
        raise GroundingInvalid(detail, problems=tuple(told), how_to_fix=tuple(self._how_to_fix)[:MAX_TOLD])

    # --- readers of values; each gives something of the type wanted, and notes what was wrong

    def wrong_type(self, place: str, wanted: str, given: Json, how_to_fix: str = "") -> None:
        self.add(place, "wrong_type", f"It must be {wanted}, not {type_of(given)}.", how_to_fix)

    def members(self, place: str, given: Mapping[str, Json], known: tuple[str, ...]) -> None:
        for name in given:
            if name not in known:
                self.add(_join(place, name), "unknown_member", f"Unknown. Known are: {', '.join(known)}.")

    def items(self, place: str, given: Json, most: int, what: str) -> list[Json]:
        """A list of at most so many; ``None`` is an empty one."""
        if given is None:
            return []
        if not isinstance(given, list):
            self.wrong_type(place, f"a list of {what}", given)
            return []
        if len(given) > most:
            self.add(place, "too_many", f"There are {len(given):,}, {most:,} is the most.")
        return given[:most]

    def text(self, place: str, given: Json, most: int = MAX_TEXT_CHARACTERS) -> str:
        """Sentences, without the whitespace around them. ``""`` if there was a fault."""
        text = self._string(place, given)
        controls = "".join(letter for letter in text if unicodedata.category(letter) == "Cc")
        return self._checked(place, text.strip(), hidden_letter(controls, allowed=_WHITESPACE), most)

    def name(self, place: str, given: Json, most: int = MAX_TEXT_CHARACTERS) -> str:
        """Words of one line, with one space between them. ``""`` if there was a fault."""
        text = self._string(place, given)
        return self._checked(place, " ".join(text.split()), hidden_letter(text, allowed=_WHITESPACE), most)

    def _string(self, place: str, given: Json) -> str:
        if isinstance(given, str):
            if not fold(given):
                self.add(place, "empty", "It is empty: write it, or leave it out.")
            return given
        if isinstance(given, int | float) and not isinstance(given, bool):
            self.add(place, "wrong_type", "It must be text, not a number.", f'Put it in quotes: "{given}".')
        else:
            self.wrong_type(place, "text", given)
        return ""

    def _checked(self, place: str, text: str, hidden: str | None, most: int) -> str:
        if hidden is not None:
            self.add(place, "invalid_text", f"It holds the invisible character {hidden}: leave it out.")
            return ""
        if len(text) > most:
            self.add(place, "too_long", f"It has {len(text):,} characters, {most:,} is the most.")
            return ""
        return text


def _join(place: str, name: str) -> str:
    return f"{place}.{shorten(name)}" if place else shorten(name)
