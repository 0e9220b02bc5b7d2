"""What a text says as a date: every day that it may be. "05/06/2031" may be two, "next Friday" is none here, for
what day that is depends on when it was said."""

from __future__ import annotations

import re
from datetime import date

_MONTHS = """
    january jan januar janvier januari enero ene gennaio janeiro stycznia
    february feb februar février februari febrero febbraio fevereiro lutego
    march mar märz mars maart marzo março marca
    april apr avril abril aprile kwietnia
    may mai mei mayo maggio maio maja
    june jun juni juin junio giugno junho czerwca
    july jul juli juillet julio luglio julho lipca
    august aug août augustus agosto sierpnia
    september sept sep septembre septiembre settembre setembro września
    october oct oktober okt octobre octubre ottobre outubro października
    november nov novembre noviembre novembro listopada
    december dec dezember dez décembre diciembre dicembre dezembro grudnia
"""
_NUMBERS = {
    name: number for number, line in enumerate(_MONTHS.split("\n")[1:-1], start=1) for name in line.split()
}
# The names of months in the languages of `cache/languages`, and those in English, which stand before the day too.
MONTH = rf"(?:{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})"
ENGLISH_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_gap = r"[\s,.]{0,3}"
_day = r"(?P<day>\d{1,2})(?:st|nd|rd|th|º|er)?"
_forms = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        r"(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})",
        r"(?P<year>\d{4})\s?[年년]\s?(?P<month>\d{1,2})\s?[月월]\s?(?P<day>\d{1,2})\s?[日일]",
        r"(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.\s?(?P<year>\d{4})",
        rf"(?P<name>{ENGLISH_MONTH}){_gap}{_day}{_gap}(?P<year>\d{{4}})",
        rf"{_day}{_gap}(?:(?:of|de)\s)?(?P<name>{MONTH}){_gap}(?:(?:of|de)\s)?(?P<year>\d{{4}})",
    )
)
# Day and month in either order.
_either_way = re.compile(r"(?P<one>\d{1,2})(?P<mark>[-/])(?P<two>\d{1,2})(?P=mark)(?P<year>\d{4})")
_LONGEST = 40


def dates(text: str) -> tuple[date, ...]:
    """The days that ``text`` as a whole may be, none when it names no day with its year. Never raises."""
    if len(text) > _LONGEST:
        return ()
    if match := _either_way.fullmatch(text):
        one, two, year = int(match["one"]), int(match["two"]), int(match["year"])
        return tuple(dict.fromkeys((*_day_of(year, one, two), *_day_of(year, two, one))))
    for form in _forms:
        if match := form.fullmatch(text):
            found = match.groupdict()
            month = _NUMBERS[found["name"].casefold()] if found.get("name") else int(found["month"])
            return _day_of(int(found["year"]), month, int(found["day"]))
    return ()


def only_date(text: str) -> str | None:
    """The day that ``text`` is, as "2031-05-06", or None when it is none or may be several."""
    found = dates(text)
    return found[0].isoformat() if len(found) == 1 else None


def _day_of(year: int, month: int, day: int) -> tuple[date, ...]:
    try:
        return (date(year, month, day),)
    except ValueError:
        return ()
