from __future__ import annotations

import json

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
