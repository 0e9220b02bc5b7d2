"""What a rejected draft is told to write instead."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given

from orra.base.strictjson import Json
from planengine.feedback.corrections import Corrections
from planengine.validation.rules import validate
from tests.planengine.shop import a_draft, shop
from tests.planengine.validation.test_rules import drafts, inputs

ORDER = {"orderId": "ORD-17"}
FIND = ("find-order", {"orderId": "$task0.orderId"})


def told(draft: Json, params: Mapping[str, Json], *, action: str = "Do it.") -> dict[str, list[str]]:
    """The corrections by the problem's code."""
    corrections = Corrections(draft, catalogue=shop, params=params, action=action)
    found: dict[str, list[str]] = {}
    for problem in validate(draft, catalogue=shop, params=params, action=action).problems:
        found.setdefault(problem.code, []).append(corrections.of(problem))
    return found


@pytest.mark.parametrize(
    ("code", "draft", "params", "right"),
    [
        ("unknown_task0_field", a_draft({"order_id": "ORD-17"}, FIND), ORDER,
         "\"orderId\": \"ORD-17\" instead of 'order_id'"),
        ("param_missing", a_draft({}, FIND), ORDER, "In 'task0', write \"orderId\": \"ORD-17\"."),
        ("param_value_changed", a_draft({"orderId": "17"}, FIND), ORDER, '"orderId": "ORD-17"'),
        ("unused_param", a_draft(ORDER, ("refund", {})), ORDER,
         "In 'task1', write \"orderId\": \"$task0.orderId\"."),
        ("unused_param", a_draft({"text": "Hi"}, FIND), {"text": "Hi"}, "Add a task that calls 'notify'"),
        ("unknown_service", a_draft(ORDER, ("lookup-order", FIND[1])), ORDER,
         "In 'task1', call 'find-order' (takes 'orderId'"),
        ("service_missing", a_draft(ORDER, ("", FIND[1])), ORDER, "In 'task1', call '"),
        ("unsupported_input", a_draft(ORDER, ("find-order", {"order_id": "$task0.orderId"})), ORDER,
         "In 'task1', write \"orderId\": \"$task0.orderId\" instead of 'order_id'"),
        ("missing_input", a_draft(ORDER, FIND, ("find-customer", {})), ORDER, '"customerId": "$task1.customerId"'),
        ("missing_input", a_draft({}, ("find-customer", {})), {}, "Add a task that calls 'find-order'"),
        ("type_mismatch", a_draft(ORDER, FIND, ("find-customer", {"customerId": "$task1.total"})), ORDER,
         '"customerId": "$task1.customerId"'),
        ("unknown_output_field", a_draft(ORDER, FIND, ("find-customer", {"customerId": "$task1.customer"})), ORDER,
         '"customerId": "$task1.customerId"'),
        ("composite_reference", a_draft(ORDER, ("find-order", {"orderId": "order $task0.orderId"})), ORDER,
         '"orderId": "$task0.orderId"'),
        ("self_reference", a_draft(ORDER, ("find-order", {"orderId": "$task1.customerId"})), ORDER,
         '"orderId": "$task0.orderId"'),
        ("unknown_task_reference", a_draft(ORDER, ("find-order", {"orderId": "$task9.x"})), ORDER,
         '"orderId": "$task0.orderId"'),
        ("invented_literal", a_draft(ORDER, FIND, ("find-customer", {"customerId": "C-1"})), ORDER,
         '"customerId": "$task1.customerId"'),
        ("duplicate_task", {"tasks": [*a_draft(ORDER, FIND)["tasks"], {"id": "task1"}]}, ORDER, "the id 'task2'"),
        ("task0_missing", {"tasks": a_draft(ORDER, FIND)["tasks"][1:]}, ORDER,
         'Begin with {"id": "task0", "input": {"orderId": "ORD-17"}}.'),
    ],
)  # fmt: skip
def test_what_would_be_right_is_named(code: str, draft: Json, params: dict[str, Json], right: str) -> None:
    assert right in told(draft, params)[code][0]


@pytest.mark.parametrize(
    ("code", "amount", "action", "right"),
    [
        ("invented_literal", 125, "Refund 12,5 for ORD-17", "The action says '12,5': write 12.5."),
        ("ambiguous_value", 1234, "Refund 1.234 for ORD-17", "'1.234' may be 1234 or 1.234: it has to be sent"),
    ],
)
def test_what_the_action_says_is_named(code: str, amount: Json, action: str, right: str) -> None:
    draft = a_draft(ORDER, ("refund", {"orderId": "$task0.orderId", "amount": amount}))
    assert right in told(draft, ORDER, action=action)[code][0]


def test_a_circle_is_cut_where_something_else_fits() -> None:
    draft = a_draft(
        ORDER,
        ("find-order", {"orderId": "$task2.name"}),
        ("find-customer", {"customerId": "$task1.customerId"}),
    )
    (right,) = told(draft, ORDER)["cycle"]
    assert right == 'In \'task1\', write "orderId": "$task0.orderId".'


def test_what_waits_for_a_task_is_no_source_for_it() -> None:
    draft = a_draft(ORDER, ("notify", {"email": "nobody"}), ("find-customer", {"customerId": "$task1.sent"}), FIND)
    assert "$task2" not in told(draft, ORDER)["invented_literal"][0]


def test_what_nothing_gives_is_said() -> None:
    (right,) = told(a_draft({}, ("search-laptops", {})), {})["missing_input"]
    assert right == "Nothing gives 'query': leave out 'task1', or answer with the \"final\" task."


@given(draft=drafts, params=inputs)
def test_no_draft_makes_it_crash_or_say_much(draft: Json, params: dict[str, Json]) -> None:
    for sentences in told(draft, params).values():
        assert all(len(sentence) < 4_000 for sentence in sentences)
