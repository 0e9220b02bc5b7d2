from __future__ import annotations

from dataclasses import replace

import pytest

from cache.contest import Contest
from planengine.catalogue.specs import Catalogue, ServiceSpec
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
    ("others", "contest"),
    [
        ([], Contest.SETTLED),
        ([a_service("turn_off", ROOM, {})], Contest.CONTESTED),
        ([a_service("turn_off", {"roomId": TEXT}, {})], Contest.CONTESTED),
        ([a_service("turn_off", {"house": TEXT}, {})], Contest.SETTLED),
        ([a_service("turn_off", {**ROOM, "device": TEXT}, {})], Contest.SETTLED),
        ([a_service("turn_off", {**ROOM, "device": TEXT}, {}, required=["room"])], Contest.CONTESTED),
        (
            [a_service("turn_off", {**ROOM, "device": TEXT}, {}), a_service("find", ROOM, {"device": TEXT})],
            Contest.CONTESTED,
        ),
    ],
)
def test_a_plan_is_contested_by_what_could_be_done_with_the_same_params(
    others: list[ServiceSpec], contest: Contest
) -> None:
    catalogue = Catalogue([a_service("turn_on", ROOM, {}), *others])
    assert catalogue.contest(["room"], ["turn_on"]) is contest


def test_what_is_there_to_be_had_is_worked_out_in_any_order() -> None:
    last = a_service("mail", {"address": TEXT}, {})
    middle = a_service("person", {"owner": TEXT}, {"address": TEXT})
    first = a_service("house", {"room": TEXT}, {"owner": TEXT})
    catalogue = Catalogue([last, middle, first])
    assert catalogue.contest(["room"], ["house", "person"]) is Contest.CONTESTED
    assert catalogue.contest(["room"], ["house", "person", "mail"]) is Contest.OPEN
    assert catalogue.contest(["room"], ["house"]) is Contest.CONTESTED, "person goes on with what house gives"
    assert catalogue.contest(["room"], ["one that is gone"]) is Contest.CONTESTED


def test_a_plan_that_names_do_not_explain_is_contested_by_whatever_else_there_is() -> None:
    hotel = a_service("find_hotel", {"town": TEXT}, {})
    flight = a_service("find_flight", {"airport": TEXT}, {})
    assert Catalogue([hotel, flight]).contest(["city"], ["find_hotel"]) is Contest.CONTESTED
    assert Catalogue([hotel]).contest(["city"], ["find_hotel"]) is Contest.OPEN


def test_a_plan_is_settled_when_its_one_service_takes_just_the_params() -> None:
    lamp = a_service("lamp", {**ROOM, "colour": TEXT}, {}, required=["room"])
    catalogue = Catalogue([lamp, a_service("clock", {}, {})])
    assert catalogue.contest(["room", "colour"], ["lamp"]) is Contest.SETTLED
    assert catalogue.contest(["room"], ["lamp"]) is Contest.OPEN, "the text may name a colour"
    assert catalogue.contest(["room", "colour", "shade"], ["lamp"]) is Contest.OPEN
    assert Catalogue([a_service("clock", {}, {})]).contest([], ["clock"]) is Contest.OPEN
