from __future__ import annotations

from dataclasses import replace

import pytest

from planengine.catalogue import Catalogue
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


def test_words_are_those_that_services_are_told_apart_by() -> None:
    lamp = replace(find_order, name="turn_onLamp", description="Switches a lamp on in the rooms.")
    catalogue = Catalogue([lamp])
    assert {"turn", "on", "lamp", "switch", "room"} <= catalogue.words
    assert catalogue.words.isdisjoint({"a", "in", "the"})
