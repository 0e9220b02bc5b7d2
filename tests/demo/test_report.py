from typing import Any

import pytest

from orra.base.strictjson import Json
from orra.demo import report
from orra.demo.report import Told
from orra.demo.story import STORY, Expected, Origin, Step

STEP = Step(
    "other values", "Refund order ORD-2077 now", {"order_id": "ORD-2077"}, Expected(origin=Origin.SAME_TEMPLATE)
)
ONE_TASK = {
    "tasks": [{"id": "task0", "input": {}}, {"id": "task1", "service": "find_order", "input": {}}],
    "parallel_groups": [["task1"]],
}


def told(*, step: Step = STEP, milliseconds: float = 9.4, faults: tuple[str, ...] = (), **changes: Any) -> Told:
    plan: dict[str, Json] = {
        "status": "ready",
        "source": "exact",
        "plan": ONE_TASK,
        "cache": {"reason": "same_template", "similarity": 1.0, "guards": []},
        "error": None,
    }
    return Told(2, step, plan | changes, milliseconds, faults)


def test_a_hit_saves_a_call() -> None:
    first, *others = report.row(told(), 80).splitlines()
    assert " ".join(first.split()) == "2 Refund order ORD-2077 now cache, same template 9 ms 1"
    assert [line.strip() for line in others] == ["1 task", "· other values", '· with order_id = "ORD-2077"']


def test_a_planned_one_saves_none() -> None:
    first = report.row(told(source="composer", milliseconds=2540), 80).splitlines()[0]
    assert " ".join(first.split()) == "2 Refund order ORD-2077 now the composer 2.5 s"


def test_a_near_miss_names_the_guard() -> None:
    guard = {"template": "Refund order {order_id}", "similarity": 0.957, "guard": "words", "reason": "A not."}
    step = Step("near", "Do not refund", {}, Expected(near_miss=True))
    shown = report.row(told(step=step, cache={"reason": "refused", "similarity": None, "guards": [guard]}), 100)
    assert "near miss: “Refund order {order_id}” is 0.96 alike, but refused (words): A not." in shown


def test_a_plan_that_was_mended_tells_what_for() -> None:
    problem = {"code": "skipped", "message": "It skips that.", "hint": "Add a task."}
    shown = report.row(told(source="composer", attempts=[{"problems": [problem]}, {"problems": []}]), 100)
    assert "refused at first (skipped): It skips that." in shown and "mended as it was told: Add a task." in shown


def test_what_is_not_as_told_stands_out() -> None:
    assert "NOT AS TOLD: it is wrong" in report.row(told(faults=("it is wrong",)), 80)
    assert report.not_as_told([told(), told()], width=80) == ""
    named = report.not_as_told([told(faults=("it is wrong", "and so is that")), told()], width=80)
    assert "1 of 2 requests did not come out as told: 2." in named
    assert "it is wrong" not in named  # it stands with the request


def test_an_explanation_of_several_lines_is_shown_without_marks_for_its_line_ends() -> None:
    shown = report.row(told(faults=("its status is failed: PROBLEM: one\r\nHOW TO FIX:\n\t1. that\x1b[2J",)), 80)
    assert "PROBLEM: one HOW TO FIX: 1. that" in " ".join(shown.split())
    assert shown.count("\ufffd") == 1 and "\x1b" not in shown  # what a terminal would obey


def test_the_summary_counts_what_happened() -> None:
    rows = [told(milliseconds=10), told(milliseconds=30), told(source="model", milliseconds=4000)]
    assert report.summary(rows, width=200).splitlines() == [
        "3 requests, 2 of them served from the cache: 2 planner calls saved.",
        "Medians, as the client saw them: cache, same template 20 ms; planned 4.0 s.",
    ]


@pytest.mark.parametrize("width", [80, 100])
@pytest.mark.parametrize("step", STORY, ids=lambda step: step.shows)
def test_the_table_keeps_its_width(step: Step, width: int) -> None:
    why = {"message": "No registered service can do it. " * 9, "how_to_fix": []}
    faults = ("x" * 300,)
    refused = told(step=step, faults=faults, status="not_actionable", source="composer", plan=None, error=why)
    for shown in (report.header(width), report.row(told(step=step), width), report.row(refused, width)):
        assert max(map(len, shown.splitlines())) <= width


def test_an_explanation_keeps_its_lines_and_obeys_no_escape() -> None:
    text = "HOW TO FIX:\n1. Update the input schema of the service\n\x1b[2J"
    assert report.indented(text, width=30).splitlines() == [
        "  HOW TO FIX:",
        "  1. Update the input schema",
        "     of the service",
        "  \ufffd[2J",
    ]
