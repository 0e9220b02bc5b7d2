"""Where a literal in a plan may come from: a param, the text of the action. Nothing else may be made up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from cache.templates.dates import only_date
from cache.templates.numbers import as_json, is_number, plain
from orra.base.strictjson import Json, same
from orra.base.text import quote, show
from planengine.catalogue.schemas import Field
from planengine.validation.said import Fits, Said

_MAX_READINGS = 4
SAYS = "The action says "


def fold(name: str) -> str:
    """``orderId``, ``order_id`` and ``order-id`` are one name in three spellings."""
    return re.sub(r"[\s_-]+", "", name).casefold()


def anything(number: Decimal) -> bool:
    return True


def fits_in(inputs: Iterable[Field]) -> Fits:
    """Whether one of the inputs may take a number. What is written with decimals is no integer: "1,000" cannot be
    1 where an integer is wanted."""
    fields = list(inputs)

    def fits(number: Decimal) -> bool:
        value, has_decimals = as_json(number), int(number.as_tuple().exponent) < 0
        return value is not None and any(
            not (has_decimals and "number" not in each.types) and not each.faults(value) for each in fields
        )

    return fits


@dataclass(frozen=True)
class Misreading:
    """``raw`` is what the action says, ``choices`` what that may be, as a plan writes it; more than one where it
    cannot be told."""

    raw: str
    choices: tuple[Json, ...] = ()

    @property
    def is_unclear(self) -> bool:
        return len(self.choices) > 1

    @property
    def told(self) -> str:
        *others, last = map(str, self.choices[:_MAX_READINGS])
        return f"{', '.join(others)} or {last}" if others else last

    @property
    def hint(self) -> str:
        """What would be right."""
        if self.is_unclear:
            return (
                f"{quote(self.raw)} may be {self.told}: it has to be sent as a parameter of the action. Leave the"
                " input out if it is not required."
            )
        if self.choices == (None,):
            return (
                f"{SAYS}{quote(self.raw)}, which no JSON number holds exactly: it has to be sent as a parameter."
            )
        right = f": write {show(self.choices[0])}" if self.choices and self.choices != (self.raw,) else ""
        return f"{SAYS}{quote(self.raw)}{right}."


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

    @cached_property
    def _said(self) -> Said:
        return Said(self.action)

    def in_action(self, value: Json, *, fits: Fits = anything) -> bool:
        """Whether the action says ``value``: text as a whole token in the same case, a number in any spelling that
        can be no other number that ``fits``, an array or object when it says every leaf. ``true``, ``false`` and
        ``null`` are never said."""
        if isinstance(value, str):
            return self._said.text(value)
        if is_number(value):
            return self._said.number(value, fits)
        if not isinstance(value, dict | list):
            return False
        leaves = value.values() if isinstance(value, dict) else value
        return bool(leaves) and all(
            self.in_action(leaf) or (isinstance(value, list) and is_number(leaf) and self._said.lists(leaf))
            for leaf in leaves
        )

    def misread(self, value: Json, *, fits: Fits = anything) -> Misreading | None:
        """What of the action a value that it does not say was probably read from."""
        if isinstance(value, dict | list):
            leaves = value.values() if isinstance(value, dict) else value
            return next(
                (found for leaf in leaves if not self.in_action(leaf) and (found := self.misread(leaf))), None
            )
        if not isinstance(value, str) and not is_number(value):
            return None
        if isinstance(value, str) and (day := only_date(value)) is not None:
            date = self._said.nearest_date(day)
            return Misreading(*date) if date is not None else None
        unclear = self._said.unclear(value, fits)
        if unclear is not None:
            return Misreading(
                unclear.raw, tuple(as_json(number) or plain(number) for number in unclear.possible(fits))
            )
        raw = self._said.nearest(value)
        if not raw:
            return None
        numeral = next((each for each in self._said.numerals if each.raw == raw), None)
        if numeral is None or not is_number(value):
            return Misreading(raw)
        return Misreading(raw, tuple(map(as_json, numeral.possible(fits))))
