"""Signs, cases and marks that make two requests two, and those that nobody sees."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cache.examples.accounting import Known, account, as_described
from cache.examples.signs import telling_signs
from cache.examples.wording import words_of, words_of_text
from cache.templates.scripts import UNSEEN
from cache.templates.templates import make_template
from orra.base.strictjson import Json

DOOR = {"door": "D7"}


def settles(example: str, asked: str, params: dict[str, Json] = DOOR) -> bool:
    """Whether the example accounts for all of the request."""
    known, words = (words_of(make_template(text, params)) for text in (example, asked))
    return account(words, Known((known,))).settled


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Mark D7 :open", "Mark D7 open"),
        ("Open /D7", "Open D7"),
        ("Open D7/", "Open D7"),
        ("Rate D7 B-", "Rate D7 B"),
        ("Cut D7 to 6'", 'Cut D7 to 6"'),
        ("Open D7 ?", "Open D7"),
        ("افتح D7؟", "افتح D7"),
        ("Άνοιξε D7;", "Άνοιξε D7"),
        ("Բացիր D7՞", "Բացիր D7"),
        ("// Open D7", "Open D7"),
        ("Open D7 :(", "Open D7 :)"),
        ("Move D7 to UK", "Move D7 to uk"),
    ],
)
def test_a_sign_that_says_something_makes_another_request(one: str, other: str) -> None:
    assert not settles(one, other)
    assert not settles(other, one)
    assert make_template(one, DOOR).key != make_template(other, DOOR).key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Open D7", "Open D7."),
        ("Open door D7", "Open\u200b door D7"),
        ("Open door D7", "O\u00adpen door\u2060 D7"),
        ("פתח D7", "\u202bפתח\u202c \u2068D7\u2069"),
        ("بافتح D7", "با\u0640فتح D7"),
        ("दरवाज़ा खोलो D7", "दरवाज़ा खोलो D7।"),
        ("Open D7 ❤", "Open D7 ❤\ufe0f"),
    ],
)
def test_what_nobody_sees_makes_none(one: str, other: str) -> None:
    assert make_template(one, DOOR).key == make_template(other, DOOR).key
    assert settles(one, other)


@given(st.text(alphabet="ab 7.,;:!?-/'\"()", max_size=30), st.sampled_from(sorted(UNSEEN)))
def test_a_mark_that_nobody_sees_changes_no_words(text: str, mark: str) -> None:
    assert words_of_text(text + " " + mark + "end") == words_of_text(text + " end")


@given(st.text(max_size=40))
def test_telling_signs_stand_in_the_text(text: str) -> None:
    assert all(0 <= place < len(text) for place in telling_signs(text))


@pytest.mark.parametrize(
    ("action", "value", "found"),
    [
        ("Limit to 5 Mb", "5 MB", False),
        ("Limit to 5 MB", "5 MB", True),
        ("Set it to MW", "mW", False),
        ("Write to ANA DE SOUSA", "Ana De Sousa", True),
        ("Set level 10² now", "102", False),
        ("Go to Oslo", "oslo", True),
    ],
)
def test_a_unit_in_another_case_is_another_value(action: str, value: str, *, found: bool) -> None:
    assert bool([slot for slot in make_template(action, {"value": value}).slots if slot.path]) is found


@pytest.mark.parametrize(
    ("described", "asked", "settled"),
    [
        ("Send to US", "Send D7 to US", True),
        ("Send to US", "Send D7 to us", False),
        ("Hand over to IT", "Hand D7 over to it", False),
        ("SEND TO US", "Send D7 to us", True),
        ("Send to us", "Send D7 to US", False),
    ],
)
def test_a_description_in_capitals_means_no_word_that_says_nothing(
    described: str, asked: str, *, settled: bool
) -> None:
    words = words_of(make_template(asked, DOOR))
    known = Known(described=as_described(words_of_text(described)))
    assert account(words, known).settled is settled
