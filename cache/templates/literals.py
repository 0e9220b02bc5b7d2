"""Values that an action holds in its own text: numbers, ids, money, dates, times, addresses, quotations.

Everything here runs on hostile text, so every pattern starts at the border of a run and is possessive or bounded:
the time is linear in the length of the text. Units and currencies stay outside a literal, in the words around it,
because "5 kg" and "5 lb" must not look alike.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from cache.templates.dates import ENGLISH_MONTH, MONTH, only_date
from cache.templates.numbers import (
    MARKS,
    MONEY_MULTIPLIER,
    MULTIPLIER,
    NUMBER_WORDS,
    NUMERAL,
    as_json,
    only_reading,
    plain,
)
from cache.templates.scripts import ENDING, JOINING, UNSPACED
from orra.base.strictjson import Json


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
        if kind == "id" and not any(map(str.isdecimal, match.group())):  # "m²" is a word
            continue
        name = "#" + kind
        if kind == "id" and (prefix := id_prefix(match.group())):
            name += ":" + prefix.casefold()
        found.append(Literal(match.start(), match.end(), kind, name))
    found.sort(key=lambda literal: (literal.start, -literal.end))
    return found


def cuts_a_literal(action: str, span: tuple[int, int], atoms: Sequence[Literal]) -> bool:
    """Whether ``span`` begins or ends inside one of ``atoms``, which are in order and do not overlap: 17 is no
    part of ORD-17, but 1234 is all of #1234."""
    for edge in span:
        at = bisect_left(atoms, edge, key=lambda literal: literal.start) - 1
        if at < 0 or edge >= atoms[at].end:
            continue
        if edge == span[1] or action[atoms[at].start : edge].strip() not in _NUMBER_SIGNS:
            return True
    return False


def id_prefix(raw: str) -> str:
    """The letters that tell what an id is of: ``ORD`` of ``ORD-17``, nothing of ``#1234`` or ``a1b2c3``."""
    match = _PREFIXED_ID.fullmatch(raw)
    return match.group(1) if match else ""


def spellings(kind: str, raw: str) -> dict[str, Json]:
    """What a planner may write for a literal that stands as ``raw`` in the action, by the name of the spelling.

    The same name for another literal of the same kind gives what it would have written there.
    """
    day = only_date(raw) if kind == "date" else None
    # First, so that a plan that holds "2031-05-06" holds a date in this form for the next request too.
    found: dict[str, Json] = {"raw": raw} if day is None else {"iso": day, "raw": raw}
    bare = raw
    if kind == "quoted":
        bare = raw[1:-1].strip()
    elif kind == "id":
        bare = raw.lstrip("#№").lstrip()
    if bare and bare != raw:
        found["bare"] = bare
    if kind not in ("number", "money") and not (kind == "id" and bare.isdecimal()):
        return found
    number = only_reading(bare, money=kind == "money")
    if number is not None:
        if (made := as_json(number)) is not None:
            found["number"] = made
        found["digits"] = plain(number)
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
    word = JOINING
    start, end = rf"(?<!{word})", rf"(?!{word})"
    gap = r"\s{1,3}"

    # "march" and "may" alone are more often verbs.
    month_alone = "january|february|april|june|july|august|september|october|november|december"
    weekday = "(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
    day = r"\d{1,2}(?:st|nd|rd|th|º|er|\.)?"
    numeral = NUMERAL
    symbol = "[$€£¥₹₩₽₺₫฿₴₦₱₪₸₾]"
    code = (
        "usd|eur|gbp|jpy|chf|cad|aud|cny|inr|sek|nok|dkk|pln|czk|huf|uah|brl|mxn|zar|krw|thb|sgd|hkd|nzd|ils|aed"
    )
    # Those that are words too count in capitals only.
    capitals = "(?-i:TRY|RON|RUB|BGN|Ft)"
    coin = (
        "dollars?|bucks|euros?|pounds?|yen|rupees?|cents?|yuan|francs?|franken|pesos?|reais|kronor|kroner|kr|zł|złotych"
        "|kč|tl|лв|грн|руб(?:лей|ля|ль)?|р|евро|долларов|ευρώ|euró|eura"
    )
    currency = rf"(?:(?:{code}|{capitals}|{coin}){end}|[円元원]|บาท)"
    prefixed = rf"(?-i:{code.upper()}|TRY|RON|RUB|BGN)"
    # What is paid for one of something has three decimals at times: "$3.459 per gallon" is a number.
    of_each = rf"\s?(?:/|(?:per|pro|par|por|je|za){end})"
    sign = r"(?:(?:(?<=[\s(\[:=])|(?<!.))[-+−])"
    unit = (
        "(?:st|nd|rd|th|s|m|x|h|hrs?|mins?|secs?|ms|kg|g|mg|mcg|µg|lbs?|oz|km|cm|mm|mi|ft|in|l|ml|dl|gb|mb|kb|tb"
        "|gib|mib|kib|[kmg]bps|px|pt|kwh?|hz|[kmg]hz|iu|bn|mn)"
    )
    not_url = rf"\s<>\"”»{UNSPACED}。、，！？；：（）」』】"
    glued = rf"{prefixed}{numeral}{MONEY_MULTIPLIER}?{end}(?![-_/:]{word})"
    # Tried in this order at every place; the first that fits wins.
    patterns = (
        ("url", rf"{start}(?:(?:https?|s?ftp|wss?)://|www\.)[^{not_url}]*[^{not_url}.,;:!?)\]}}'’]"),
        ("email", rf"(?<![.+%-])(?<!{word})(?:{word}|[.+%-])++@(?:{word}|-)++(?:\.(?:{word}|-)++)++"),
        ("uuid", rf"{start}[0-9a-f]{{8}}-(?:[0-9a-f]{{4}}-){{3}}[0-9a-f]{{12}}{end}"),
        ("hash", rf"{start}(?:0x)?(?=[a-f]*+\d)(?=\d*+[a-f])[0-9a-f]{{12,128}}+{end}"),
        (
            "date",
            rf"{start}\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}"
            rf"(?:[t ]\d{{2}}:\d{{2}}(?::\d{{2}}(?:\.\d{{1,9}})?)?(?:z|[+-]\d\d:\d\d)?)?{end}",
        ),
        ("date", rf"{start}(?:19|20)\d{{2}}-(?:0[1-9]|1[0-2]){end}(?!-\d)"),
        ("date", rf"{start}\d{{1,2}}(?P<separator>[-/.])\d{{1,2}}(?P=separator)(?:\d{{4}}|\d{{2}}){end}"),
        ("date", rf"{start}\d{{4}}\s?[年년]\s?\d{{1,2}}\s?[月월]\s?\d{{1,2}}\s?[日일]"),
        ("date", rf"{start}\d{{1,2}}\.\s?\d{{1,2}}\.\s?\d{{4}}{end}"),
        ("date", rf"{start}{ENGLISH_MONTH}\.?{gap}{day}(?:,?{gap}\d{{4}})?{end}(?![.:]\d)"),
        ("date", rf"{start}{day}{gap}(?:de{gap})?{MONTH}\.?{gap}(?:de{gap})?\d{{4}}{end}"),
        ("date", rf"{start}{day}{gap}(?:of{gap})?{ENGLISH_MONTH}(?:,?{gap}\d{{4}})?{end}"),
        ("date", rf"{start}{ENGLISH_MONTH}{gap}\d{{4}}{end}"),
        ("date", rf"{start}(?:(?:next|last|this){gap})?{weekday}{end}"),
        ("date", rf"{start}(?:next|last|this){gap}(?:week(?:end)?|month|quarter|year){end}"),
        ("date", rf"{start}(?:today|tonight|tomorrow|yesterday|{month_alone}){end}"),
        ("time", rf"{start}\d{{1,2}}:\d{{2}}(?::\d{{2}})?(?:\s?[ap](?:m|\.m\.?))?{end}"),
        ("time", rf"{start}\d{{1,2}}\s?[ap](?:m|\.m\.?){end}"),
        ("time", rf"{start}(?:noon|midnight){end}"),
        ("id", rf"{start}\d++(?:[-/]\d++){{2,}}+{end}"),
        (
            "money",
            rf"(?:(?<={symbol})|(?<={symbol}\s)|(?<=(?:{code})\s)|(?<={prefixed}\s)|(?<={prefixed})(?<!{word}{{4}}))"
            rf"{numeral}(?:{MONEY_MULTIPLIER}|{end})(?!{of_each})",
        ),
        ("money", rf"{sign}?{start}{numeral}{MONEY_MULTIPLIER}?+(?=\s?(?:{symbol}|{currency})(?!{of_each}))"),
        ("number", rf"{sign}{numeral}(?:{MULTIPLIER}|{end}|(?={unit}{end}))"),
        ("number", rf"{start}{numeral}(?:{MULTIPLIER}|{end}|(?={unit}{end}))"),
        ("number", rf"{start}(?<!-)(?:{NUMBER_WORDS})"),
        # Any run of word characters: find_literals keeps those that hold a digit.
        (
            "id",
            rf"(?!(?:#|№\s?)\d++[{MARKS}]\d)(?:#|№\s?)?{start}(?!{glued}){word}++(?:[-_/.:](?!{ENDING}){word}++)*+",
        ),
    )
    groups = "|".join(f"(?P<k{index}>{pattern})" for index, (_, pattern) in enumerate(patterns))
    names = {f"k{index}": kind for index, (kind, _) in enumerate(patterns)}
    return re.compile(groups, re.IGNORECASE), names


_NUMBER_SIGNS = ("#", "№")
_ATOMIC, _kinds = _pattern()
_QUOTED = re.compile(
    r"\"[^\"\n]{1,400}+\"|“[^“”\n]{1,400}+”|„[^„“”\n]{1,400}+[“”]|«[^«»\n]{1,400}+»|「[^「」\n]{1,400}+」"
    r"|`[^`\n]{1,400}+`|(?<!\w)'[^'\n]{1,400}+'(?!\w)|(?<!\w)‘[^‘’\n]{1,400}+’(?!\w)"
)
_PREFIXED_ID = re.compile(r"[#№]?\s?([^\W\d_]+)[-_/.:]?(\d+(?:[-_/.]\d+)*)")
