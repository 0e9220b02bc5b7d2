from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cache.templates.templates import Template, TemplateInvalid, fill, make_template

text = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=40)
leaf = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), text)
json_value = st.recursive(
    leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3), max_leaves=6
)
params = st.dictionaries(text, json_value, max_size=4)


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """An action that holds some of its params' values, and braces, numbers and words besides."""
    given_params = draw(params)
    values = [str(value) for value in given_params.values()] or [""]
    pieces = st.one_of(
        st.sampled_from(values),
        st.sampled_from(
            [
                "{",
                "}",
                "{a}",
                " ",
                "  ",
                "\n",
                "from",
                "to",
                "#17",
                "ORD-9",
                '"',
                "é",
                "e\u0301",
                "İ",
                "ﬁ",
                "ß",
                "½",
            ]
        ),
        text,
    )
    return draw(st.lists(pieces, max_size=8).map(draw(st.sampled_from(["", " "])).join)), given_params


def key(action: str, **given_params: Any) -> str:
    return make_template(action, given_params).key


@given(requests())
def test_filling_a_template_with_its_own_values_gives_back_the_action(
    request_: tuple[str, dict[str, Any]],
) -> None:
    action, given_params = request_
    template = make_template(action, given_params)
    assert fill(template, [slot.raw for slot in template.slots]) == action
    assert all(action[slot.start : slot.end] == slot.raw != "" for slot in template.slots)


@given(requests())
def test_a_stored_template_reads_back_equal(request_: tuple[str, dict[str, Any]]) -> None:
    template = make_template(*request_)
    assert Template.from_json(template.to_json()) == template


@given(json_value)
def test_a_damaged_template_is_refused_by_name(value: Any) -> None:
    for stored in (
        value,
        {"action": "refund 5", "slots": value, "fields": []},
        {"action": "a", "slots": [], "fields": value},
    ):
        try:
            Template.from_json(stored)
        except TemplateInvalid as error:
            assert error.code == "invalid_template"


def test_slots_that_overlap_or_leave_the_action_are_refused() -> None:
    stored = make_template("refund 5 of 7", {}).to_json()
    for start, end in ((7, 6), (7, 12), (-1, 3), (10, 99)):
        damaged = {**stored, "slots": [stored["slots"][1], [start, end, "number", "#number", []]]}
        with pytest.raises(TemplateInvalid):
            Template.from_json(damaged)


@pytest.mark.parametrize(
    ("action", "given_params", "shown"),
    [
        ("Refund order ord-17", {"order_id": "ORD-17"}, "Refund order {order_id}"),
        ("Refund order ORD-17", {}, "Refund order {#id:ord}"),
        ("Refund ORD-17", {"quantity": 17}, "Refund {#id:ord}"),
        ("Refund #1234", {"order": 1234}, "Refund #{order}"),
        ("Pay 1,000 now", {"amount": 1000}, "Pay {amount} now"),
        ("Pay 1,000 now", {"amount": 1}, "Pay {amount} now"),
        ("Pay 1.234 now", {"amount": 1234}, "Pay {amount} now"),
        ("Pay 1.234 now", {"amount": 1.234}, "Pay {amount} now"),
        ("Pay 1 234,50 EUR", {"amount": 1234.5}, "Pay {amount} EUR"),
        ("Storniere ORD-17को", {"order": "ORD-17"}, "Storniere {order}को"),
        ("Töröld az ORD-17-et", {"order": "ORD-17"}, "Töröld az {order}-et"),
        ("Pay 5k EUR", {"amount": 5000}, "Pay {amount} EUR"),
        ("Book two seats", {"seats": 2}, "Book {seats} seats"),
        ("Find room 007", {"room": "007", "nights": 7}, "Find room {room}"),
        ("Ship to New  York", {"city": "new york", "state": "York"}, "Ship to {city}"),
        ("Ship to Oslo", {"address": {"city": "Oslo"}}, "Ship to {address.city}"),
        ("Tag it red and blue", {"tags": ["red", "blue"]}, "Tag it {tags.0} and {tags.1}"),
        ("Go to Gary in IN", {"state": "IN"}, "Go to Gary in {state}"),
        ("Say {x} to {y}", {"x": "{x}"}, "Say {x} to {y}"),
        ("Turn it on, true", {"on": True, "nothing": None, "empty": "", "sign": "!"}, "Turn it on, true"),
        ("Write 'Ann owes 5' now", {"who": "Ann"}, "Write '{who} owes {#number}' now"),
        ("Book cafe\u0301 at noon", {"place": "CAFÉ"}, "Book {place} at {#time}"),
        ("Pay 1.0 now", {"amount": 1}, "Pay {amount} now"),
        ("Pay ٣٤ now", {"amount": 34}, "Pay {amount} now"),
        ("१२ आइटम", {}, "{#number} आइटम"),
        ("支払い １２３４ 円", {}, "支払い {#money} 円"),
        ("Refund ＯＲＤ-17", {"order_id": "ORD-17"}, "Refund {order_id}"),
        ("Visit zürich", {"city": "ZU\u0308RICH"}, "Visit {city}"),
        ("Ask Ann, then tell Ann", {"who": "Ann"}, "Ask {who}, then tell {who}"),
        (
            "Ship a box of boxes to Box Hill",
            {"place": "Box Hill", "what": "box"},
            "Ship a {what} of boxes to {place}",
        ),
        ("Pay 10 of 100", {"part": 10, "sum": 100}, "Pay {part} of {sum}"),
        ("Give me 3 nights", {"stay": {"nights": 3}}, "Give me {stay.nights} nights"),
        ("Wait 90 minutes", {}, "Wait {#number} minutes"),
        ("Wait PT1H30M", {}, "Wait {#id}"),
        ("Take 15% off", {}, "Take {#number}% off"),
        ("Say «bonjour», 「やあ」 or „hallo“", {}, "Say {#quoted}, {#quoted} or {#quoted}"),
        ("退订单1234", {"what": "订单"}, "退{what}{#number}"),
    ],
)
def test_values_become_slots(action: str, given_params: dict[str, Any], shown: str) -> None:
    assert make_template(action, given_params).text == shown


def test_a_value_that_fills_the_action_leaves_its_words_there() -> None:
    """However often it stands there."""
    action = "refund the order " * 400
    assert make_template(action, {"query": action.strip()}).slots == ()
    assert len(make_template(action, {"item": "order"}).slots) == 400
    assert make_template("order " * 1_000, {"item": "order"}).slots[998].end < len("order " * 999)
    assert len(make_template("order " * 1_000, {"item": "order"}).slots) == 999


def test_other_values_and_other_typography_share_a_key() -> None:
    assert key("Process order #1234") == key("process  order #5678.")
    assert key("Say “it’s” to Ann", who="Ann") == key('say "it\'s" to Bob!', who="Bob")
    assert key("Pay 5", amount=5) == key("Pay 5.5", amount=5.5)


def test_other_words_kinds_fields_and_types_do_not() -> None:
    asked = key("Refund order 5")
    others = [
        key("Cancel order 5"),
        key("Refund order ORD-5"),
        key("Refund order 5", order=5),
        key("Refund order 5", note="x"),
        key("Refund orders 5"),
    ]
    assert len({asked, *others}) == 6
    assert key("Show it", id=1) != key("Show it", id="1")
    assert key("Refund ORD-5") != key("Refund INV-5")


def test_a_field_cannot_pose_as_a_literal_nor_text_as_a_slot() -> None:
    assert key("Refund 5", **{"#number": 5}) != key("Refund 7", **{"#number": 5})
    assert key("Refund {id}", id="x") != key("Refund x", id="x")


def test_a_param_does_not_hide_what_is_to_be_done() -> None:
    assert key("Approve it", operation="approve") != key("Reject it", operation="reject")
    assert key("Send no mail", how="no") != key("Send any mail", how="any")
    assert key("Set the ticket to open", state="open") == key("Set the ticket to closed", state="closed")


def test_equal_values_are_told_apart_by_the_words_beside_them_or_not_at_all() -> None:
    same_place = {"from": "NYC", "to": "NYC"}
    assert make_template("Fly from NYC to NYC", same_place).text == "Fly from {from} to {to}"
    assert make_template("Fly to NYC from NYC", same_place).text == "Fly to {to} from {from}"
    assert make_template("Flights for NYC", same_place).text == "Flights for {from|to}"
    assert key("Flights for NYC", **same_place) != key("Flights for NYC", **{"from": "NYC", "to": "LON"})


@pytest.mark.parametrize(
    ("unit", "value"), [("a ", "a"), ("ab ", "ab " * 1300 + "c"), ("1 ", 1), ("1,", 1), ("é", "é"), ('"1" ', 1)]
)
def test_hostile_requests_cost_little(unit: str, value: Any) -> None:
    action = unit * (8000 // len(unit))
    many = {f"field{number}": value for number in range(100)} | {"list": [value] * 1000}
    started = time.process_time()
    template = make_template(action, many)
    assert time.process_time() - started < 6  # some 100 ms; a quadratic search takes much longer
    assert fill(template, [slot.raw for slot in template.slots]) == action
    assert len(template.embedding_text) <= 2000


def test_filling_needs_a_value_for_each_slot() -> None:
    with pytest.raises(ValueError, match="1 slots, not 0"):
        fill(make_template("Refund 5", {}), [])


@pytest.mark.parametrize("frame", ["{}", "Please {}", "I want {}", "I need you to {}!", '"{}"'])
def test_a_param_that_is_the_whole_request_does_not_make_all_requests_one(frame: str) -> None:
    wish, other = "find a laptop for college", "cancel my order"

    keys = {make_template(frame.format(text), {"query": text}).key for text in (wish, other)}

    assert len(keys) == 2


def test_a_param_that_is_part_of_the_request_is_a_slot() -> None:
    template = make_template("Search for a laptop for college", {"query": "a laptop for college"})

    assert template.text == "Search for {query}"


@pytest.mark.parametrize(
    ("action", "kind", "shown"),
    [
        ("Book a flight to Oslo", "flight", "Book a flight to {place}"),
        ("Book the Flights to Oslo", "Flights", "Book the Flights to {place}"),
        ("Book a room with a view in Oslo", "room with a view", "Book a {kind} in {place}"),
        ("Book a table in Oslo", "table", "Book a {kind} in {place}"),
    ],
)
def test_a_value_that_tells_one_task_from_another_is_no_slot(action: str, kind: str, shown: str) -> None:
    template = make_template(
        action, {"kind": kind, "place": "Oslo"}, discriminating_terms={"book", "flight", "hotel", "room"}
    )

    assert template.text == shown


@pytest.mark.parametrize(
    ("params", "others", "same"),
    [
        ({"channel": "email"}, {"channel": "SMS"}, False),
        ({"channel": "email"}, {"channel": "Email"}, True),
        ({"channel": "email"}, {"channel": "pigeon post"}, False),
        ({"channel": "pigeon"}, {"channel": "horse"}, True),
        ({"by": {"channel": "email"}}, {"by": {"channel": "SMS"}}, False),
        ({"send_email": True}, {"send_email": False}, False),
        ({"urgent": True}, {"urgent": False}, True),
        ({"note": "send an email or two"}, {"note": "send an SMS or two"}, True),
    ],
)
def test_a_value_that_may_decide_what_is_done_need_not_stand_in_the_action(
    params: dict[str, Any], others: dict[str, Any], same: bool
) -> None:
    discriminating_terms = {"send", "email", "sms", "notify", "customer"}
    one, other = (
        make_template("Tell the customer", each, discriminating_terms=discriminating_terms)
        for each in (params, others)
    )

    assert (one.key == other.key) == same
    assert Template.from_json(one.to_json()) == one


def test_a_value_is_a_slot_where_nothing_is_told_apart_by_it() -> None:
    template = make_template("Book a flight to Oslo", {"kind": "flight", "place": "Oslo"})
    assert template.text == "Book a {kind} to {place}"
