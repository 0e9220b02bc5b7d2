from __future__ import annotations

from dataclasses import replace

import pytest

from planengine.catalogue.specs import Catalogue, ServiceSpec
from planengine.catalogue.takers import plain_names
from tests.planengine.shop import NUMBER, TEXT, a_service, an_object, find_order, refund, shop


def test_services_are_found_by_exact_name_or_id() -> None:
    assert shop.get("find-order") is find_order
    assert shop.get("s_find-order") is find_order
    assert shop.get("Find-Order") is None
    assert shop.get("") is None


def test_a_name_wins_over_an_id() -> None:
    impostor = replace(find_order, id="refund", name="impostor")
    for services in ([impostor, refund], [refund, impostor]):
        assert Catalogue(services).get("refund") is refund


def test_the_order_is_kept() -> None:
    catalogue = Catalogue([refund, find_order])
    assert (len(catalogue), catalogue.names, list(catalogue)) == (
        2,
        ("refund", "find-order"),
        [refund, find_order],
    )


def test_fields_are_those_of_the_schema() -> None:
    assert list(refund.input_fields) == ["orderId", "amount", "reason", "currency", "express"]
    assert refund.required_inputs == ("orderId", "amount")
    assert refund.output_fields == {"refundId": TEXT}


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/$defs/Order", "$defs": {"Order": an_object({"id": TEXT, "total": NUMBER}, ["id"])}},
        {
            "allOf": [{"$ref": "#/$defs/Base"}, an_object({"total": NUMBER}, [])],
            "$defs": {"Base": an_object({"id": TEXT})},
        },
        {
            "$ref": "#/definitions/A",
            "definitions": {"A": {"$ref": "#/definitions/B"}, "B": an_object({"id": TEXT})},
            "properties": {"total": NUMBER},
        },
    ],
)
def test_fields_behind_references(schema: dict[str, object]) -> None:
    spec = replace(a_service("any", {}, {}), input_schema=schema)
    assert dict(spec.input_fields) == {"id": TEXT, "total": NUMBER}
    assert spec.required_inputs == ("id",)


def test_what_is_required_but_not_described_takes_anything() -> None:
    spec = replace(a_service("any", {}, {}), input_schema={"type": "object", "required": ["x"]})
    field = spec.inputs.field("x")
    assert field is not None and field.faults({"any": ["thing"]}) == []
    assert spec.inputs.field("y") is None


def test_words_are_telling_where_services_take_the_same_and_only_one_says_them() -> None:
    lamp = replace(a_service("turn_onLamp", {"room": TEXT}, {}), description="Switches a lamp on in the rooms.")
    fan = replace(lamp, name="turn_onFan", description="Switches a fan on in the rooms.")
    mail = a_service("mail", {"address": TEXT}, {})
    catalogue = Catalogue([lamp, fan, mail])

    assert catalogue.discriminating_terms(["room", "kind"]) == {"lamp", "fan"}
    assert catalogue.discriminating_terms(["room"]) == catalogue.discriminating_terms(["room"])
    assert catalogue.discriminating_terms(["room", "address"]) == {"lamp", "fan"}
    assert (
        catalogue.discriminating_terms(["address"])
        == Catalogue([lamp]).discriminating_terms(["room"])
        == frozenset()
    )
    assert Catalogue([]).discriminating_terms(["room"]) == frozenset()


ROOM = {"room": TEXT}


@pytest.mark.parametrize(
    ("others", "rivals"),
    [
        ([], set()),
        ([a_service("turn_off", ROOM, {})], {"turn_off"}),
        ([a_service("turn_off", {"roomId": TEXT}, {})], {"turn_off"}),
        ([a_service("turn_off", {"house": TEXT}, {})], set()),
        ([a_service("turn_off", {**ROOM, "device": TEXT}, {})], set()),
        ([a_service("turn_off", {**ROOM, "device": TEXT}, {}, required=["room"])], {"turn_off"}),
        ([a_service("turn_off", {}, {})], set()),
    ],
)
def test_rivals_of_one_service_are_those_that_take_all_of_the_params_alone(
    others: list[ServiceSpec], rivals: set[str]
) -> None:
    catalogue = Catalogue([a_service("turn_on", ROOM, {}), *others])
    assert catalogue.rivals(["turn_on"], plain_names(["room"])) == {"turn_on"} | rivals


def test_rivals_of_several_services_are_those_that_take_any_of_the_params_in_turn() -> None:
    last = a_service("mail", {"address": TEXT}, {})
    middle = a_service("person", {"owner": TEXT}, {"address": TEXT})
    first = a_service("house", {"room": TEXT}, {"owner": TEXT})
    lamp = a_service("lamp", ROOM, {})
    catalogue = Catalogue([last, middle, first, lamp, a_service("clock", {}, {})])
    given = plain_names(["room"])
    assert catalogue.rivals(["house", "person"], given) == {"house", "person", "lamp"}
    assert catalogue.rivals(["house", "person"], given) == catalogue.rivals(["house", "person"], given)


@pytest.mark.parametrize(
    ("services", "given", "taken"),
    [
        (["house"], ["room"], True),
        (["house"], ["roomId"], True),
        (["house"], ["room", "colour"], False),
        (["house"], [], False),
        (["person"], ["room"], False),
        (["house", "person"], ["room"], True),
        (["person", "house", "person"], ["room"], True),
        (["house", "one that is gone"], ["room"], False),
        (["lamp"], ["room", "colour"], True),
        (["lamp"], ["room"], True),
    ],
)
def test_services_take_params_when_each_has_what_it_requires_and_no_param_is_left_over(
    services: list[str], given: list[str], taken: bool
) -> None:
    catalogue = Catalogue(
        [
            a_service("person", {"owner": TEXT}, {"address": TEXT}),
            a_service("house", ROOM, {"owner": TEXT}),
            a_service("lamp", {**ROOM, "colour": TEXT}, {}, required=["room"]),
        ]
    )
    assert catalogue.can_take(services, plain_names(given)) is taken


def test_a_service_is_described_by_its_name_and_its_inputs_and_apart_by_what_these_allow() -> None:
    inputs = {"roomId": TEXT, "mode": {"type": "string", "enum": ["Warm White"], "description": "How BRIGHT."}}
    lamp = replace(a_service("turn_onLamp", inputs, {}), description="Switches a lamp on.")
    catalogue = Catalogue([lamp])
    assert catalogue.words_of("turn_onLamp") == {"turn", "on", "lamp", "room", "id", "mode"}
    assert catalogue.words_allowed("turn_onLamp") == {"warm", "white"}
    assert catalogue.words_of("unknown") == catalogue.words_allowed("unknown") == frozenset()
