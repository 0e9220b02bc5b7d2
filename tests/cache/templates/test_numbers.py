from __future__ import annotations

import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cache.templates.literals import find_literals, spellings
from cache.templates.numbers import agreed, as_json, decimal_of, only_reading, plain, read, readings

# As formatters write numbers: the mark between groups, the decimal point, the first digit, groups as in India.
LOCALES = {
    "en-US": (",", ".", "0", False),
    "de-DE": (".", ",", "0", False),
    "fr-FR": ("\u202f", ",", "0", False),
    "sv-SE": ("\u00a0", ",", "0", False),
    "de-CH": ("’", ".", "0", False),
    "en-IN": (",", ".", "0", True),
    "hi-IN": (",", ".", "०", True),
    "ar-EG": ("٬", "٫", "٠", False),
    "fa-IR": ("٬", "٫", "۰", False),
    "ja-JP, full width": ("，", "．", "０", False),
    "pt-PT": (" ", ",", "0", False),
    "none": ("", ".", "0", False),
}


def written(number: Decimal, locale: str) -> str:
    group, point, zero, as_in_india = LOCALES[locale]
    whole, _, decimals = f"{abs(number):f}".partition(".")
    head, tail = whole[:-3], whole[-3:]
    groups: list[str] = []
    size = 2 if as_in_india else 3
    while head:
        head, last = head[:-size], head[-size:]
        groups.insert(0, last)
    text = group.join([*groups, tail]) + (point + decimals if decimals else "")
    digits = "".join(chr(ord(zero) + int(char)) if "0" <= char <= "9" else char for char in text)
    return ("-" if number < 0 else "") + digits


numbers = st.decimals(min_value=-(10**12), max_value=10**12, places=None, allow_nan=False).map(
    lambda number: round(number, 3)
) | st.integers(-(10**12), 10**12).map(Decimal)


@given(numbers, st.sampled_from([*LOCALES]))
def test_what_a_formatter_writes_is_among_the_readings(number: Decimal, locale: str) -> None:
    text = written(number, locale)
    assert number in readings(text), text
    if len(readings(text)) == 1:
        assert only_reading(text) == number


@given(numbers, st.sampled_from([locale for locale in LOCALES if locale != "pt-PT"]))
def test_a_number_in_a_text_is_one_literal_with_those_readings(number: Decimal, locale: str) -> None:
    text = written(number, locale)
    (literal,) = find_literals(f"set it to {text} now")
    assert f"set it to {text} now"[literal.start : literal.end] == text
    spelled = spellings(literal.kind, text)
    assert ("number" in spelled) <= (len(readings(text)) == 1)
    if "number" in spelled:
        assert decimal_of(spelled["number"]) == number


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.234", ["1234", "1.234"]),
        ("1,234", ["1234", "1.234"]),
        ("1,234.5", ["1234.5"]),
        ("1.234,50", ["1234.50"]),
        ("1 234,5", ["1234.5"]),
        ("1'234'567.89", ["1234567.89"]),
        ("12,34,567", ["1234567"]),
        ("1.234.567", ["1234567"]),
        ("0.500", ["0.500"]),
        ("0,99", ["0.99"]),
        ("007", ["7"]),
        ("−2.50", ["-2.50"]),
        ("+3", ["3"]),
        ("٣٤", ["34"]),
        ("7.5k", ["7500"]),
        ("3 thousand", ["3000"]),
        ("2,5 Mio", ["2500000"]),
        ("4 lakh", ["400000"]),
        ("30万", ["300000"]),
        ("2億", ["200000000"]),
        ("Seven", ["7"]),
        ("forty-two", ["42"]),
        ("one hundred and five", ["105"]),
        ("three thousand two hundred", ["3200"]),
        ("two million", ["2000000"]),
    ],
)
def test_readings(text: str, expected: list[str]) -> None:
    assert list(readings(text)) == [Decimal(each) for each in expected]


@pytest.mark.parametrize(
    "text",
    ["", " ", "-", "1,2,3", "1.2.3", "10.0.0.1", "192.168.100.200", "1,234,5", "12.34.567,8.9", "1 23", "1'23",
     "5m", "5kg", "ORD-17", "two three", "five twenty", "one", "twelve hundredths", "1e5", "½", "²",
     "9" * 400, "NaN"],
)  # fmt: skip
def test_what_is_no_number(text: str) -> None:
    assert readings(text) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1.500", "1500"), ("1,500", "1500"), ("12,50", "12.50"), ("5m", "5000000"), ("1.5b", "1500000000")],
)
def test_amounts_of_money_have_no_three_decimals(text: str, expected: str) -> None:
    assert readings(text, money=True) == (Decimal(expected),)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["12,50", "1.500"], [["12.50"], ["1500"]]),
        (["1.500", "3,141"], [["1500", "1.500"], ["3141", "3.141"]]),
        (["1,234,567", "1.500"], [["1234567"], ["1.500"]]),
        (["1,234,567", "1,500"], [["1234567"], ["1500"]]),
        (["0.5", "1.500", "1,500"], [["0.5"], ["1.500"], ["1500"]]),
        (["12,50", "12.50", "1.500"], [["12.50"], ["12.50"], ["1500", "1.500"]]),
    ],
)
def test_a_text_writes_its_numbers_in_one_way(texts: list[str], expected: list[list[str]]) -> None:
    found = [[reading.number for reading in each] for each in agreed([read(text) for text in texts])]
    assert found == [[Decimal(each) for each in readings_] for readings_ in expected]


@given(st.text(st.sampled_from("0123456789٣१５.,'’٫٬ \u202f-−+kKmMillionthousand万" + "½²")) | st.text())
def test_reading_never_raises_and_is_exact(text: str) -> None:
    for money in (False, True):
        for number in readings(text, money=money):
            made = as_json(number)
            assert made is None or decimal_of(made) == number
            assert Decimal(plain(number)) == number


@pytest.mark.parametrize(
    "unit", ["1", "1,", "1,234", "1 234 ", "1’234", "two ", "two-", "hundred and ", "5k", "EUR1", "-", "$"]
)
def test_hostile_text_costs_little(unit: str) -> None:
    text = unit * (8000 // len(unit))
    started = time.process_time()
    readings(text)
    find_literals(text)
    assert time.process_time() - started < 3
