from __future__ import annotations

from typing import Any

import pytest

from cache.plans.filling import CannotFill
from cache.plans.renaming import pair_fields, rename_params, rename_plan


def fields(**kinds: str) -> list[tuple[str, str]]:
    return sorted(kinds.items())


@pytest.mark.parametrize(
    ("asked", "cached"),
    [
        ("order_id", "orderId"),
        ("OrderID", "order-id"),
        ("order number", "orderId"),
        ("hostname", "host-name"),
        ("qty", "quantity"),
        ("emailAddress", "email"),
    ],
)
def test_names_of_one_meaning_pair_off(asked: str, cached: str) -> None:
    assert pair_fields([(asked, "string")], [(cached, "string")]) == {cached: asked}
    assert pair_fields([(asked, "string")], [(cached, "number")]) is None


@pytest.mark.parametrize(
    ("asked", "cached"),
    [
        (fields(orderName="string"), fields(orderId="string")),
        (fields(unit_id="string", unitId="string"), fields(UnitID="string", other="string")),
        (fields(order_id="string", order="string"), fields(orderId="string", orderNumber="string")),
        (fields(order_id="string"), fields(orderId="string", note="string")),
    ],
)
def test_what_is_not_clear_does_not_pair(asked: Any, cached: Any) -> None:
    assert pair_fields(asked, cached) is None


def test_the_plan_speaks_the_callers_names() -> None:
    plan = {
        "tasks": [
            {"id": "task0", "input": {"orderId": "O-2", "reason": "late"}},
            {"id": "task1", "service": "refund", "input": {"orderId": "$task0.orderId", "why": "$task0.reason"}},
        ],
        "parallel_groups": [["task1"]],
    }
    pairs = {"orderId": "order_id"}

    renamed = rename_plan(plan, pairs)

    assert rename_params({"order_id": "O-2"}, pairs) == {"orderId": "O-2"}
    assert [task["input"] for task in renamed["tasks"]] == [
        {"order_id": "O-2", "reason": "late"},
        {"orderId": "$task0.order_id", "why": "$task0.reason"},
    ]
    with pytest.raises(CannotFill):
        rename_plan(plan, {"orderId": "reason"})


@pytest.mark.parametrize(
    ("asked", "cached"),
    [("email", "customer_email"), ("custId", "customer"), ("product_sku", "sku"), ("room no", "hotelRoom")],
)
def test_a_name_that_says_more_of_the_same_pairs_off(asked: str, cached: str) -> None:
    for one, other in ((asked, cached), (cached, asked)):
        assert pair_fields([(one, "string")], [(other, "string")]) == {other: one}
        assert pair_fields([(one, "string")], [(other, "number")]) is None


@pytest.mark.parametrize(
    ("asked", "cached"),
    [
        (fields(price="number"), fields(new_price="number")),
        (fields(city="string"), fields(destination_city="string")),
        (fields(date="string"), fields(birth_date="string")),
        (fields(date="string"), fields(pickupDate="string")),
        (fields(amount="number"), fields(refund_amount="number")),
        (fields(location="string"), fields(dropoff_location="string")),
        (fields(email="string"), fields(manager_email="string")),
        (fields(email="string", name="string"), fields(customer_email="string", manager_email="string")),
        (fields(customer_email="string"), fields(manager_email="string")),
    ],
)
def test_a_name_that_tells_which_of_several_does_not_pair(asked: Any, cached: Any) -> None:
    assert pair_fields(asked, cached) is None
    assert pair_fields(cached, asked) is None
