"""A plan's rows told as events."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planengine.lifecycle.events import (
    BEFORE_ALL,
    LAST,
    MAX_PROBLEMS,
    AttemptFacts,
    Place,
    PlanFacts,
    Story,
    parse_place,
    story_of,
    unheard,
)

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
WAITING = PlanFacts(
    id="o_1",
    status="planning",
    source=None,
    cache={"decision": "miss", "reason": "nothing_cached", "similarity": None, "guards": []},
    cache_entry_id=None,
    error=None,
    prompt_tokens=None,
    completion_tokens=None,
    created_at=NOON,
    finished_at=None,
)
READY = replace(WAITING, status="ready", source="model", finished_at=NOON + timedelta(seconds=9))
RUNNING = AttemptFacts(
    id=7,
    plan_id="o_1",
    number=1,
    planner="model:small-1:1",
    problems=[],
    error_code="",
    prompt_tokens=None,
    completion_tokens=None,
    reasoning_chars=0,
    answer_chars=0,
    seconds=None,
    created_at=NOON,
)
WRONG = {
    "code": "unknown_service",
    "message": "There is no such service.",
    "task": "task1",
    "field": None,
    "hint": "",
}
REJECTED = replace(RUNNING, problems=[WRONG], seconds=2.5, prompt_tokens=120)
SECOND = replace(RUNNING, id=9, number=2, seconds=1.0)


def names(story: Story, *, after: Place = BEFORE_ALL) -> list[str]:
    return [event.name for event in story.after(after)]


def test_a_plan_from_queue_to_outcome() -> None:
    story = story_of(READY, [SECOND, REJECTED])

    assert names(story) == [
        *("queued", "cache", "attempt_started", "answered", "problems_found"),
        *("retry", "attempt_started", "answered", "ready"),
    ]
    assert story.finished
    [found] = [event for event in story.events if event.name == "problems_found"]
    assert found.data["problems"] == [{name: WRONG[name] for name in ("code", "message", "task", "field")}]


def test_what_is_told_early_is_told_again_with_the_same_ids() -> None:
    moments = [
        story_of(WAITING, []),
        story_of(WAITING, [RUNNING]),
        story_of(WAITING, [REJECTED]),
        story_of(WAITING, [REJECTED, replace(SECOND, seconds=None)]),
        story_of(READY, [REJECTED, SECOND]),
    ]
    for earlier, later in zip(moments, moments[1:], strict=False):
        assert later.events[: len(earlier.events)] == earlier.events
    places = [event.place for event in moments[-1].events]
    assert places == sorted(set(places), key=lambda place: place or BEFORE_ALL)


def test_nothing_is_told_twice_and_nothing_left_out_wherever_a_client_was_cut() -> None:
    story = story_of(READY, [REJECTED, SECOND])
    for count, event in enumerate(story.events, start=1):
        assert event.place is not None
        assert story.after(event.place) == list(story.events[count:])


def test_a_hits_decision_stands_at_its_end() -> None:
    hit = replace(
        READY, source="exact", cache={"decision": "exact", "reason": "same_template"}, cache_entry_id="ce_1"
    )

    story = story_of(hit, [])

    assert names(story) == ["queued", "cache", "ready"]
    assert story.events[1].data["entry_id"] == "ce_1"
    followed = story_of(replace(WAITING, status="pending"), []).events
    assert names(story_of(hit, []), after=followed[-1].place or BEFORE_ALL) == ["cache", "ready"]


def test_a_decision_tells_its_votes_without_what_is_internal() -> None:
    votes = {"services": ["refund"], "risk": 0.01, "numbers": {"margin": 0.2}, "log_odds": -4.5}
    cache = {"decision": "example", "reason": "made_by_example", "similarity": 0.9, "votes": votes}
    hit = replace(READY, source="example", cache=cache)

    [told] = [event for event in story_of(hit, []).events if event.name == "cache"]

    assert told.place == Place(2**63, 0)
    assert told.data["votes"] == {"services": ["refund"], "risk": 0.01}
    assert (told.data["decision"], told.data["entry_id"]) == ("example", None)
    [without] = [event for event in story_of(WAITING, []).events if event.name == "cache"]
    assert without.data["votes"] is None


def test_progress_is_told_while_it_lasts_and_has_no_id() -> None:
    going_on = replace(RUNNING, reasoning_chars=1200, answer_chars=3)

    [progress] = story_of(WAITING, [going_on]).now
    assert (progress.name, progress.place) == ("progress", None)
    assert (progress.data["reasoning_chars"], progress.data["answer_chars"]) == (1200, 3)
    assert b"id:" not in progress.encode()
    assert story_of(WAITING, [replace(going_on, seconds=3.0)]).now == ()
    assert story_of(READY, [going_on]).now == ()


def test_a_lost_attempt_is_no_progress_once_another_began() -> None:
    lost = replace(RUNNING, answer_chars=100)

    story = story_of(WAITING, [lost, replace(RUNNING, id=8)])

    assert story.now == ()
    assert names(story) == ["queued", "cache", "attempt_started", "attempt_started"]


def test_a_follower_is_told_of_its_leaders_attempts() -> None:
    story = story_of(replace(WAITING, id="o_2", status="pending", leader_id="o_1"), [REJECTED])

    assert [event.name for event in story.now] == ["following"]
    assert {event.data["plan_id"] for event in story.events} == {"o_1", "o_2"}


def test_a_failed_call_and_a_failed_plan() -> None:
    error = {"code": "model_timeout", "message": "Too slow.", "problems": [], "how_to_fix": [], "retryable": True}
    failed = replace(READY, status="failed", error=error)

    story = story_of(failed, [replace(REJECTED, error_code="model_timeout")])

    assert names(story)[-3:] == ["attempt_failed", "problems_found", "failed"]
    assert story.events[-1].data["error"] == {
        "code": "model_timeout",
        "message": "Too slow.",
        "how_to_fix": [],
        "retryable": True,
    }


SPEAKING = replace(RUNNING, reasoning_chars=30, answer_chars=2, reasoning="the order ", answer="{}")


def spoken(earlier: AttemptFacts | None, later: AttemptFacts) -> Any:
    """What a client hears of ``later`` after it was told of ``earlier``."""
    shown = () if earlier is None else story_of(WAITING, [earlier]).now
    return [
        {name: event.data.get(name) for name in ("reasoning", "answer")}
        for event in unheard(story_of(WAITING, [later]).now, shown)
    ]


def test_progress_tells_the_latest_words_and_where_they_begin() -> None:
    assert spoken(None, SPEAKING) == [
        {"reasoning": {"from": 20, "text": "the order "}, "answer": {"from": 0, "text": "{}"}}
    ]


@pytest.mark.parametrize(
    ("size", "text", "heard"),
    [
        (35, "der first", {"from": 30, "text": "first"}),
        (50, "the refund", {"from": 40, "text": "the refund"}),
        (30, "the order ", None),
        (6, "Again:", {"from": 0, "text": "Again:"}),
    ],
    ids=["goes on", "is missed in part", "is the same", "begins anew"],
)
def test_words_are_told_once_to_who_heard_them(size: int, text: str, heard: Any) -> None:
    later = replace(SPEAKING, reasoning_chars=size, reasoning=text, answer_chars=3, answer="{} ")

    [told] = spoken(SPEAKING, later)

    assert told["reasoning"] == heard
    assert told["answer"] == ({"from": 0, "text": "{} "} if size == 6 else {"from": 2, "text": " "})


def test_what_was_said_in_another_attempt_was_not_said_in_this() -> None:
    assert spoken(SPEAKING, replace(SPEAKING, id=8)) == spoken(None, SPEAKING)
    assert spoken(SPEAKING, SPEAKING) == []


def test_an_answer_is_told_whole_and_what_a_failed_call_brought_from_where_it_is_known() -> None:
    ended = replace(SPEAKING, seconds=2.0, reasoning="All of it", answer='{"tasks": []}')
    failed = replace(SPEAKING, seconds=2.0, error_code="model_timeout")

    [answered] = [event for event in story_of(WAITING, [ended]).events if event.name == "answered"]
    [gave_up] = [event for event in story_of(WAITING, [failed]).events if event.name == "attempt_failed"]

    assert answered.data["reasoning"] == {"from": 0, "text": "All of it"}
    assert answered.data["answer"] == {"from": 0, "text": '{"tasks": []}'}
    assert gave_up.data["reasoning"] == {"from": 20, "text": "the order "}


def test_without_words_nothing_of_them_is_told() -> None:
    for attempt in (replace(SPEAKING, reasoning="", answer=""), REJECTED, replace(REJECTED, error_code="x")):
        story = story_of(WAITING, [attempt])
        assert not [event for event in (*story.events, *story.now) if {"reasoning", "answer"} & event.data.keys()]


def test_problems_are_few_and_short() -> None:
    many = [{**WRONG, "message": "x" * 10_000}] * 100

    [found] = [
        event for event in story_of(READY, [replace(REJECTED, problems=many)]).events if "count" in event.data
    ]

    assert found.data["count"] == 100
    assert len(found.data["problems"]) == MAX_PROBLEMS
    assert len(found.encode()) < 5_000


JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(cache=JSON, error=JSON, problems=JSON, code=st.text(max_size=5))
def test_any_stored_row_can_be_told_in_lines_that_a_client_can_read(
    cache: Any, error: Any, problems: Any, code: str
) -> None:
    story = story_of(
        replace(READY, cache=cache, error=error), [replace(REJECTED, problems=problems, error_code=code)]
    )

    for event in story.events:
        id_line, name_line, data_line, *rest = event.encode().decode().split("\n")
        assert rest == ["", ""]
        assert parse_place(id_line.removeprefix("id: ")) == event.place
        assert name_line == f"event: {event.name}"
        json.loads(data_line.removeprefix("data: "))


@pytest.mark.parametrize(
    "text", ["", "x", "1", "1.", ".1", "1.12", "end", "-1.0", "1.0\n", "9" * 20 + ".0", "１.0"]
)
def test_what_is_no_events_id(text: str) -> None:
    assert parse_place(text) is None


def test_the_last_events_id() -> None:
    assert parse_place("end.1") == LAST > Place(2**63 - 1, 9)
