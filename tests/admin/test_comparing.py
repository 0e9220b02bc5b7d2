from __future__ import annotations

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planengine.admin.parts.comparing import MAX_LINES_SHOWN, Line, compare

lines = st.lists(st.sampled_from("abcdefgh"), max_size=40)


def of(shown: list[Line], *kinds: str) -> list[str]:
    return [line.text for line in shown if line.kind in kinds]


@given(lines, lines)
def test_what_was_taken_out_and_put_in_adds_up(before: list[str], after: list[str]) -> None:
    shown = compare("\n".join(before), "\n".join(after))

    assert (shown == []) == (before == after)
    for kind, text in (("removed", before), ("added", after)):
        left = list(text)
        for gone in of(shown, kind):
            left.remove(gone)
        unchanged = len(left)
        assert unchanged >= len(of(shown, "same"))
    assert len(before) - len(of(shown, "removed")) == len(after) - len(of(shown, "added"))


def test_only_lines_near_a_change_are_shown() -> None:
    before = [f"line {number}" for number in range(100)]
    after = [*before[:50], "new", *before[50:]]

    shown = compare("\n".join(before), "\n".join(after))

    assert [(line.kind, line.text) for line in shown] == [
        ("gap", "47 equal lines"),
        *(("same", f"line {number}") for number in (47, 48, 49)),
        ("added", "new"),
        *(("same", f"line {number}") for number in (50, 51, 52)),
        ("gap", "47 equal lines"),
    ]


def test_between_two_changes_lines_are_left_out_too() -> None:
    before = [f"line {number}" for number in range(20)]
    after = ["first", *before[1:19], "last"]

    shown = compare("\n".join(before), "\n".join(after))

    assert of(shown, "removed") == ["line 0", "line 19"] and of(shown, "added") == ["first", "last"]
    assert of(shown, "gap") == ["12 equal lines"]


@pytest.mark.parametrize("text", ["a", "{}"])
def test_huge_texts_are_cut_and_their_lines_are_not_matched(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = "\n".join(f"{text}{number % 7}" for number in range(60_000))
    after = "\n".join(f"{text}{number % 5}" for number in range(60_000))
    monkeypatch.setattr(difflib, "SequenceMatcher", None)  # its time grows with the square of what is repeated

    shown = compare(before, after)

    assert len(shown) == MAX_LINES_SHOWN + 1
    assert shown[-1].text.endswith("more lines differ")


def test_what_hides_is_spelt_out_and_long_lines_are_cut() -> None:
    [line] = compare("", f"a\u202eb{'x' * 10_000}")

    assert line.kind == "added" and "⟨U+202E⟩" in line.text and len(line.text) < 500
