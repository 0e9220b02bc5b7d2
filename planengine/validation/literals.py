"""Where a literal in a plan may come from: a param, the text of the action. Nothing else may be made up."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from orra.base.strictjson import Json, same

_NUMBER = re.compile(r"[0-9][0-9,]*(?:\.[0-9]+)?", re.ASCII)
_MAX_DIGITS = 308
# Characters that join words into one token (ORD-17, 10:30, a@b.example, 2030/01/02), so 17 is not "in" ORD-17.
_JOINERS = "-_.:/@"
_MAX_OCCURRENCES = 300


def fold(name: str) -> str:
    """``orderId``, ``order_id`` and ``order-id`` are one name in three spellings."""
    return re.sub(r"[\s_-]+", "", name).casefold()


@dataclass(frozen=True)
class Origins:
    """What the caller gave: the only places from which values may come, beside the services' own schemas."""

    params: Mapping[str, Json]
    action: str

    def params_equal_to(self, value: Json, *, name: str) -> list[str]:
        """The params that a literal for an input called ``name`` may stand for; one of the same name comes alone.

        ``true``, ``false`` and ``null`` say too little to be recognised by value: they need the name.
        """
        equal = [field for field, given in self.params.items() if same(given, value)]
        if not equal:
            return equal
        for namesake in (lambda field: field == name, lambda field: fold(field) == fold(name)):
            named = [field for field in equal if namesake(field)]
            if named:
                return named[:1]
        return [] if value is None or isinstance(value, bool) else equal

    def in_action(self, value: Json) -> bool:
        """Whether the action says ``value``: text as a whole token in the same case, a number in any spelling,
        an array or object when it says every leaf. ``true``, ``false`` and ``null`` are never said."""
        if isinstance(value, str):
            return self._says(value)
        if isinstance(value, bool) or value is None:
            return False
        if isinstance(value, int | float):
            return value in self._numbers
        leaves = value.values() if isinstance(value, dict) else value
        return bool(leaves) and all(self.in_action(leaf) for leaf in leaves)

    def _says(self, text: str) -> bool:
        if not text.strip():
            return False
        start = -1
        for _ in range(_MAX_OCCURRENCES):
            start = self.action.find(text, start + 1)
            if start < 0:
                return False
            if _is_whole(self.action, start, start + len(text)):
                return True
        return False

    @cached_property
    def _numbers(self) -> frozenset[int | float]:
        return frozenset(
            number
            for match in _NUMBER.finditer(self.action)
            if match.end() - match.start() <= _MAX_DIGITS
            for number in _numbers_at(self.action, match)
        )


def _numbers_at(action: str, match: re.Match[str]) -> list[int | float]:
    start, end = match.span()
    while action[end - 1] == ",":
        end -= 1
    digits = action[start:end].replace(",", "")
    number = float(digits) if "." in digits else int(digits)
    if start and action[start - 1] == "-" and not _is_word(action, start - 2):
        start, number = start - 1, -number
    return [number] if _is_whole(action, start, end) else []


def _is_whole(text: str, start: int, end: int) -> bool:
    """Whether ``text[start:end]`` is not a part of a longer word, number or identifier."""
    if _is_word(text, start):
        if _is_word(text, start - 1):
            return False
        if start >= 2 and _joins(text, start - 1):
            return False
    if _is_word(text, end - 1):
        if _is_word(text, end):
            return False
        if _joins(text, end):
            return False
    return True


def _joins(text: str, index: int) -> bool:
    if index >= len(text) or not (_is_word(text, index - 1) and _is_word(text, index + 1)):
        return False
    character = text[index]
    return character in _JOINERS or (character == "," and text[index - 1].isdigit() and text[index + 1].isdigit())


def _is_word(text: str, index: int) -> bool:
    return 0 <= index < len(text) and (text[index].isalnum() or text[index] == "_")
