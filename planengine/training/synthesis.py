"""Made-up values that look like the real ones: as many words, the same kind of id, date, address or number."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Mapping
from datetime import date, timedelta

from cache.templates.literals import find_literals
from cache.templates.numbers import only_reading, plain

_WORDS = """
    amber birch cedar delta ember fjord grove harbor indigo jasper kelp larch maple nectar olive pebble
    quartz raven sable tundra umber velvet willow xenon yarrow zephyr acorn basil clover dune elm fern
    garnet heron iris juniper kestrel linden moss nimbus onyx poplar quill reed sorrel thyme ursa vale wren
    yew zinnia
""".split()  # noqa: SIM905
_MAX_WORDS = 12
_TRIES = 60
_iso_date = re.compile(r"\d{4}-\d{2}-\d{2}")
_machine_number = re.compile(r"\d+(?:\.\d+)?")
_clock = re.compile(r"(?P<hour>\d{1,2})(?P<rest>:\d{2}.*)", re.DOTALL)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Inventor:
    """Draws from ``chance``; the same draws give the same values."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def text(self, value: str, *, taken: Mapping[str, str]) -> str:
        """Something of the kind of ``value`` that is unlike it and stands for nothing yet."""
        used = {each.casefold() for each in taken.values()}
        for attempt in range(_TRIES):
            made = self._draw(value, longer=attempt // 10)
            if not _shares_words(made, value) and made.casefold() not in used:
                return made
        return self._of_shape(value) + "".join(self._chance.choices(string.digits, k=6))

    def _draw(self, value: str, *, longer: int) -> str:
        found = [literal for literal in find_literals(value) if (literal.start, literal.end) == (0, len(value))]
        kind = found[0].kind if found else ""
        if (number := only_reading(value)) is not None and value[:1].isdigit():
            text = value if _machine_number.fullmatch(value) else plain(number)
            return self._number(text, whole=number == number.to_integral_value(), longer=longer)
        if kind == "quoted":
            return value[0] + self._draw(value[1:-1].strip(), longer=longer) + value[-1]
        if kind == "email":
            return f"{self._word()}.{self._word()}@example.com"
        if kind == "url":
            return f"https://{self._word()}.example.com/{self._word()}"
        if kind == "date" and _iso_date.fullmatch(value):
            return str(date(2040, 1, 1) + timedelta(days=self._chance.randrange(3_000)))
        if kind == "time" and (match := _clock.fullmatch(value)):
            hour = str(self._chance.randrange(1, 12)).zfill(len(match["hour"]))
            return hour + re.sub(r"\d\d", lambda _: f"{self._chance.randrange(60):02}", match["rest"])
        if kind == "date" and value.casefold() in _DAYS:
            return self._chance.choice(_DAYS).capitalize()
        if any(map(str.isdigit, value)) and " " not in value.strip():
            return self._of_shape(value)
        return self._words(value, longer)

    def _number(self, value: str, *, whole: bool, longer: int) -> str:
        digits = len(value.partition(".")[0]) + longer
        least = 10 ** (digits - 1) + 1 if digits > 1 else 2
        made = str(self._chance.randrange(least, 10**digits))
        places = len(value.partition(".")[2])
        if not places:
            return made
        return f"{made}.{'0' * places if whole else self._chance.randrange(1, 10**places):0>{places}}"

    def _of_shape(self, value: str) -> str:
        """Another letter for each letter, another digit for each digit."""

        def other(character: str) -> str:
            if character.isdigit():
                return self._chance.choice(string.digits[1:])
            if character.isalpha():
                made = self._chance.choice(string.ascii_lowercase)
                return made.upper() if character.isupper() else made
            return character

        return "".join(map(other, value))

    def _words(self, value: str, longer: int) -> str:
        words = value.split()[:_MAX_WORDS] or [value]
        made = [self._word() for _ in range(len(words) + longer)]
        if words[0][:1].isupper():
            made = [word.capitalize() if all(each[:1].isupper() for each in words) else word for word in made]
            made[0] = made[0].capitalize()
        return " ".join(made)

    def _word(self) -> str:
        return self._chance.choice(_WORDS)


def _shares_words(made: str, value: str) -> bool:
    found = [set(re.findall(r"[^\W_]+", text.casefold())) for text in (made, value)]
    shared = found[0] & found[1] - {"com", "https", "example"}
    return made.casefold() == value.casefold() or any(len(word) > 1 for word in shared)
