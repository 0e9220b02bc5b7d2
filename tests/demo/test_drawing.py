import json

from hypothesis import given
from hypothesis import strategies as st

from orra.base.strictjson import Json
from orra.demo.drawing import draw

REFUND = {
    "tasks": [
        {"id": "task0", "input": {"order_id": "ORD-7", "message": "It is on its way."}},
        {"id": "task1", "service": "find_order", "input": {"order_id": "$task0.order_id"}},
        {"id": "task2", "service": "issue_refund", "input": {"payment_id": "$task1.payment_id"}},
        {"id": "task3", "service": "find_customer", "input": {"customer_id": "$task1.customer_id"}},
        {"id": "task4", "service": "tell", "input": {"email": "$task3.email", "message": "$task0.message"}},
    ],
    "parallel_groups": [["task1"], ["task2", "task3"], ["task4"]],
}


def test_a_plan_is_drawn_from_the_request_to_the_last_task() -> None:
    assert draw(REFUND).splitlines() == [
        "                  ┌ task0, from the request ───────┐",
        '                  │ order_id = "ORD-7"             │',
        '                  │ message  = "It is on its way." │',
        "                  └────────────────────────────────┘",
        "                                   │",
        "                                   ▼",
        "                    ┌ task1 find_order ─────────┐",
        "                    │ order_id ◀ task0.order_id │",
        "                    └───────────────────────────┘",
        "                                   │",
        "                                   ▼ 2 at the same time",
        "┌ task2 issue_refund ───────────┐  ┌ task3 find_customer ────────────┐",
        "│ payment_id ◀ task1.payment_id │  │ customer_id ◀ task1.customer_id │",
        "└───────────────────────────────┘  └─────────────────────────────────┘",
        "                                   │",
        "                                   ▼",
        "                     ┌ task4 tell ─────────────┐",
        "                     │ email   ◀ task3.email   │",
        "                     │ message ◀ task0.message │",
        "                     └─────────────────────────┘",
    ]


def test_tasks_that_do_not_fit_beside_each_other_stand_below() -> None:
    narrow = draw(REFUND, width=50).splitlines()
    refund = next(line for line in narrow if "issue_refund" in line)
    assert "find_customer" not in refund
    assert any("find_customer" in line for line in narrow)


def test_boxes_of_unequal_height_stand_on_one_line() -> None:
    plan = {
        "tasks": [
            {"id": "task0", "input": {"a": 1, "b": 2}},
            {"id": "task1", "service": "one", "input": {"a": "$task0.a"}},
            {"id": "task2", "service": "both", "input": {"a": "$task0.a", "b": "$task0.b"}},
        ],
        "parallel_groups": [["task1", "task2"]],
    }
    assert draw(plan).splitlines()[-4:] == [
        "┌ task1 one ──┐  ┌ task2 both ──┐",
        "│ a ◀ task0.a │  │ a ◀ task0.a  │",
        "└─────────────┘  │ b ◀ task0.b  │",
        "                 └──────────────┘",
    ]


def test_a_long_value_is_cut() -> None:
    plan = {"tasks": [{"id": "task0", "input": {"text": "word " * 100}}], "parallel_groups": []}
    lines = draw(plan, width=60).splitlines()
    assert {len(line) for line in lines} == {60}
    assert lines[1].endswith("… │")


def test_what_a_terminal_would_obey_is_not_drawn() -> None:
    plan = {"tasks": [{"id": "task0", "input": {"a\x9b31m": "\x85 \u202e \x1b[2J"}}], "parallel_groups": []}
    assert all(character.isprintable() or character == "\n" for character in draw(plan))


names = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=30)
texts = st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=20)


@st.composite
def plans(draw_from: st.DrawFn) -> Json:
    """Accepted plans, as far as a drawing is concerned: task0, then groups of tasks that only look back."""
    sizes = draw_from(st.lists(st.integers(1, 4), max_size=4))
    constants = draw_from(st.dictionaries(names, texts | st.integers() | st.lists(st.integers())))
    tasks: list[dict[str, object]] = [{"id": "task0", "input": constants}]
    groups = []
    for size in sizes:
        earlier = [str(task["id"]) for task in tasks]
        group = [f"task{len(tasks) + offset}" for offset in range(size)]
        for task in group:
            sources = st.builds("${}.{}".format, st.sampled_from(earlier), names)
            inputs = draw_from(st.dictionaries(names, sources))
            tasks.append({"id": task, "service": draw_from(names), "input": inputs})
        groups.append(group)
    return {"tasks": tasks, "parallel_groups": groups}


@given(plans())
def test_every_task_input_and_source_is_drawn_when_there_is_room(plan: Json) -> None:
    drawn = draw(plan, width=10_000)
    for task in plan["tasks"]:
        assert str(task["id"]) in drawn
        assert task.get("service", "") in drawn
        for name, value in task["input"].items():
            source = json.dumps(value, ensure_ascii=False) if task["id"] == "task0" else value.removeprefix("$")
            assert any(name in line and source in line for line in drawn.splitlines())


@given(plans(), st.integers(40, 120))
def test_no_line_is_longer_than_the_width(plan: Json, width: int) -> None:
    assert all(len(line) <= width for line in draw(plan, width=width).split("\n"))
