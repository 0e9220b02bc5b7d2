from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from planengine.admin.parts.drawing import draw
from planengine.admin.parts.explaining import entries_named, explain
from planengine.validation.references import Reference
from tests.admin.conftest import CHAIN

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["task0", "task1", "$task0.a"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
MEMBERS = st.sampled_from(
    ["tasks", "parallel_groups", "id", "input", "service", "guards", "entry_id", "similarity"]
)
SHAPES = st.recursive(
    VALUES,
    lambda inner: st.dictionaries(MEMBERS, inner, max_size=5) | st.lists(inner, max_size=4),
    max_leaves=20,
)


def test_tasks_are_drawn_step_by_step_with_the_source_of_each_input() -> None:
    drawing = draw(CHAIN)
    assert [(value.name, value.value) for value in drawing.values] == [("order_id", "ORD-17"), ("copies", 2)]
    assert [[card.id for card in step] for step in drawing.steps] == [["task1", "task2"], ["task3"]]
    [customer] = drawing.steps[1][0].inputs
    assert (customer.source, customer.known) == (Reference("task1", "customer_id"), False)
    copies = drawing.steps[0][1].inputs[1]
    assert (copies.source, copies.value, copies.known) == (Reference("task0", "copies"), 2, True)


def test_what_is_in_no_group_or_too_much_is_counted() -> None:
    tasks = [{"id": f"task{number}", "service": "a", "input": {}} for number in range(1, 302)]
    plan = {"tasks": tasks, "parallel_groups": [[task["id"] for task in tasks[:-1]]]}
    drawing = draw(plan)
    assert len(drawing.steps[0]) == 200
    assert drawing.left_out == 101


def test_a_task_named_twice_is_drawn_once() -> None:
    plan = {**CHAIN, "parallel_groups": [["task1", "task1", "task2"], ["task1", "task3"]]}
    assert [[card.id for card in step] for step in draw(plan).steps] == [["task1", "task2"], ["task3"]]


@given(SHAPES)
def test_any_json_can_be_drawn(stored: object) -> None:
    drawing = draw(stored)
    assert drawing.left_out >= 0
    assert all(drawing.steps)


@given(SHAPES)
def test_any_json_can_be_explained(stored: object) -> None:
    explained = explain(stored, there=entries_named(stored))
    assert all(candidate.there for candidate in explained.refused if candidate.entry_id)
