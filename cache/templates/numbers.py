"""What a text says as a number: every number that it may be, and nothing that it cannot be.

People write 1234.5 as "1,234.5", "1.234,5", "1 234,5", "1'234.5" or in other digits, and "1.234" may be 1234 or
1.234. So a text has *readings*, the set of numbers that it may stand for, and only where there is one of them may
somebody go on with it. Numbers are decimals and keep every digit; all of this is linear in the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from orra.base.strictjson import Json

MAX_DIGITS = 300
# Blanks that people and formatters put between groups of three digits, besides the common one.
_BLANKS = "\u00a0\u2007\u2009\u202f"
MARKS = ".,\u066b\u066c．，"
_APOSTROPHES = "'’"
# Digits with the marks that stand between them, as one run of a text; the common blank parts two words.
NUMERAL = rf"\d++(?:[{MARKS}]\d++|[{_APOSTROPHES}{_BLANKS}]\d{{3}}(?!\d))*+"
# Never fails behind its first two groups, so that no group is looked at twice.
_SPACED = re.compile(
    rf"(?<![\w{MARKS}{_APOSTROPHES}#-])(?P<number>[1-9]\d{{0,2}}(?: \d{{3}}(?!\d))++(?:[.,]\d++)*+)"
    r"(?P<more>(?: \d++)*+)"
)


_SMALL = {
    word: number
    for number, word in enumerate(
        """
        one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
        eighteen nineteen
        """.split(),  # noqa: SIM905
        start=1,
    )
}
_TENS = {
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
}
_SCALES = {"hundred": 2, "thousand": 3, "million": 6, "billion": 9}
# Words and letters behind digits, with the power of ten that they stand for. The first are clear anywhere ("5k",
# "2,5 Mio."), the second beside a currency only ("$5m"): elsewhere they are units.
_POWERS = {
    **dict.fromkeys(("k", "thousand", "tsd", "tausend", "mille", "mila", "тыс", "千"), 3),
    **dict.fromkeys(("万", "萬", "만"), 4),
    **dict.fromkeys(("lakh", "lakhs", "लाख"), 5),
    **dict.fromkeys(
        ("mn", "mio", "million", "millions", "millionen", "millón", "millones", "milhão", "milhões", "млн"), 6
    ),
    **dict.fromkeys(("milione", "milioni", "miljoen", "milion", "miliony", "milionów"), 6),
    **dict.fromkeys(("crore", "crores", "करोड़"), 7),
    **dict.fromkeys(("億", "亿", "억"), 8),
    **dict.fromkeys(("bn", "mrd", "billion", "billions", "milliarde", "milliarden", "milliard", "milliards"), 9),
    "млрд": 9,
}
_MONEY_POWERS = {"m": 6, "b": 9, "mil": 3}
_UNSPACED_POWERS = "万萬億亿千만억"


def _multiplier() -> tuple[str, str]:
    words = sorted((word for word in _POWERS if word not in _UNSPACED_POWERS), key=len, reverse=True)
    spaced = "|".join(word for word in words if word not in ("k", "mn", "bn"))
    clear = rf"(?:[{_UNSPACED_POWERS}]|(?:k|mn|bn)(?!\w)|[ {_BLANKS}]?(?:{spaced})(?!\w))"
    return clear, rf"(?:{clear}|(?:{'|'.join(_MONEY_POWERS)})(?!\w)|[ {_BLANKS}](?:mil|bn|mn)(?!\w))"


# What may follow digits and belongs to the number, anywhere and beside a currency.
MULTIPLIER, MONEY_MULTIPLIER = _multiplier()
_any_word = "|".join(sorted({*_SMALL, *_TENS, *_SCALES} - {"one"}, key=len, reverse=True))
# A number in English words. "one" alone is a pronoun more often; "two-factor" is a word of its own.
NUMBER_WORDS = (
    rf"(?:(?:{_any_word})|one(?=[ -](?:{'|'.join(_SCALES)})(?!\w)))(?!\w)"
    rf"(?:(?:[ -]|(?:(?<=hundred)|(?<=thousand)|(?<=million)) and )(?:{_any_word}|one)(?!\w))*+(?!-\w)"
)
_WHOLE = re.compile(
    rf"(?P<sign>[-+−]?)(?P<digits>{NUMERAL}|\d{{1,3}}(?: \d{{3}})+(?:[.,]\d++)?)(?P<power>{MONEY_MULTIPLIER}?)",
    re.IGNORECASE,
)
_MARK = re.compile(rf"[{MARKS}{_APOSTROPHES}{_BLANKS} ]")
_IN_WORDS = re.compile(NUMBER_WORDS, re.IGNORECASE)
_ALIKE = str.maketrans({"．": ".", "，": ",", "’": "'", **dict.fromkeys(_BLANKS, " ")})


@dataclass(frozen=True)
class Reading:
    """One number that a text may be. ``point`` and ``group`` are the marks that it takes for the decimal point and
    between groups of digits; empty where there are none."""

    number: Decimal
    point: str = ""
    group: str = ""


def readings(text: str, *, money: bool = False) -> tuple[Decimal, ...]:
    """The numbers that ``text`` as a whole may be, none when it is no number: 1234 and 1.234 for "1.234". Amounts
    of ``money`` have no three decimals, so that "1.234" is 1234 there. Never raises."""
    return tuple(reading.number for reading in read(text, money=money))


def only_reading(text: str, *, money: bool = False) -> Decimal | None:
    """The number that ``text`` is, or None when it is none or may be several."""
    found = read(text, money=money)
    return found[0].number if len(found) == 1 else None


def read(text: str, *, money: bool = False) -> tuple[Reading, ...]:
    """The readings of ``text``, that with groups of digits first."""
    if len(text) > MAX_DIGITS:
        return ()
    match = _WHOLE.fullmatch(text)
    if match is None:
        number = _in_words(text)
        return () if number is None else (Reading(number),)
    power = match["power"].strip(f" {_BLANKS}").casefold()
    shift = (_POWERS | _MONEY_POWERS if money else _POWERS).get(power, 0)
    if power and not shift:
        return ()
    found = tuple(_read_digits(match["digits"].translate(_ALIKE)))
    if money and not power and len(found) > 1:
        found = tuple(reading for reading in found if reading.group)
    negative = match["sign"] in ("-", "−")
    return tuple(Reading(_scaled(each.number, shift, negative), each.point, each.group) for each in found)


def spaced(text: str) -> list[tuple[int, int]]:
    """Where digits stand in groups of three with common blanks between them ("1 500"): one number, or several."""
    return [match.span("number") for match in _SPACED.finditer(text) if not match["more"]]


def agreed(numerals: Sequence[tuple[Reading, ...]]) -> list[tuple[Reading, ...]]:
    """The readings of a text's numerals, without those that contradict how the text writes other numbers: beside
    "12,50" the comma is the decimal point, so that "1.500" is 1500. What contradicts itself stays as it is."""
    clear = [found[0] for found in numerals if len(found) == 1]
    points, groups = {each.point for each in clear} - {""}, {each.group for each in clear} - {"", " ", "'"}
    if points & groups or len(points) > 1 or len(groups) > 1:
        return list(numerals)

    def fits(reading: Reading) -> bool:
        return (
            (not points or reading.point in ("", *points))
            and (not groups or reading.group in ("", *groups))
            and reading.group not in points
            and reading.point not in groups
        )

    return [tuple(filter(fits, found)) or found if len(found) > 1 else found for found in numerals]


def as_json(number: Decimal) -> int | float | None:
    """The JSON number that is exactly ``number``, or None where a double would lose digits."""
    if number == number.to_integral_value():
        return int(number)
    made = float(number)
    return made if Decimal(repr(made)) == number else None


def decimal_of(value: int | float) -> Decimal:
    """The number as JSON writes it: 0.1, not the double next to it."""
    return Decimal(value) if isinstance(value, int) else Decimal(repr(value))


def plain(number: Decimal) -> str:
    """``number`` in digits, without an exponent; whole numbers without decimals."""
    return str(int(number)) if number == number.to_integral_value() else f"{number:f}"


def is_number(value: Json) -> bool:
    """Whether ``value`` is a JSON number at all; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _read_digits(text: str) -> Iterator[Reading]:
    parts, marks = _MARK.split(text), _MARK.findall(text)
    if not marks:
        yield from _reading(text, "")
        return
    if _are_groups(parts, marks) and not _is_address(parts, marks):
        yield from _reading("".join(parts), "", group=marks[0])
    *groups, last = marks
    grouped = not groups or (_are_groups(parts[:-1], groups) and groups[0] != last)
    if last in ".,\u066b" and grouped:
        yield from _reading("".join(parts[:-1]), parts[-1], point=last, group=groups[0] if groups else "")


def _reading(whole: str, decimals: str, *, point: str = "", group: str = "") -> Iterator[Reading]:
    try:
        yield Reading(Decimal(f"{whole}.{decimals}" if decimals else whole), point, group)
    except InvalidOperation:
        return


def _are_groups(parts: Sequence[str], marks: Sequence[str]) -> bool:
    """Whether the parts are groups of three digits, or of two before the last as in India."""
    mark, sizes = marks[0], [len(part) for part in parts]
    if mark == "\u066b" or any(each != mark for each in marks) or int(parts[0][0]) == 0 or sizes[-1] != 3:
        return False
    middle = set(sizes[1:-1])
    return (sizes[0] <= 3 and middle <= {3}) or (mark in ",\u066c" and sizes[0] <= 2 and middle == {2})


def _is_address(parts: Sequence[str], marks: Sequence[str]) -> bool:
    return len(parts) == 4 and marks[0] == "." and all(int(part) <= 255 for part in parts)


def _scaled(number: Decimal, shift: int, negative: bool) -> Decimal:
    """Arithmetic of decimals rounds; this does not."""
    sign, digits, exponent = number.as_tuple()
    return Decimal((int(negative), digits, int(exponent) + shift)) if shift or negative else number


def _in_words(text: str) -> Decimal | None:
    if not _IN_WORDS.fullmatch(text):
        return None
    total, part, last = 0, 0, 10**9
    for word in text.casefold().replace("-", " ").split():
        if word == "and":
            continue
        if (power := _SCALES.get(word)) is not None:
            scale = 10**power
            if power == 2:
                if part >= 100:
                    return None
                part, last = (part or 1) * 100, 100
            elif total % (scale * 1000):
                return None
            else:
                total, part, last = total + (part or 1) * scale, 0, scale
            continue
        number = _SMALL.get(word) or _TENS[word]
        # "twenty five" and "hundred five" go on, "five twenty" and "two three" do not.
        if last < 100 and not (word in _SMALL and number < 10 and last >= 20 and last % 10 == 0):
            return None
        part, last = part + number, number
    return Decimal(total + part)
