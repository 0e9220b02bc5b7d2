"""Values that an action holds in its own text: numbers, ids, money, dates, times, addresses, quotations.

Everything here runs on hostile text, so every pattern starts at the border of a run and is possessive or bounded:
the time is linear in the length of the text. Units and currencies stay outside a literal, in the words around it,
because "5 kg" and "5 lb" must not look alike.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from orra.base.strictjson import Json

MAX_DIGITS = 300

# Scripts that put no space between words: there each character is a token, and digits beside it stand alone.
UNSPACED = (
    "\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
)
NUMBER_WORDS = {
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
    "thirteen": 13,
    "fourteen": 14,
    "fifteen": 15,
    "sixteen": 16,
    "seventeen": 17,
    "eighteen": 18,
    "nineteen": 19,
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
}


@dataclass(frozen=True)
class Literal:
    """``name`` is the kind with what must not vary: ``#number``, ``#email``, ``#id:ord`` (ids keep their
    prefix)."""

    start: int
    end: int
    kind: str
    name: str


def find_literals(text: str) -> list[Literal]:
    """The literals of ``text`` from left to right; none overlaps another, but quotations may hold others."""
    found: list[Literal] = []
    for match in _QUOTED.finditer(text):
        found.append(Literal(match.start(), match.end(), "quoted", "#quoted"))
    for match in _ATOMIC.finditer(text):
        kind = _kinds[match.lastgroup or ""]
        if kind == "id" and not any(map(str.isdigit, match.group())):
            continue
        name = "#" + kind
        if kind == "id" and (prefix := id_prefix(match.group())):
            name += ":" + prefix.casefold()
        found.append(Literal(match.start(), match.end(), kind, name))
    found.sort(key=lambda literal: (literal.start, -literal.end))
    return found


def parse_number(text: str) -> Decimal | None:
    """The number that ``text`` spells ("1,000", "-2.50", "seven"), or None when it spells none or an unclear
    one."""
    if (word := NUMBER_WORDS.get(text.casefold())) is not None:
        return Decimal(word)
    if len(text) > MAX_DIGITS or not _CLEAR_NUMBER.fullmatch(text):
        return None
    try:
        return Decimal(text.replace(",", "").replace("−", "-"))
    except InvalidOperation:
        return None


def id_prefix(raw: str) -> str:
    """The letters that tell what an id is of: ``ORD`` of ``ORD-17``, nothing of ``#1234`` or ``a1b2c3``."""
    match = _PREFIXED_ID.fullmatch(raw)
    return match.group(1) if match else ""


def spellings(kind: str, raw: str) -> dict[str, Json]:
    """What a planner may write for a literal that stands as ``raw`` in the action, by the name of the spelling.

    The same name for another literal of the same kind gives what it would have written there.
    """
    found: dict[str, Json] = {"raw": raw}
    bare = raw
    if kind == "quoted":
        bare = raw[1:-1].strip()
    elif kind == "id":
        bare = raw.lstrip("#№").lstrip()
    if bare and bare != raw:
        found["bare"] = bare
    if kind not in ("number", "money") and not (kind == "id" and bare.isdecimal()):
        return found
    number = parse_number(bare)
    if number is not None:
        whole = number == number.to_integral_value()
        found["number"] = int(number) if whole else float(number)
        found["digits"] = str(int(number)) if whole else str(number)
    return found


def sentinel(kind: str, raw: str, serial: int) -> str:
    """A made-up literal of the same kind and prefix as ``raw``, unlike any that people write."""
    made = {
        "number": f"{7_301_000_000 + serial}",
        "money": f"{7_301_000_000 + serial}",
        "date": f"{7301 + serial}-03-19",
        "time": f"07:30:{serial:02}",
        "email": f"sentinel{7_301_000_000 + serial}@orra.invalid",
        "url": f"https://sentinel{7_301_000_000 + serial}.orra.invalid/",
        "uuid": f"5e971e10-0000-4000-8000-{serial:012x}",
        "hash": f"5e971e10{serial:032x}",
        "quoted": f"{raw[:1]}sentinel{7_301_000_000 + serial}{raw[-1:]}",
    }.get(kind)
    if made is not None:
        return made
    if match := _PREFIXED_ID.fullmatch(raw):
        return f"{raw[: match.start(2)]}{7_301_000_000 + serial}"
    if (bare := raw.lstrip("#№").lstrip()).isdecimal():
        return raw[: len(raw) - len(bare)] + str(7_301_000_000 + serial)
    return f"S3N{serial}T1N3L"


def _pattern() -> tuple[re.Pattern[str], dict[str, str]]:
    word = rf"[^\W{UNSPACED}]"
    start, end = rf"(?<!{word})", rf"(?!{word})"
    gap = r"\s{1,3}"
    month = (
        r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
        r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
    )
    # "march" and "may" alone are more often verbs.
    month_alone = "january|february|april|june|july|august|september|october|november|december"
    weekday = "(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
    day = r"\d{1,2}(?:st|nd|rd|th)?"
    symbol = "[$€£¥₹₩₽₺₫฿]"
    currency = "(?:usd|eur|gbp|jpy|chf|cad|aud|cny|inr|dollars?|bucks|euros?|pounds?|yen|rupees?|cents?)"
    numeral = r"\d++(?:[.,]\d++)*+"
    unit = (
        "(?:st|nd|rd|th|s|k|m|x|h|hrs?|mins?|secs?|ms|kg|g|mg|mcg|µg|lbs?|oz|km|cm|mm|mi|ft|in|l|ml|dl|gb|mb|kb|tb"
        "|gib|mib|kib|[kmg]bps|px|pt|kwh?|hz|[kmg]hz|iu|bn|mn)"
    )
    # Tried in this order at every place; the first that fits wins.
    patterns = (
        ("url", rf"{start}(?:(?:https?|s?ftp|wss?)://|www\.)[^\s<>\"”»]*[^\s<>\"”».,;:!?)\]}}'’]"),
        ("email", r"(?<![\w.+%-])[\w.+%-]++@[\w-]++(?:\.[\w-]++)++"),
        ("uuid", rf"{start}[0-9a-f]{{8}}-(?:[0-9a-f]{{4}}-){{3}}[0-9a-f]{{12}}{end}"),
        ("hash", rf"{start}(?:0x)?(?=[a-f]*+\d)(?=\d*+[a-f])[0-9a-f]{{12,128}}+{end}"),
        (
            "date",
            rf"{start}\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}"
            rf"(?:[t ]\d{{2}}:\d{{2}}(?::\d{{2}}(?:\.\d{{1,9}})?)?(?:z|[+-]\d\d:\d\d)?)?{end}",
        ),
        ("date", rf"{start}(?:19|20)\d{{2}}-(?:0[1-9]|1[0-2]){end}(?!-\d)"),
        ("date", rf"{start}\d{{1,2}}(?P<separator>[-/.])\d{{1,2}}(?P=separator)(?:\d{{4}}|\d{{2}}){end}"),
        ("date", rf"{start}{month}\.?{gap}{day}(?:,?{gap}\d{{4}})?{end}(?![.:]\d)"),
        ("date", rf"{start}{day}{gap}(?:of{gap})?{month}(?:,?{gap}\d{{4}})?{end}"),
        ("date", rf"{start}{month}{gap}\d{{4}}{end}"),
        ("date", rf"{start}(?:(?:next|last|this){gap})?{weekday}{end}"),
        ("date", rf"{start}(?:next|last|this){gap}(?:week(?:end)?|month|quarter|year){end}"),
        ("date", rf"{start}(?:today|tonight|tomorrow|yesterday|{month_alone}){end}"),
        ("time", rf"{start}\d{{1,2}}:\d{{2}}(?::\d{{2}})?(?:\s?[ap](?:m|\.m\.?))?{end}"),
        ("time", rf"{start}\d{{1,2}}\s?[ap](?:m|\.m\.?){end}"),
        ("time", rf"{start}(?:noon|midnight){end}"),
        ("id", rf"{start}\d++(?:[-/]\d++){{2,}}+{end}"),
        (
            "money",
            rf"(?:(?<={symbol})|(?<={symbol}\s)|(?<=(?:usd|eur|gbp|jpy|chf)\s)){numeral}(?:{end}|(?=(?:[kmb]|[mb]n){end}))",
        ),
        ("money", rf"{start}{numeral}(?=\s?(?:{symbol}|{currency}{end}))"),
        ("number", rf"(?:(?<=[\s(\[:=])|(?<!.))[-+−]{numeral}(?:{end}|(?={unit}{end}))"),
        ("number", rf"{start}{numeral}(?:{end}|(?={unit}{end}))"),
        # "two-factor" is a word of its own.
        ("number", rf"{start}(?<!-)(?:{'|'.join(NUMBER_WORDS)}){end}(?!-\w)"),
        # Any run of word characters: find_literals keeps those that hold a digit.
        ("id", rf"(?:#|№\s?)?{start}{word}++(?:[-_/.:]{word}++)*+"),
    )
    groups = "|".join(f"(?P<k{index}>{pattern})" for index, (_, pattern) in enumerate(patterns))
    names = {f"k{index}": kind for index, (kind, _) in enumerate(patterns)}
    return re.compile(groups, re.IGNORECASE), names


_ATOMIC, _kinds = _pattern()
_QUOTED = re.compile(
    r"\"[^\"\n]{1,400}+\"|“[^“”\n]{1,400}+”|„[^„“”\n]{1,400}+[“”]|«[^«»\n]{1,400}+»|「[^「」\n]{1,400}+」"
    r"|`[^`\n]{1,400}+`|(?<!\w)'[^'\n]{1,400}+'(?!\w)|(?<!\w)‘[^‘’\n]{1,400}+’(?!\w)"
)
_CLEAR_NUMBER = re.compile(r"[-+−]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?")
_PREFIXED_ID = re.compile(r"[#№]?\s?([^\W\d_]+)[-_/.:]?(\d+(?:[-_/.]\d+)*)")
