from __future__ import annotations

import json
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from orra.operators.display import as_json, as_short_json, brief, visible

TEXT = st.text(st.characters(codec=None), max_size=200)
LIMITS = st.integers(2, 60)


@given(TEXT, LIMITS)
def test_nothing_shown_is_longer_than_it_may_be_or_hides(text: str, limit: int) -> None:
    assert len(visible(text, limit)) <= limit * len("⟨U+10FFFF⟩") + 30
    for shown in (visible(text), brief(text, limit)):
        assert not any(
            unicodedata.bidirectional(letter) in ("RLO", "LRO", "RLI", "LRI", "PDI") for letter in shown
        )
        assert not any(unicodedata.category(letter) == "Cs" for letter in shown)
        assert not {"\x00", "\u200b", "\x1b"} & set(shown)


@given(st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=200))
def test_ordinary_text_is_shown_as_it_is(text: str) -> None:
    assert visible(text) == text


def test_what_was_cut_is_counted() -> None:
    assert visible("x" * 1_010, 10) == "xxxxxxxxxx… (1,000 more characters)"


@given(TEXT, LIMITS)
def test_a_brief_text_is_one_line(text: str, limit: int) -> None:
    assert not {"\n", "\r", "\t"} & set(brief(text, limit))


def test_a_brief_text_says_that_there_is_more() -> None:
    assert brief("one\n  two\tthree", 80) == "one two three"
    assert brief("one two three", 8) == "one two…"
    assert brief("x" + " " * 400 + "y", 8).endswith("…")


@given(st.recursive(st.none() | st.booleans() | st.integers() | TEXT, lambda value: st.lists(value, max_size=3)))
def test_any_json_can_be_shown(value: object) -> None:
    assert as_json(value)
    assert len(as_short_json(value, 40)) <= 40 * len("⟨U+10FFFF⟩")


def test_json_for_reading_keeps_its_letters() -> None:
    assert json.loads(as_json({"städte": ["Åbo", 1.5]})) == {"städte": ["Åbo", 1.5]}
    assert as_short_json("a" * 100, 10) == '"aaaaaaaa…'
