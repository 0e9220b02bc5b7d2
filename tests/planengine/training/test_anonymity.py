"""Requests with made-up values: nothing of the real ones is left, and everything that was equal still is."""

from __future__ import annotations

import json
import random
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orra.base.strictjson import Json
from planengine.training.anonymity import Anonymous, CannotReplace, anonymise
from planengine.training.synthesis import Inventor
from planengine.validation.rules import validate
from tests.planengine.shop import a_draft, shop


def made_of(action: str, params: dict[str, Json], *plans: Json, seed: int = 1) -> Anonymous:
    return anonymise(action, params, plans, catalogue=shop, inventor=Inventor(random.Random(seed)))


def text_of(made: Anonymous) -> str:
    return json.dumps([made.action, dict(made.params), list(made.plans)], ensure_ascii=False)


def test_a_value_is_replaced_by_the_same_one_everywhere() -> None:
    plan = a_draft({"orderId": "ORD-17"}, ("find-order", {"orderId": "$task0.orderId"}))
    made = made_of("Find order ORD-17, yes ord-17", {"orderId": "ORD-17"}, plan)
    stand_in = made.params["orderId"]
    assert re.fullmatch(r"[A-Z]{3}-\d{2}", stand_in) and stand_in != "ORD-17"
    assert made.action == f"Find order {stand_in}, yes {stand_in}"
    assert made.plans[0]["tasks"][0]["input"] == {"orderId": stand_in}
    assert made.plans[0]["tasks"][1] == plan["tasks"][1]


def test_a_literal_that_no_param_gives_is_replaced_in_the_text_and_in_the_plan() -> None:
    plan = a_draft({"orderId": "8841", "amount": 250}, ("refund", {"orderId": "$task0.orderId"}))
    made = made_of("Refund 250 for order #8841", {}, plan)
    task0 = made.plans[0]["tasks"][0]["input"]
    assert made.action == f"Refund {task0['amount']} for order #{task0['orderId']}"
    assert isinstance(task0["amount"], int) and task0["amount"] != 250


def test_values_inside_values_and_the_names_of_their_members_are_replaced() -> None:
    made = made_of("Do it", {"items": [{"SKU-7781": {"note": "Jane Smith's own", "n": 4417.25}}]})
    assert not re.search("SKU-7781|Jane|Smith|4417", text_of(made))
    ((name, inside),) = made.params["items"][0].items()
    assert re.fullmatch(r"[A-Z]{3}-\d{4}", name) and isinstance(list(inside.values())[1], float)


def test_names_of_people_in_the_text_are_replaced() -> None:
    made = made_of("Refund the order of Jane O'Hara from Acme. Then notify her", {})
    assert not re.search("Jane|Hara|Acme", made.action)
    assert made.action.startswith("Refund the order of ") and made.action.endswith(". Then notify her")


@pytest.mark.parametrize(
    ("action", "left"),
    [
        ("Zelda Quorn wants the money of the order back", r"\w+ \w+ wants the money of the order back"),
        ("Find the order. Hobart asks", r"Find the order\. \w+ asks"),
        ("Please refund it, says quorn", r"Please refund it, says \w+"),
        ("What does the order cost, and who is Mr Quorn?", r"What does the order cost, and who is \w+ \w+\?"),
    ],
)
def test_names_are_found_where_they_stand_alone(action: str, left: str) -> None:
    made = made_of(action, {"email": "Zelda Quorn"})
    assert re.fullmatch(left, made.action), made.action
    assert not re.search("zelda|quorn|hobart", text_of(made), re.IGNORECASE)


def test_what_a_schema_names_stays() -> None:
    made = made_of("Refund it because it came late", {"reason": "late"})
    assert made.params == {"reason": "late"} and "late" in made.action


def test_texts_with_references_keep_these_only() -> None:
    draft = a_draft({"email": "ana@firm.example"}, ("notify", {"email": "to $task0.email of Ana Firm"}))
    made = made_of("Write to ana@firm.example", {"email": "ana@firm.example"}, draft)
    written = made.plans[0]["tasks"][1]["input"]["email"]
    assert "$task0.email" in written and "Ana" not in written and "Firm" not in written


def test_a_name_of_the_text_does_not_leave_as_an_invented_field() -> None:
    with pytest.raises(CannotReplace):
        made_of("Refund the order of Quorn", {}, a_draft({"Quorn": 5}, ("refund", {})))


def test_common_words_beside_references_stay() -> None:
    draft = a_draft({}, ("notify", {"email": "send to $task0.email and $task1.email"}))
    made = made_of("Send it", {}, draft)
    assert made.plans[0] == draft


def test_what_would_be_left_is_refused() -> None:
    with pytest.raises(CannotReplace):
        made_of("Send no mail", {"how": "no"})
    with pytest.raises(CannotReplace):
        made_of("Find it", {"orderId": "refund"}, a_draft({}, ("refund", {})))


def test_drafts_of_another_form_are_refused() -> None:
    for draft in (
        "text",
        {"tasks": "none"},
        {"tasks": [{"id": 5}]},
        {"tasks": [{"id": "task1", "why": "secret"}]},
    ):
        with pytest.raises(CannotReplace):
            made_of("Do it", {}, draft)


# Values that occur in no schema and no rule of the prompt by chance.
SECRET = st.text("qxzjkvw", min_size=5, max_size=12)
NUMBER = st.integers(10_000_000, 10**12) | st.floats(1e4, 1e9).map(lambda number: round(number, 2) + 0.25)
LEAF = (
    SECRET
    | NUMBER
    | SECRET.map(lambda text: f"{text}@{text}.example")
    | SECRET.map(lambda text: f"{text.upper()}-4711")
    | SECRET.map(lambda text: f"{text.capitalize()} {text[::-1].capitalize()}")
    | SECRET.map(lambda text: f"https://{text}.example/{text}?a=1")
)
SOME = LEAF | st.lists(LEAF, max_size=3) | st.dictionaries(SECRET, LEAF, max_size=3)
VALUE = SOME | st.lists(SOME, max_size=2) | st.dictionaries(SECRET, SOME, max_size=2)


def leaves_of(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [leaf for name, member in value.items() for leaf in (name, *leaves_of(member))]
    if isinstance(value, list):
        return [leaf for member in value for leaf in leaves_of(member)]
    return [str(value)]


@given(
    params=st.dictionaries(st.sampled_from(["orderId", "amount", "email", "note"]), VALUE, max_size=3),
    free=st.lists(LEAF, max_size=2),
    chance=st.integers(0, 1000),
)
def test_no_original_value_is_left(params: dict[str, Json], free: list[Any], chance: int) -> None:
    said = [leaf for value in params.values() for leaf in leaves_of(value)]
    action = "Refund " + " and ".join([*said, *(f'"{value}"' for value in free)])
    task0 = params | {f"free{number}": value for number, value in enumerate(free)}
    accepted = a_draft(task0, ("refund", {name: f"$task0.{name}" for name in params}))
    rejected = a_draft(params, ("refund", dict(task0)))
    made = made_of(action, params, accepted, rejected, seed=chance)
    text = text_of(made)
    for value in [*said, *map(str, free)]:
        assert value not in text
        assert value.casefold() not in text.casefold()
    assert [task["id"] for task in made.plans[0]["tasks"]] == ["task0", "task1"]
    assert list(made.params) == list(params)


def test_most_requests_can_be_told_and_their_plans_stay_valid() -> None:
    told = 0
    for number in range(50):
        params = {"orderId": f"ORD-{number * 7919 + 31}", "amount": number + 12.5, "reason": "late"}
        plan = a_draft(params, ("refund", {name: f"$task0.{name}" for name in params}))
        made = made_of(f"Refund {number + 12.5} on {params['orderId']}, it was late", params, plan, seed=number)
        verdict = validate(made.plans[0], catalogue=shop, params=made.params, action=made.action)
        told += verdict.plan is not None
    assert told == 50
