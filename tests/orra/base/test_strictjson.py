from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orra.base.strictjson import InvalidJson, Json, canonical, check, parse, same, type_of

storable_text = st.text(st.characters(exclude_characters="\x00", codec="utf-8"), max_size=20)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | storable_text
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(storable_text, inner, max_size=4)
)


@given(values)
def test_what_json_writes_is_read_back(value: Json) -> None:
    assert same(parse(json.dumps(value)), value)
    assert same(parse(canonical(value)), value)


@given(values, values)
def test_canonical_text_is_equal_exactly_for_equal_values(left: Json, right: Json) -> None:
    assert same(left, right) == (canonical(left) == canonical(right))


@given(st.text() | st.binary())
def test_nothing_but_the_declared_error(text: str | bytes) -> None:
    try:
        check(parse(text))
    except InvalidJson as error:
        assert error.code


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        (1, 1.0, True),
        (1, "1", False),
        (1, True, False),
        (0, False, False),
        (None, False, False),
        ([1, 2], [2, 1], False),
        ({"a": 1, "b": 2}, {"b": 2.0, "a": 1}, True),
        ({"a": 1}, {"a": 1, "b": None}, False),
    ],
)
def test_equality_is_jsons_own(left: Json, right: Json, equal: bool) -> None:
    assert same(left, right) is equal
    assert same(right, left) is equal


def test_depth_is_bounded_where_it_says() -> None:
    assert parse("[" * 5 + "]" * 5, max_depth=5) == [[[[[]]]]]
    with pytest.raises(InvalidJson) as caught:
        parse("[" * 6 + "]" * 6, max_depth=5)
    assert caught.value.code == "json_too_deep"


def test_whole_floats_are_integers() -> None:
    assert (type_of(2.0), type_of(2.5), type_of(True), type_of(None)) == ("integer", "number", "boolean", "null")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", 0.1),
        ("0.10", 0.1),
        ("-2.50e1", -25),
        ("5e-324", 5e-324),
        ("0.30000000000000004", 0.30000000000000004),
        ("1e23", 10**23),
        ("9007199254740993.0", 9007199254740993),
        ("-123456789012345678901234567890.00", -123456789012345678901234567890),
        ("1.5E300", 15 * 10**299),
    ],
)
def test_numbers_keep_every_digit(text: str, value: Json) -> None:
    assert same(parse(text), value)
    assert parse(canonical(parse(text))) == parse(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1.000000000000000001", "number_too_precise"),
        ("0.12345678901234567891", "number_too_precise"),
        ("4503599627370496.5", "number_too_precise"),
        ("-98765432109876543.21", "number_too_precise"),
        ("1e-400", "number_too_precise"),
        ("1e-9999999999999999999999", "number_too_precise"),
        ("0." + "1" * 100_000, "number_too_precise"),
        ("1e400", "number_too_large"),
        ("1e9999999999999999999999", "number_too_large"),
        ("1" * 310, "number_too_large"),
    ],
)
def test_numbers_that_would_lose_digits_are_refused(text: str, code: str) -> None:
    with pytest.raises(InvalidJson) as caught:
        parse(text)
    assert caught.value.code == code and len(str(caught.value)) < 200
    assert code != "number_too_precise" or "Send it as text" in str(caught.value)


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_number_is_exact_or_refused(number: Decimal) -> None:
    text = str(number).replace("E+", "e")
    try:
        read = parse(text)
    except InvalidJson as error:
        assert error.code in ("number_too_precise", "number_too_large")
    else:
        assert Decimal(repr(read)) == number
