"""What is known of English: phrases, synonyms, slips."""

from __future__ import annotations

import time

import pytest

from cache.imperatives import find_order
from cache.language.phrases import read_phrases, rewrite
from cache.language.qualifiers import may_qualify
from cache.language.slips import mend
from cache.language.spelling import is_slip
from cache.language.synonyms import is_known, say_the_same


def rewritten(text: str) -> str:
    words = text.split()
    at, said = 0, []
    for start, end, means in rewrite(words):
        said += [*words[at:start], *means]
        at = end
    return " ".join([*said, *words[at:]])


def test_phrases_are_read_with_their_variants() -> None:
    assert read_phrases("a|b c? > d\ne >") == {
        ("a", "c"): ("d",),
        ("a",): ("d",),
        ("b", "c"): ("d",),
        ("b",): ("d",),
        ("e",): (),
    }


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("what is the best way to fold a map", "how fold a map"),
        ("could you show me how to fold a map", "could you how fold a map"),
        ("steps to fold a map", "how fold a map"),
        ("what is the reason for the delay", "why the delay"),
        ("two factor authentication", "2fa"),
        ("thank you in advance", ""),
        ("fold the map", "fold the map"),
    ],
)
def test_the_longest_phrase_is_said_in_other_words(text: str, means: str) -> None:
    assert rewritten(text) == means


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("purchase", "buy"),
        ("refunds", "refunded"),
        ("reservation", "reserve"),
        ("colour", "color"),
        ("organise", "organize"),
        ("installation", "install"),
        ("km", "kilometers"),
        ("databse", "database"),
        ("recieves", "receives"),
    ],
)
def test_words_of_one_meaning(one: str, other: str) -> None:
    assert say_the_same(one, other)
    assert say_the_same(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("damage", "damages"),
        ("dessert", "desert"),
        ("form", "from"),
        ("ethanol", "methanol"),
        ("nitrate", "nitrite"),
        ("sulfide", "sulfate"),
        ("casual", "causal"),
        ("mutable", "immutable"),
        ("email", "notify"),
        ("refund", "return"),
        ("xls", "xlsx"),
        ("diner", "dinner"),
    ],
)
def test_words_that_look_alike_or_are_near_are_apart(one: str, other: str) -> None:
    assert not say_the_same(one, other)
    assert not say_the_same(other, one)


def test_a_slip_is_one_only_where_it_is_no_word() -> None:
    assert is_slip("caledar", "calendar", known={"calendar"}.__contains__)
    assert not is_slip("trail", "trial", known={"trail", "trial"}.__contains__)
    assert is_known("trails")


def test_qualifiers_are_told_by_their_look() -> None:
    assert all(map(may_qualify, ("unpaid", "approved", "new", "weekly")))
    assert not any(map(may_qualify, ("table", "music", "restaurant")))


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("please , order _ should be cancelled", "cancel"),
        ("the parcels for _ need to be sent", "send"),
        ("i want the site deployed on staging", "deploy"),
        ("i would like order _ cancelled", "cancel"),
        ("have order _ cancelled", "cancel"),
        ("cancelling order _", "cancel"),
        ("order _ should not be cancelled", None),
        ("which orders should be cancelled", None),
        ("cancelling order _ is not allowed", None),
        ("have you cancelled order _", None),
        ("i want to see what is cancelled", None),
        ("tell me if order _ must be cancelled", None),
        ("meeting with _", None),
        ("using _ , how read files", None),
        ("", None),
    ],
)
def test_orders_in_other_forms_are_found(text: str, verb: str | None) -> None:
    found = find_order([word.replace("_", "") for word in text.split()])
    assert (found and found[0]) == verb


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("wehn", "when"),
        ("weathr", "weather"),
        ("foreast", "foreast"),  # "forecast" or "forest"
        ("plkaying", "playing"),
        ("weather", "weather"),
        ("kafka", "kafka"),
        ("xyzzy", "xyzzy"),
        ("oslo", "oslo"),
        ("größe", "größe"),
        ("brian", "brian"),
        ("seattle", "seattle"),
        ("hostel", "hostel"),
        ("waiters", "waiters"),
        ("r", "r"),
    ],
)
def test_a_word_is_mended_when_it_can_be_one_known_word_only(word: str, meant: str) -> None:
    assert mend(word) == meant


def test_a_word_too_long_to_be_a_slip_costs_nothing() -> None:
    started = time.process_time()
    assert mend("weathr" * 50_000) == "weathr" * 50_000
    assert time.process_time() - started < 0.1


@pytest.mark.parametrize(("one", "other"), [("hostel", "hotel"), ("hostels", "hotels"), ("dairy", "diary")])
def test_words_that_look_like_slips_of_others_are_none(one: str, other: str) -> None:
    assert not say_the_same(one, other) and not say_the_same(other, one)
