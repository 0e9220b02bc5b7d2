from __future__ import annotations

from typing import Any

import pytest

from planengine.validation.comparison import same_graph

TASK0 = {"id": "task0", "input": {"order": "A-1", "text": "hi"}}
FIND = {"id": "task1", "service": "find", "input": {"order": "$task0.order"}}
TELL = {"id": "task2", "service": "tell", "input": {"who": "$task1.customer", "text": "$task0.text"}}
LOG = {"id": "task3", "service": "log", "input": {"order": "$task0.order"}}


def plan(*tasks: dict[str, Any], groups: list[list[str]]) -> dict[str, Any]:
    return {"tasks": list(tasks), "parallel_groups": groups}


ONE = plan(TASK0, FIND, TELL, LOG, groups=[["task1", "task3"], ["task2"]])


def test_names_of_tasks_and_of_constants_make_no_difference() -> None:
    other = plan(
        {"id": "task0", "input": {"message": "hi", "order_id": "A-1"}},
        {"id": "task1", "service": "log", "input": {"order": "$task0.order_id"}},
        {"id": "task2", "service": "find", "input": {"order": "$task0.order_id"}},
        {"id": "task7", "service": "tell", "input": {"text": "$task0.message", "who": "$task2.customer"}},
        groups=[["task2", "task1"], ["task7"]],
    )

    assert same_graph(ONE, other) and same_graph(other, ONE)


@pytest.mark.parametrize(
    "other",
    [
        plan(TASK0, FIND, TELL, groups=[["task1"], ["task2"]]),
        plan(TASK0, FIND, TELL, LOG, {**LOG, "id": "task4"}, groups=[["task1", "task3", "task4"], ["task2"]]),
        plan({**TASK0, "input": {"order": "A-2", "text": "hi"}}, FIND, TELL, LOG, groups=ONE["parallel_groups"]),
        plan(TASK0, FIND, {**TELL, "service": "mail"}, LOG, groups=ONE["parallel_groups"]),
        plan(
            TASK0,
            FIND,
            {**TELL, "input": {"who": "$task1.owner", "text": "$task0.text"}},
            LOG,
            groups=ONE["parallel_groups"],
        ),
    ],
    ids=["a call less", "a call more", "another value", "another service", "another output"],
)
def test_what_is_done_makes_one(other: dict[str, Any]) -> None:
    assert not same_graph(ONE, other)
