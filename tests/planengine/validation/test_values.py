"""Values that an action says in its text, as validation reads them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orra.base.strictjson import Json
from planengine.catalogue.specs import Catalogue
from planengine.validation.literals import Origins
from planengine.validation.problems import Problem
from planengine.validation.rules import validate
from tests.planengine.shop import a_draft, a_service, shop


def problems(draft: Json, action: str, *, catalogue: Catalogue = shop) -> tuple[Problem, ...]:
    return validate(draft, catalogue=catalogue, params={}, action=action).problems


@pytest.mark.parametrize(
    ("value", "action", "found"),
    [
        (50, "Refund $50.", True),
        (50, "Refund 50.00 EUR", True),
        (1200.5, "Refund 1,200.50 EUR", True),
        (50, "Refund 1,50,000", False),
        (5, "It is -5 now", False),
        (-5, "It is -5 now", True),
        (50, "Refund 50% of it", True),
        (50, "Refund fifty", True),
        (12.5, "Refund 12,50 EUR", True),
        (1250, "Refund 12,50 EUR", False),
        (1500, "Refund 1.500 EUR", True),
        (1.5, "Refund 1.500 EUR", False),
        (500, "Refund 1\u202f500 EUR", False),
        (1500, "Refund 1\u202f500 EUR", True),
        (1500, "Refund 1 500 EUR", False),
        (1500.5, "Refund 1 500,50 EUR", True),
        (500.5, "Refund 1 500,50 EUR", False),
        (500, "Refund 1 500 EUR", False),
        (12, "Pages 1,2", False),
        ([1, 2], "Pages 1,2", True),
        ([1, 2, 3], "Pages 1,2,3", True),
        (3, "Pages 3-5", True),
        (2, "Half of it, 1/2", False),
        (12.5, "Refund EUR12.50", True),
        (5000, "Refund 5k EUR", True),
        (5, "Refund 5k EUR", False),
        (5_000_000, "Raise it to 5 million", True),
        (125, "Refund one hundred and twenty-five", True),
        (-5, "Adjust it by -$5", True),
        (5, "Adjust it by -$5", False),
        (1500, "Not 12,50 but 1.500", True),
        (1.5, "Not 12,50 but 1.500", False),
        (1234.5, "١٬٢٣٤٫٥ ريال", True),
        (0.1, "Set it to 0.1", True),
        (0.1, "Set it to 0.10000000000000001", False),
        (100, "退款100元", True),
        (1_000_000, "支払い100万円", True),
        (100, "支払い100万円", False),
        (7, "Refund ORD-7", False),
        (234, "Refund #1,234", False),
        (1234, "Refund #1234", True),
        (True, "It is true, 1 time", False),
    ],
)
def test_numbers_are_found_by_value(value: Json, action: str, found: bool) -> None:
    catalogue = Catalogue([a_service("take", {"a": {}}, {})])
    draft = a_draft({"a": value}, ("take", {"a": "$task0.a"}))
    assert (not problems(draft, action, catalogue=catalogue)) == found


@pytest.mark.parametrize(
    ("value", "takes", "expected"),
    [
        (1234, {"type": "number"}, "ambiguous_value"),
        (1.234, {"type": "number"}, "ambiguous_value"),
        (1234, {"type": "integer"}, None),
        (1234, {"type": "number", "minimum": 100}, None),
        (1.234, {"type": "number", "maximum": 100}, None),
        (1234, {"type": "number", "maximum": 100}, "invented_literal"),
        (12.34, {"type": "number"}, "ambiguous_value"),
    ],
)
def test_what_is_ambiguous_is_told_unless_the_schema_decides(
    value: Json, takes: Json, expected: str | None
) -> None:
    catalogue = Catalogue([a_service("take", {"a": takes}, {})])
    for draft in (a_draft({"a": value}, ("take", {"a": "$task0.a"})), a_draft({}, ("take", {"a": value}))):
        found = problems(draft, "Take 1.234 of it", catalogue=catalogue)
        assert [problem.code for problem in found[:1]] == ([] if expected is None else [expected])
        if expected == "ambiguous_value":
            assert "'1.234' in the action may be 1234 or 1.234" in found[0].message
            assert "sent as a parameter" in found[0].hint


@pytest.mark.parametrize(
    ("value", "action", "expected"),
    [
        ("2031-05-06", "Book it for 2031-05-06", None),
        ("2031-05-06", "Book it for May 6, 2031", None),
        ("2031-05-06", "Buche es für den 6. Mai 2031", None),
        ("2031-05-06", "Resérvalo para el 6 de mayo de 2031", None),
        ("2031-05-06", "2031年5月6日に予約して", None),
        ("2031-06-25", "Book it for 25/06/2031", None),
        ("2031-05-06", "Book it for 05/06/2031", "ambiguous_value"),
        ("05/06/2031", "Book it for 05/06/2031", None),
        ("2031-05-07", "Book it for May 6, 2031", "invented_literal"),
        ("2031-06-05", "Book it for 6.5.2031", "invented_literal"),
        ("2031-05-09", "Book it for next Friday", "unknown_task0_field"),
    ],
)
def test_dates_are_found_by_day(value: Json, action: str, expected: str | None) -> None:
    catalogue = Catalogue([a_service("take", {"a": {}}, {})])
    found = problems(a_draft({"a": value}, ("take", {"a": "$task0.a"})), action, catalogue=catalogue)
    assert [problem.code for problem in found] == ([] if expected is None else [expected])
    if expected == "ambiguous_value":
        assert "'05/06/2031' in the action may be 2031-05-06 or 2031-06-05" in found[0].message
    if expected == "invented_literal":
        assert 'write "2031-05-06"' in found[0].hint


@pytest.mark.parametrize(
    ("value", "action", "right"),
    [
        (125, "Refund 12,5 EUR", "The action says '12,5': write 12.5."),
        (2700, "Refund 1,200.50 or 27.50 EUR", "The action says '27.50': write 27.5."),
        ("2031-05-07", "Book it for 2031-05-06", "The action says '2031-05-06'."),
        ("ORD-71", "Refund ORD-17", "The action says 'ORD-17'."),
        ("ann@exmaple.org", "Write to ann@example.org", "The action says 'ann@example.org'."),
        (0.1234567890123457, "Set it to 0.1234567890123456789", "as a parameter"),
    ],
)
def test_a_value_that_was_read_wrongly_is_told_with_the_right_one(value: Json, action: str, right: str) -> None:
    catalogue = Catalogue([a_service("take", {"a": {}}, {})])
    for draft in (a_draft({"a": value}, ("take", {"a": "$task0.a"})), a_draft({}, ("take", {"a": value}))):
        (problem,) = problems(draft, action, catalogue=catalogue)
        assert problem.code == "invented_literal" and right in problem.hint


@pytest.mark.parametrize(
    ("value", "action", "said"),
    [
        ("ORD-17", "把订单ORD-17取消", True),
        ("ORD-17", "주문 ORD-17을 취소해 주세요", True),
        ("ORD-17", "ยกเลิกคำสั่งซื้อORD-17", True),
        ("ORD-17", "ORD-17को रद्द करें", True),
        ("ORD-17", "Töröld az ORD-17-et", True),
        ("ORD-17", "Peruuta ORD-17:n toimitus", True),
        ("ORD-17", "Отмени ORD-17-й заказ", True),
        ("17", "把订单ORD-17取消", False),
        ("ORD-1", "把订单ORD-17取消", False),
        ("ORD-17", "Cancel ORD-17-B", False),
        ("取消", "把订单ORD-17取消", True),
        ("क", "ORD-17को रद्द करें", False),
        ("EUR", "Refund EUR12.50", True),
        ("12.50", "Refund EUR12.50", True),
        ("kg", "Send 5kg of rice", True),
        ("refundable", "Book a non-refundable room", False),
        ("500", "Refund 1 500 EUR", False),
        ("ann@example.org", "发送到ann@example.org给她", True),
        ("https://example.org/a", "https://example.org/aを開く", True),
    ],
)
def test_literals_end_where_their_script_does(value: str, action: str, said: bool) -> None:
    draft = a_draft({"ref": value}, ("find-order", {"orderId": "$task0.ref"}))
    assert (not problems(draft, action)) == said


anything_written = st.text(st.sampled_from("0123456789.,'’ -/:#$€kORDMay年月日元को१ -\u202f")) | st.text()
values = st.integers(-2000, 2000) | st.floats(allow_nan=False, allow_infinity=False) | anything_written


@given(action=anything_written, value=values)
def test_what_is_said_is_never_misread_and_nothing_raises(action: str, value: Json) -> None:
    origins = Origins({}, action)
    if not origins.in_action(value):
        found = origins.misread(value)
        assert found is None or (found.raw in action and found.hint)


@given(number=st.integers(0, 10**9) | st.decimals(0, 10**6, places=2).map(float))
def test_a_number_is_found_in_its_own_spelling(number: float) -> None:
    assert Origins({}, f"Set it to {number} EUR now").in_action(number)


@pytest.mark.parametrize(
    "unit", ["1 500, ", "1,2,3 ", "1.234 ", "a/", "5 ", "May 6 2031 ", "€5 ", "को17 ", "-$5 ", "ORD-1 "]
)
def test_a_hostile_action_costs_little(unit: str) -> None:
    started = time.process_time()
    origins = Origins({}, unit * (8000 // len(unit)))
    for value in (5, 7.25, "ORD-18", "a", "17", [1, 2, 3], {"a": 99}, "2031-05-07"):
        origins.in_action(value)
        origins.misread(value)
    assert time.process_time() - started < 3  # some 100 ms
