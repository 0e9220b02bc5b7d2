"""A plan without its values."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cache.plans.provenance import trace
from cache.plans.skeletons import Skeleton, of_service, skeleton_of
from cache.templates.templates import make_template
from orra.base.strictjson import Json

ACTION = "Book it"
Call = tuple[str, dict[str, Json]]


def skeleton(
    params: dict[str, Json],
    *calls: Call,
    action: str = ACTION,
    constants: dict[str, Json] | None = None,
    after: dict[int, list[int]] | None = None,
) -> Skeleton:
    """Of the plan that makes these calls, the first of which is task1."""
    tasks: list[Json] = [{"id": "task0", "input": {**params, **(constants or {})}}]
    for number, (service, inputs) in enumerate(calls, start=1):
        edges = {"after": [f"task{each}" for each in after[number]]} if after and number in after else {}
        tasks.append({"id": f"task{number}", "service": service, "input": inputs, **edges})
    plan = {"tasks": tasks, "parallel_groups": []}
    return skeleton_of(plan, trace(plan, make_template(action, params), params), params)


def taking(service: str, *names: str, **inputs: str) -> Call:
    """A call that takes these params by their names, and other inputs as references say."""
    return service, {name: f"$task0.{name}" for name in names} | {name: f"${ref}" for name, ref in inputs.items()}


VALUES = st.one_of(st.text(max_size=12), st.integers(-99, 99), st.booleans())


@given(VALUES, VALUES)
def test_values_of_params_make_no_difference(one: Json, other: Json) -> None:
    call = taking("lookup", "order_id")
    assert skeleton({"order_id": one}, call) == skeleton({"order_id": other}, call)


@given(st.randoms(use_true_random=False))
def test_names_and_order_of_tasks_make_no_difference(chance: random.Random) -> None:
    """Chains of three in two orders, under other names."""
    params = {"order_id": "A-1", "text": "Hello"}
    names = ["find", "person", "mail"]
    order = list(range(3))
    chance.shuffle(order)
    ids = dict(zip(names, chance.sample(["task1", "task2", "task3", "a", "zz"], 3), strict=True))
    calls = {
        "find": {"order_id": "$task0.order_id"},
        "person": {"customer_id": f"${ids['find']}.customer_id"},
        "mail": {"address": f"${ids['person']}.email", "text": "$task0.text"},
    }
    tasks: list[Json] = [{"id": ids[name], "service": name, "input": calls[name]} for name in names]
    tasks = [tasks[at] for at in order]
    tasks.insert(chance.randrange(4), {"id": "task0", "input": params})
    plan = {"tasks": tasks, "parallel_groups": []}

    found = skeleton_of(plan, trace(plan, make_template(ACTION, params), params), params)

    assert found == skeleton(
        params,
        taking("find", "order_id"),
        ("person", {"customer_id": "$task1.customer_id"}),
        ("mail", {"address": "$task2.email", "text": "$task0.text"}),
    )
    assert found.services == ("find", "mail", "person")
    assert found.wirable


def test_a_param_more_that_a_service_takes_by_its_name_makes_no_difference() -> None:
    fewer = skeleton({"city": "Rome"}, taking("weather", "city"))
    more = skeleton({"city": "Rome", "day": "Monday"}, taking("weather", "city", "day"))
    assert fewer == more == of_service("weather")


@pytest.mark.parametrize("renamed", ["orderId", "order-id", "ORDER_ID"])
def test_how_a_name_is_written_makes_no_difference(renamed: str) -> None:
    spelled = skeleton({renamed: "A-1"}, ("lookup", {"order_id": f"$task0.{renamed}"}))
    assert spelled == of_service("lookup")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(
            skeleton({"a": 1, "b": 2}, taking("move", "a", "b")),
            skeleton({"a": 1, "b": 2}, taking("move", a="task0.b", b="task0.a")),
            id="crossed inputs",
        ),
        pytest.param(
            skeleton({"a": 1}, taking("move", "a")), skeleton({"a": 1}, taking("shift", "a")), id="other service"
        ),
        pytest.param(
            skeleton({"a": 1}, taking("move", "a")),
            skeleton({"a": 1}, taking("move", "a"), taking("move", "a")),
            id="called twice",
        ),
        pytest.param(
            skeleton({"a": 1}, taking("move", "a"), taking("tell", "a")),
            skeleton({"a": 1}, taking("move", "a"), taking("tell", "a"), after={2: [1]}),
            id="an edge",
        ),
        pytest.param(
            skeleton({"a": 1}, taking("move", "a"), taking("tell", "a"), after={1: [2]}),
            skeleton({"a": 1}, taking("move", "a"), taking("tell", "a"), after={2: [1]}),
            id="an edge the other way",
        ),
        pytest.param(
            skeleton({"a": 1}, taking("list", "a", op="task0.op"), constants={"op": "gt"}),
            skeleton({"a": 1}, taking("list", "a", op="task0.op"), constants={"op": "lt"}),
            id="other constants",
        ),
        pytest.param(
            skeleton({"a": 1}, taking("list", "a")),
            skeleton({"a": 1}, taking("list", "a", op="task0.op"), constants={"op": "lt"}),
            id="a constant",
        ),
        pytest.param(
            skeleton({"a": 1}, ("list", {"a": "$task0.a", "op": "lt"})),
            skeleton({"a": 1}, ("list", {"a": "$task0.a", "op": "gt"})),
            id="constants in place",
        ),
        pytest.param(
            skeleton({"a": 1}, taking("find", "a"), ("tell", {"b": "$task1.b"})),
            skeleton({"a": 1}, taking("find", "a"), ("tell", {"b": "$task1.c"})),
            id="another output",
        ),
        pytest.param(
            skeleton({"a": 1}, taking("find", "a"), taking("search", "a"), ("tell", {"b": "$task1.b"})),
            skeleton({"a": 1}, taking("find", "a"), taking("search", "a"), ("tell", {"b": "$task2.b"})),
            id="another giver",
        ),
    ],
)
def test_what_is_done_with_other_things_or_in_another_order_is_another(one: Skeleton, other: Skeleton) -> None:
    assert one.digest != other.digest


@pytest.mark.parametrize(
    "constant",
    [{"op": "lt"}, {"op": None}, {"op": 5}],
)
def test_names_do_not_tell_how_to_wire_constants(constant: dict[str, Json]) -> None:
    assert not skeleton({"a": 1}, taking("list", "a", op="task0.op"), constants=constant).wirable


def test_names_do_not_tell_how_to_wire_what_is_crossed_or_called_twice_or_stands_in_the_text() -> None:
    assert not skeleton({"a": 1, "b": 2}, taking("move", a="task0.b", b="task0.a")).wirable
    assert not skeleton({"a": 1}, taking("move", "a"), taking("move", "a")).wirable
    held = skeleton({}, taking("lookup", order="task0.order"), action="Find ORD-17", constants={"order": "ORD-17"})
    assert not held.wirable


def test_a_literal_of_the_text_is_no_constant() -> None:
    """Its value comes from the text, so requests with another one have the same skeleton."""

    def found(order: str) -> Skeleton:
        constants: dict[str, Json] = {"order": order}
        return skeleton({}, taking("lookup", order="task0.order"), action=f"Find {order}", constants=constants)

    assert found("ORD-17") == found("ORD-18")
    assert found("ORD-17") != skeleton({"order": "ORD-17"}, taking("lookup", "order"))
