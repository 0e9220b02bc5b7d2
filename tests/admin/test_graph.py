"""The execution graph: whatever is a plan is drawn whole, within its bounds, and nothing over anything else."""

from __future__ import annotations

import re
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from orra.base.strictjson import Json
from planengine.admin.parts.drawing import MAX_BOXES, draw, schemas_of
from planengine.admin.parts.graph import BOX_WIDTH, Box, Graph, Link, fitted
from planengine.validation.graph import levels
from tests.admin.conftest import CHAIN
from tests.conftest import SHOP

FIELDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)


@st.composite
def plans(draw_from: st.DrawFn) -> Json:
    """Valid ones: tasks in an order in which each takes from earlier ones, grouped as validation groups them."""
    constants = draw_from(st.dictionaries(FIELDS, st.integers(), max_size=4))
    count = draw_from(st.integers(1, 9))
    tasks: list[Json] = [{"id": "task0", "input": constants}]
    needs: dict[str, set[str]] = {}
    for number in range(1, count + 1):
        earlier = [f"task{before}" for before in range(1, number)]
        options = [f"${task}.f" for task in earlier] + [f"$task0.{name}" for name in constants] + [7, "text"]
        inputs = draw_from(st.dictionaries(FIELDS, st.sampled_from(options), max_size=5))
        after = draw_from(st.lists(st.sampled_from(earlier), max_size=2, unique=True)) if earlier else []
        task: Json = {"id": f"task{number}", "service": f"service {number}", "input": inputs}
        tasks.append(task | ({"after": after} if after else {}))
        taken = {str(value).split(".")[0][1:] for value in inputs.values() if str(value).startswith("$task")}
        needs[f"task{number}"] = (taken - {"task0"}) | set(after)
    return {"tasks": tasks, "parallel_groups": levels(needs)}


def references(plan: Json) -> set[Link]:
    found = set()
    for task in plan["tasks"][1:]:
        for name, value in task["input"].items():
            if str(value).startswith("$task"):
                source, _, field = value[1:].partition(".")
                found.add(Link(source, task["id"], field, name))
        found |= {Link(before, task["id"], after=True) for before in task.get("after", ())}
    return found


def graph_of(plan: Json) -> Graph:
    graph = draw(plan).graph
    assert graph is not None
    return graph


def apart(one: Box, other: Box) -> bool:
    beside = one.x + one.width <= other.x or other.x + other.width <= one.x
    return beside or one.y + one.height <= other.y or other.y + other.height <= one.y


@given(plans())
def test_every_reference_of_a_plan_is_an_arrow(plan: Json) -> None:
    graph = graph_of(plan)
    assert {arrow.link for arrow in graph.arrows} == references(plan)
    assert len(graph.arrows) == len(references(plan))
    drawn = {box.id for box in graph.boxes}
    assert drawn - {"task0"} == {task["id"] for task in plan["tasks"][1:]}
    assert ("task0" in drawn) == bool(plan["tasks"][0]["input"])


@given(plans())
def test_boxes_stand_apart_and_all_is_within_the_picture(plan: Json) -> None:
    graph = graph_of(plan)
    assert all(apart(one, other) for one, other in combinations(graph.boxes, 2))
    for box in graph.boxes:
        assert box.x >= 0 and box.x + box.width <= graph.width
        assert box.y >= 0 and box.y + box.height <= graph.height
    for arrow in graph.arrows:
        numbers = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", arrow.path)]
        assert all(0 <= number <= max(graph.width, graph.height) for number in numbers)
        assert 0 <= arrow.label_x <= graph.width and 0 <= arrow.label_y <= graph.height


@given(plans())
def test_no_two_labels_share_a_place_and_arrows_end_at_their_box(plan: Json) -> None:
    graph = graph_of(plan)
    places = [(arrow.label_x, arrow.label_y) for arrow in graph.arrows]
    assert len(set(places)) == len(places)
    for arrow in graph.arrows:
        assert arrow.source.x + BOX_WIDTH < arrow.target.x
        assert arrow.target.y < arrow.label_y < arrow.target.y + arrow.target.height


@given(plans())
def test_a_picture_is_no_larger_than_what_it_shows(plan: Json) -> None:
    graph = graph_of(plan)
    columns = len(plan["parallel_groups"]) + 1
    assert graph.width <= 24 + columns * (BOX_WIDTH + 240)
    passing = sum(len(plan["parallel_groups"]) for _ in graph.arrows)
    assert graph.height <= 24 + len(graph.boxes) * 66 + (len(graph.arrows) + passing) * 42


def test_what_is_too_much_is_shown_in_columns() -> None:
    tasks = [{"id": f"task{number}", "service": "a", "input": {}} for number in range(1, MAX_BOXES + 2)]
    drawing = draw({"tasks": tasks, "parallel_groups": [[task["id"] for task in tasks]]})
    assert drawing.graph is None
    assert len(drawing.steps[0]) == MAX_BOXES + 1


def test_a_task_tells_its_schemas_and_who_takes_what_it_gives() -> None:
    known = {
        name: schemas_of(str(facts["description"]), facts["input_schema"], facts["output_schema"])
        for name, facts in SHOP.items()
    }
    [lookup, labels], [notify] = draw(CHAIN, services=known).steps
    assert [(each.name, each.schema) for each in lookup.inputs] == [("order_id", "string")]
    assert [(each.name, each.schema, each.takers) for each in lookup.outputs] == [
        ("customer_id", "string", ("task3.customer_id",)),
        ("amount", "number", ()),
        ("items", "array, may be left out", ()),
    ]
    assert (labels.known, notify.known) == (False, False)


def test_without_the_right_to_contents_values_are_told_by_their_kind() -> None:
    drawing = draw(CHAIN, contents=False)
    assert [(value.name, value.text) for value in drawing.values] == [("order_id", "text"), ("copies", "a number")]
    assert all(
        given.text in ("", "text", "a number") for step in drawing.steps for card in step for given in card.inputs
    )


def test_text_is_cut_to_its_width_where_wide_letters_count_twice() -> None:
    assert fitted("order_lookup", 23) == "order_lookup"
    assert fitted("x" * 30, 23) == "x" * 22 + "…"
    assert fitted("注文" * 10, 10) == "注文注文…"
