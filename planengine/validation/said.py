"""What the text of an action says: its words, its numbers, and what a wrong value was probably read from.

Literals are found and read as templates find and read them, so that what validation accepts is what the cache can
fill again.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from difflib import SequenceMatcher
from functools import cached_property

from cache.templates.dates import dates
from cache.templates.literals import Literal, cuts_a_literal, find_literals, spellings
from cache.templates.numbers import Reading, agreed, decimal_of, only_reading, plain, read, spaced
from cache.templates.scripts import is_inside_word
from orra.base.strictjson import Json

# Whether an input may take a number, as it is written with its decimals.
Fits = Callable[[Decimal], bool]

# Signs that join words into one (non-refundable, and/or, e.g.), so that "refundable" is not said there.
_JOINERS = "-_.:/@"
_MAX_OCCURRENCES = 300
_MAX_COMPARED, _MAX_LENGTH = 60, 80
_NEAR = 0.6
_JOINED_KINDS = frozenset({"id", "url", "email", "uuid", "hash", "number", "money"})
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True)
class Numeral:
    """A number as the action writes it, with all that it may be."""

    start: int
    end: int
    raw: str
    readings: tuple[Decimal, ...]

    def possible(self, fits: Fits) -> tuple[Decimal, ...]:
        """The readings that an input may take; all where it takes none."""
        if len(self.readings) == 1:
            return self.readings
        return tuple(dict.fromkeys(filter(fits, self.readings))) or self.readings


class Said:
    def __init__(self, action: str) -> None:
        self._action = action

    def text(self, text: str) -> bool:
        """Whether the action says ``text`` in the same case, as whole words or as one of its literals."""
        if not text.strip():
            return False
        if text in self._spellings:
            return True
        start = -1
        for _ in range(_MAX_OCCURRENCES):
            start = self._action.find(text, start + 1)
            if start < 0:
                return False
            if self._is_whole(start, start + len(text)):
                return True
        return False

    def number(self, value: int | float, fits: Fits) -> bool:
        """Whether a number of the action is ``value`` and can be nothing else that an input may take."""
        number = decimal_of(value)
        return any(numeral.possible(fits) == (number,) for numeral in self._by_number.get(number, ()))

    def lists(self, value: int | float) -> bool:
        """Whether ``value`` stands in a list without blanks: 2 in "1,2,3"."""
        return decimal_of(value) in self._listed

    def unclear(self, value: Json, fits: Fits) -> Numeral | None:
        """The number of the action that may be ``value``, or another one."""
        number = only_reading(value) if isinstance(value, str) else decimal_of(value)
        found = self._by_number.get(number, ()) if number is not None else ()
        return next((each for each in found if len(each.possible(fits)) > 1), None)

    def nearest(self, value: Json) -> str:
        """The text of the action that ``value``, which it does not say, was probably read from; empty where
        nothing is like it."""
        if isinstance(value, str):
            return self._nearest_text(value)
        digits = _significant(plain(decimal_of(value)))
        best, likeness = "", _NEAR
        for numeral in self.numerals[:_MAX_COMPARED]:
            found = _likeness(digits, _significant(numeral.raw))
            if found > likeness or (found == likeness and not best):
                best, likeness = numeral.raw, found
        return best

    def nearest_date(self, day: str) -> tuple[str, tuple[str, ...]] | None:
        """The date of the action that ``day`` (2031-05-06), which it does not clearly say, was probably read from,
        with the days that it may be."""
        best, likeness = None, _NEAR
        for raw, days in self._dates:
            found = max(_likeness(day, each) for each in days)
            if found > likeness:
                best, likeness = (raw, days), found
        return best

    @cached_property
    def _dates(self) -> list[tuple[str, tuple[str, ...]]]:
        raws = [self._action[each.start : each.end] for each in self._atoms if each.kind == "date"][:_MAX_COMPARED]
        return [(raw, tuple(day.isoformat() for day in found)) for raw in raws if (found := dates(raw))]

    @cached_property
    def numerals(self) -> tuple[Numeral, ...]:
        found = [*self._spaced, *self._single]
        resolved = agreed([readings for _, _, readings in found])
        numerals = [
            Numeral(start, end, self._action[start:end], tuple(each.number for each in readings))
            for (start, end, _), readings in zip(found, resolved, strict=True)
            if readings
        ]
        return (*numerals, *self._in_dates())

    @cached_property
    def _by_number(self) -> dict[Decimal, list[Numeral]]:
        found: dict[Decimal, list[Numeral]] = {}
        for numeral in self.numerals:
            for number in numeral.readings:
                found.setdefault(number, []).append(numeral)
        return found

    @cached_property
    def _literals(self) -> list[Literal]:
        return find_literals(self._action)

    @cached_property
    def _atoms(self) -> list[Literal]:
        return [literal for literal in self._literals if literal.kind != "quoted"]

    @cached_property
    def _joined(self) -> list[Literal]:
        return [literal for literal in self._atoms if literal.kind in _JOINED_KINDS]

    @cached_property
    def _edges(self) -> frozenset[int]:
        return frozenset(edge for literal in self._joined for edge in (literal.start, literal.end))

    @cached_property
    def _spellings(self) -> frozenset[str]:
        return frozenset(
            spelled
            for literal in self._literals
            if not self._is_part(literal.start, literal.end)
            for spelled in spellings(literal.kind, self._action[literal.start : literal.end]).values()
            if isinstance(spelled, str)
        )

    @cached_property
    def _spaced(self) -> list[tuple[int, int, tuple[Reading, ...]]]:
        """Digits in groups with common blanks: "2 500 EUR" may be one amount, or two of 500. Who writes a decimal
        comma ("2 500,00") parts groups by blanks, and does not put a count before an amount."""
        found = []
        for start, end in spaced(self._action):
            first = bisect_left(self._atoms, start, key=lambda each: each.end - 1)
            inside = self._atoms[first : bisect_left(self._atoms, end, key=lambda each: each.start)]
            if any(each.kind not in ("number", "money") for each in inside):
                continue
            readings = read(self._action[start:end], money=True)
            if not any(each.point == "," for each in readings):
                readings += tuple(part for each in inside for part in self._read(each))
            found.append((start, end, readings))
        return found

    @cached_property
    def _single(self) -> list[tuple[int, int, tuple[Reading, ...]]]:
        return [
            (literal.start, literal.end, self._read(literal))
            for literal in self._joined
            if not self._is_part(literal.start, literal.end) and not self._is_fraction(literal)
        ]

    def _read(self, literal: Literal) -> tuple[Reading, ...]:
        raw = self._action[literal.start : literal.end]
        if literal.kind == "id":
            bare = raw.lstrip("#№").lstrip()
            return read(bare) if bare != raw and bare.isdecimal() else ()
        if literal.kind not in ("number", "money"):
            return ()
        found = read(raw, money=literal.kind == "money")
        # "-$5": the sign stands before the currency.
        before = self._action[max(0, literal.start - 3) : literal.start]
        if literal.kind == "money" and re.search(r"(?:^|\s)[-−][^\w\s]$", before):
            return tuple(Reading(each.number.copy_negate(), each.point, each.group) for each in found)
        return found

    def _is_part(self, start: int, end: int) -> bool:
        span = self._spaced_at(start)
        return span is not None and end <= span[1]

    def _spaced_at(self, index: int) -> tuple[int, int] | None:
        """The digits in groups with common blanks that begin at ``index`` or before and end behind it."""
        at = bisect_right(self._spaced, index, key=lambda each: each[0]) - 1
        if at < 0 or index >= self._spaced[at][1]:
            return None
        return self._spaced[at][0], self._spaced[at][1]

    def _is_fraction(self, literal: Literal) -> bool:
        """Whether it is a part of "1/2" or "3:4", which say neither number."""
        before = self._action[max(0, literal.start - 2) : literal.start]
        after = self._action[literal.end : literal.end + 2]
        return any(
            len(each) == 2 and each.strip("/:").isdigit() and len(each.strip("/:")) == 1
            for each in (before, after)
        )

    def _in_dates(self) -> Iterator[Numeral]:
        for literal in self._atoms:
            if literal.kind not in ("date", "time"):
                continue
            for match in _DIGITS.finditer(self._action, literal.start, literal.end):
                if self._is_whole(*match.span()):
                    yield Numeral(*match.span(), match.group(), (Decimal(match.group()),))

    @cached_property
    def _listed(self) -> frozenset[Decimal]:
        return frozenset(
            Decimal(part)
            for literal in self._joined
            if literal.kind == "number"
            for part in self._action[literal.start : literal.end].split(",")
            if part.isdecimal()
        )

    def _nearest_text(self, value: str) -> str:
        if not any(map(str.isdigit, value)) and "@" not in value:
            return ""
        best, likeness = "", _NEAR
        for literal in self._literals[:_MAX_COMPARED]:
            raw = self._action[literal.start : literal.end]
            found = _likeness(value[:_MAX_LENGTH].casefold(), raw[:_MAX_LENGTH].casefold())
            if found > likeness:
                best, likeness = raw, found
        return best

    def _is_whole(self, start: int, end: int) -> bool:
        """Whether the words, ids and numbers at both ends of a part of the action are whole."""
        if cuts_a_literal(self._action, (start, end), self._joined):
            return False
        if any((span := self._spaced_at(edge)) is not None and span[0] < edge for edge in (start, end)):
            return False
        return all(edge in self._edges or self._is_border(edge) for edge in (start, end))

    def _is_border(self, index: int) -> bool:
        """Whether a word may end at ``index``."""
        if is_inside_word(self._action, index):
            return False
        # The sign before or behind the border may join two words into one.
        return not (self._joins(index - 1) or self._joins(index))

    def _joins(self, at: int) -> bool:
        text = self._action
        if not 0 < at < len(text) - 1 or not (_is_word(text[at - 1]) and _is_word(text[at + 1])):
            return False
        if text[at] == ",":
            return text[at - 1].isdigit() and text[at + 1].isdigit()
        return text[at] in _JOINERS and is_inside_word(text[at - 1] + text[at + 1], 1)


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _significant(text: str) -> str:
    """The digits that tell numbers apart whatever their marks and zeros: 125 for "12,50"."""
    digits = "".join(str(int(character)) for character in text[:_MAX_LENGTH] if character.isdecimal())
    return digits.strip("0") or digits[:1]


def _likeness(one: str, other: str) -> float:
    compared = SequenceMatcher(None, one, other, autojunk=False)
    return compared.ratio() if compared.quick_ratio() >= _NEAR else 0.0
