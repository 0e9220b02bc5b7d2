"""The words and signs that examples are compared by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cache.examples.wording import content, is_free_literal, is_slot, words_of, words_of_text
from cache.templates.templates import make_template

NAMES = st.from_regex(r"[a-z]{1,8}(_[a-z]{1,5})?", fullmatch=True)
TEXTS = st.text(max_size=60)


@given(TEXTS)
def test_no_text_can_pose_as_a_slot(text: str) -> None:
    assert not any(map(is_slot, words_of_text(text)))


@given(NAMES, st.sampled_from(["Refund {%s} now", "{%s}", "{ %s }", "a{%s}b", "{#%s}", "{{%s}}", "{\n%s\n}"]))
def test_braces_in_a_text_are_signs_of_their_own(name: str, posing: str) -> None:
    words = words_of_text(posing % name)

    assert not any(map(is_slot, words))
    assert {"{", "}"} <= set(words)


@given(TEXTS, st.sampled_from(["ORD-17", "x9", "17", "Möbel", "東京"]))
def test_the_slots_of_a_template_are_all_there_is_in_braces(before: str, value: str) -> None:
    template = make_template(f"{before} {value}", {"order_id": value})

    slots = [word for word in words_of(template) if is_slot(word)]

    assert slots == ["{" + slot.name + "}" for slot in template.slots]
    assert not any(map(is_slot, content(words_of(template))))


@given(TEXTS)
def test_a_word_is_never_empty_and_holds_no_white_space(text: str) -> None:
    assert all(word and not any(map(str.isspace, word)) for word in words_of_text(text))


@given(
    st.lists(
        st.sampled_from(["refund", "cancel", "the", "Order", "MW", "mW", "не", "всё", "送", "₿", "✅"]),
        min_size=1,
        max_size=8,
    )
)
def test_commas_and_full_stops_add_no_word(words: list[str]) -> None:
    spaced = words_of_text(" ".join(["so", *words]))
    assert words_of_text(", ".join(["so", *words])) == spaced
    assert words_of_text(f"({' - '.join(['so', *words])})") == spaced


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Refund the order", "refund the order"),
        ("refund The order", "refund The order"),
        ("Send it. Then refund", "send it then refund"),
        ("Send it: Refund first", "send it refund first"),
        ("Send it\nRefund first", "send it refund first"),
        ("Is it paid? Refund it", "is it paid ? refund it"),
        ("PIN of the card", "PIN of the card"),
        ("mW and MW", "mW and MW"),
        ("McDonald's menu", "McDonald's menu"),
        ("I pay. A refund", "i pay a refund"),
        ("Don't refund", "don't refund"),
        ("Don’t refund", "don't refund"),
        ("¿Cancelar? ¡Sí!", "¿ cancelar ? sí"),
        ("Größe ÄNDERN", "größe ÄNDERN"),
        ("Ä Ö", "Ä Ö"),
        ("Wypłać środki", "wypłać środki"),
        ("ﬁnd", "find"),
        ("取消订单", "取 消 订 单"),
        ("भेजो रोको", "भेजो रोको"),
        ("ลบ", "ล บ"),
        ("a ✅ b ❌", "a ✅ b ❌"),
        ("x && y || z", "x & & y | | z"),
        ("total >= 5 %", "total > = 5 %"),
    ],
)
def test_case_is_kept_but_where_a_sentence_begins(text: str, words: str) -> None:
    assert words_of_text(text) == tuple(words.split())


def test_a_sentence_does_not_begin_behind_a_slot() -> None:
    template = make_template("x9 Polish", {"item": "x9"})
    assert words_of(template) == ("{item}", "Polish")


def test_a_literal_that_no_param_holds_is_told_from_a_param() -> None:
    template = make_template("Refund ORD-17 with 5", {"order": "ORD-17"})

    words = words_of(template)

    assert words == ("refund", "{order}", "with", "{#number}")
    assert [is_free_literal(word) for word in words] == [False, False, False, True]
