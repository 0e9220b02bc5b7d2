from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cache.templates.templates import make_template
from orra.base.strictjson import Json
from planengine.catalogue.errors import ExamplesInvalid
from planengine.catalogue.examples import (
    MAX_CHARACTERS,
    MAX_EXAMPLES,
    MAX_PLACES,
    MAX_TEXT_CHARACTERS,
    check_examples,
    read_example,
)
from planengine.catalogue.schemas import ObjectSchema, compile_schema
from tests.planengine.shop import NUMBER, TEXT, a_service, an_object

INPUTS = compile_schema(
    an_object(
        {
            "city": TEXT,
            "to": TEXT,
            "guests": {"type": "integer"},
            "amount": NUMBER,
            "currency": {"type": "string", "minLength": 3, "maxLength": 3},
            "stars": {"type": "integer", "minimum": 1, "maximum": 5},
            "share": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
            "order_id": {"type": "string", "examples": ["ORD-1042"]},
            "speed": {"enum": ["standard", "express"]},
            "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
            "labels": {"type": "array", "items": TEXT},
            "rooms": {"type": "array", "items": {"type": "integer"}},
            "anything": True,
            "express": {"type": "boolean"},
            "address": {"type": "object"},
            "nested": {"type": "array", "items": {"type": "array"}},
        }
    )
)


def template_of(example: Json, inputs: ObjectSchema = INPUTS) -> str:
    read = read_example(example, inputs)
    return make_template(read.action, read.params).text


@pytest.mark.parametrize(
    "text",
    [
        "Book a hotel in {city}",
        "fly from {city} to {to}!",
        "{city}'s weather",
        "Pay {amount} euros",
        "Pay {amount} in {currency}",
        "Find a hotel with {stars} stars",
        "Use {share} of it",
        "Refund order {order_id}, {note}",
        "Send it by {speed}",
        "Show {city}, {city} and {to} again",
        "Book for {guests}; label it {anything}",
        "取消{city}的预约",
        "Cancele a reserva «{city}» por {note}",
        "Ä\u0308 {city} žluťoučký {to}",
        "Show everything",
    ],
)
def test_a_text_has_the_template_of_a_request_in_these_words(text: str) -> None:
    assert template_of(text) == text


def test_a_list_s_place_is_its_only_item() -> None:
    assert template_of("Label it {labels}") == "Label it {labels.0}"
    assert read_example("Open {rooms}", INPUTS).params == {"rooms": [17]}
    assert template_of("Sort {nested}") == "Sort {nested.0}"


def test_literals_beside_the_places_are_literals() -> None:
    assert template_of("Wait 17 days for {guests} guests") == "Wait {#number} days for {guests} guests"


@pytest.mark.parametrize(
    ("place", "fits"),
    [
        ("stars", lambda value: 1 <= value <= 5),
        ("share", lambda value: 0 < value <= 1),
        ("currency", lambda value: len(value) == 3),
        ("order_id", lambda value: value == "ORD-1042"),
        ("speed", lambda value: value == "standard"),
        ("guests", lambda value: type(value) is int),
    ],
)
def test_a_stand_in_is_of_its_input_s_kind(place: str, fits: object) -> None:
    value = read_example(f"Do it with {{{place}}}", INPUTS).params[place]
    assert fits(value) is True  # type: ignore[operator]
    assert type(value) in (int, str)


def test_a_stand_in_is_not_found_anywhere_else() -> None:
    read = read_example("Rather than standard send 17 of ORD-1042 by {speed}, {guests} of {order_id}", INPUTS)
    assert read.params == {"speed": "express", "guests": 18, "order_id": "Aazuvak"}


@pytest.mark.parametrize(
    "bounds", [{"maximum": -3}, {"minimum": 1e300}, {"minimum": 5, "maximum": 2}, {"maxLength": 0}]
)
def test_odd_bounds_are_survived(bounds: Json) -> None:
    for kind in ("integer", "number", "string"):
        inputs = compile_schema(an_object({"a": {"type": kind, **bounds}, "b": {"type": kind, **bounds}}))
        assert read_example("Put {a} into {b}", inputs).action


WORDS = st.sampled_from(
    [
        "show",
        "move",
        "the",
        "cheapest",
        "to",
        "from",
        "with",
        "for",
        "please",
        "não",
        "取消",
        "🔁",
        "é,",
        "of:",
        "§5",
    ]
)
PLACES = st.sampled_from(["{city}", "{to}", "{amount}", "{guests}", "{order_id}", "{currency}", "{note}"])


@given(st.lists(WORDS | PLACES, min_size=1, max_size=12))
def test_every_place_becomes_its_slot(parts: list[str]) -> None:
    text = "Please arrange " + " and ".join(parts)
    slots = [slot.name for slot in make_template(*_request(text)).slots if slot.kind == "param"]
    assert slots == [part.strip("{}") for part in parts if part.startswith("{")]


def _request(text: str) -> tuple[str, Json]:
    read = read_example(text, INPUTS)
    return read.action, read.params


@pytest.mark.parametrize("params", [{"city": "Bonn", "guests": 2}, [{"field": "city", "value": "Bonn"}], None])
def test_a_request_is_read_as_requests_are(params: Json) -> None:
    read = read_example({"action": "Book {a room} in Bonn", "params": params}, INPUTS)
    assert read.action == "Book {a room} in Bonn"
    assert read.params.get("city", "Bonn") == "Bonn"


@pytest.mark.parametrize(
    ("example", "path", "said"),
    [
        (None, "", "must be text with {field} places or {action, params}, not null"),
        (["Book"], "", "not array"),
        ("", "", "empty"),
        (" \n", "", "empty"),
        ("x" * (MAX_TEXT_CHARACTERS + 1), "", "1,001 characters"),
        ("Book\x00", "", "NUL"),
        ("Book \ud800", "", "surrogate"),
        ("Go to {town}", "", "'{town}' names no input of the service. Its inputs are: 'city', 'to',"),
        ("Go to { city }", "", "'{ city }' names no input"),
        ("Go to {}", "", "'{}' names no input"),
        ("Go to {CITY}", "", "'{CITY}' names no input"),
        ("Go to {city", "", "brace"),
        ("Go to city}", "", "brace"),
        ("Go to {{city}}", "", "brace"),
        ('Use {"a": {"b": 1}}', "", "brace"),
        ("{city}", "", "nothing beside its places"),
        ("{city}, ({to})!", "", "nothing beside its places"),
        ("Go " + "{city} " * (MAX_PLACES + 1), "", "21 places"),
        ("Send it {express}", "", "is boolean, which no request has in its text"),
        ("Send it to {address}", "", "is object"),
        ({}, "/action", "needs an action"),
        ({"action": 1}, "/action", "needs an action"),
        ({"action": " "}, "/action", "empty"),
        ({"action": "x" * 1001}, "/action", "1,001 characters"),
        ({"action": "Go", "param": {}}, "", "'param' is unknown"),
        ({"action": "Go", "params": "city"}, "/params", "list of {field, value}"),
        ({"action": "Go", "params": [{"field": "city"}]}, "/params/0", ""),
        ({"action": "Go", "params": {"town": "Bonn"}}, "/params", "'town' is no input of the service. Its inputs"),
        ({"action": "Go", "params": {"city": 5}}, "/params", "'city' must be string, not integer"),
        ({"action": "Go", "params": {"guests": True}}, "/params", "not boolean"),
        ({"action": "Go to {city}", "params": {"city": "Bonn"}}, "/action", "write a value of the params"),
    ],
)
def test_what_cannot_be_read_is_told(example: Json, path: str, said: str) -> None:
    with pytest.raises(ExamplesInvalid) as caught:
        check_examples(["Book in {city}", example], INPUTS)
    assert said in caught.value.message
    assert caught.value.path == f"/1{path}"
    assert len(caught.value.message) < 600


@pytest.mark.parametrize(
    ("examples", "said"),
    [
        ({}, "must be a list"),
        ("Book", "must be a list"),
        (["Book"] * (MAX_EXAMPLES + 1), "51 examples, 50 is the most"),
        ([{"action": "Book", "params": {"city": "x" * MAX_CHARACTERS}}], "longer than 100,000"),
    ],
)
def test_their_number_and_size_are_bounded(examples: Json, said: str) -> None:
    with pytest.raises(ExamplesInvalid, match=said):
        check_examples(examples, INPUTS)


def test_a_service_without_inputs_says_so() -> None:
    with pytest.raises(ExamplesInvalid, match="It has no inputs"):
        check_examples(["Go to {city}"], compile_schema({"type": "object"}))


def test_an_input_that_is_welcome_without_being_declared_has_a_place() -> None:
    assert (
        template_of("Go to {x}", compile_schema({"type": "object", "additionalProperties": TEXT})) == "Go to {x}"
    )


def test_a_spec_leaves_out_what_it_cannot_read() -> None:
    spec = a_service("book", {"city": TEXT}, {}, examples=["Book in {city}", "Book in {town}", 5])
    assert [example.params for example in spec.examples] == [{"city": "Aazuvak"}]


def test_intricate_schemas_cost_little() -> None:
    """Twenty inputs of 1,900 alternatives each, in fifty texts: done anew for each place it would take minutes."""
    alternatives = [{"type": ["string", "null"], "maxLength": 500}] * 1_900
    inputs = an_object({f"p{number}": {"$ref": "#/$defs/d"} for number in range(20)})
    places = " ".join(f"{{p{number}}}" for number in range(20))
    for keyword in ("anyOf", "allOf"):
        compiled = compile_schema({**inputs, "$defs": {"d": {keyword: alternatives}}})
        started = time.perf_counter()
        check_examples([f"Do it with {places} {number}" for number in range(MAX_EXAMPLES)], compiled)
        assert time.perf_counter() - started < 60
