"""No answer of a model breaks planning: it is read, judged and told what is wrong with it, or it is a plan."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orra.base.strictjson import check
from planengine.drafting.generation import Outcome, generate
from planengine.exceptions import OrraError
from planengine.llm.completions import Completion, Usage, read_completion
from planengine.llm.refusals import Site
from planengine.planners.model import read_draft
from planengine.planners.prompts.full import build_messages
from planengine.planners.protocol import Draft, Feedback, Job
from planengine.planners.selection.answers import Selection, read_choice, read_selection
from planengine.validation.problems import Problem
from tests.planengine.drafting.hostile_answers import ANSWERS, LONG, PLAN, TEXTS, VALUES, WHOLE, places, spoiled
from tests.planengine.planners.test_prompts import JOB


class Hostile:
    """A planner whose model says ``answers`` in their order, the last again and again."""

    source, name, model, address = "model", "hostile", "hostile", ""

    def __init__(self, answers: Sequence[str], *, reasoning: str = "", finish_reason: str = "stop") -> None:
        self._answers = iter(answers)
        self._last = ""
        self._reasoning, self._finish_reason = reasoning, finish_reason

    def draft(self, job: Job, *, feedback: Feedback | None, deadline: float) -> Draft:
        build_messages(job, feedback=feedback)  # the last answer is shown to the model again
        self._last = next(self._answers, self._last)
        usage = Usage(completion_tokens=1)
        told = Completion(self._last, self._reasoning, self._finish_reason, "hostile", usage)
        return read_draft(told, prompt="")

    def prompt(self, job: Job, *, feedback: Feedback | None) -> str:
        return ""

    def asks_again(self, feedback: Feedback) -> bool:
        return True


def outcome_of(answers: Sequence[str], **how: str) -> Outcome:
    planner = Hostile(answers, **how)
    outcome = generate(planner, JOB, attempts=3, deadline=time.monotonic() + 600, repair=True)
    assert outcome.status in ("ready", "not_actionable", "failed")
    assert (outcome.failure is None) == (outcome.status == "ready")
    if outcome.failure is not None:
        told = outcome.failure.as_dict()
        json.dumps(told)
        assert outcome.failure.message
        assert len(json.dumps(told)) < 200_000
    else:
        check(outcome.plan)  # it can be stored
    return outcome


@pytest.fixture(autouse=True)
def no_errors(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """What a model says is no fault of ours."""
    yield
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


# The long ones are there for their time: whatever is worse than linear would not end.
@pytest.mark.parametrize("kind", TEXTS)
def test_texts_that_are_hard_to_read(kind: str) -> None:
    outcome_of([TEXTS[kind]])
    outcome_of([TEXTS[kind], WHOLE.replace("refund order", "refund")])


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("finish_reason", ["stop", "length", ""])
def test_they_may_stand_in_reasoning(kind: str, finish_reason: str) -> None:
    outcome_of([""], reasoning=TEXTS[kind], finish_reason=finish_reason)


@pytest.mark.parametrize("path", list(places(PLAN)), ids=lambda path: ".".join(map(str, path)) or "whole")
def test_anything_may_stand_at_any_place(path: tuple[str | int, ...]) -> None:
    for value in VALUES:
        outcome_of([json.dumps(spoiled(path, value))])


@pytest.mark.parametrize("end", range(0, len(WHOLE), 7))
def test_an_answer_may_end_anywhere(end: int) -> None:
    assert outcome_of([WHOLE[:end]]).status == "failed"


@settings(max_examples=400)
@given(answers=st.lists(ANSWERS, min_size=1, max_size=3))
def test_no_answers_break_planning(answers: list[str]) -> None:
    outcome_of(answers)


def said(text: str) -> Completion:
    return Completion(text, "", "stop", "some-model", Usage())


@settings(max_examples=200)
@given(text=ANSWERS)
def test_no_answer_breaks_a_selection(text: str) -> None:
    assert isinstance(read_selection(said(text)), Selection | Problem)
    assert isinstance(read_choice(said(text)), str | None)


@pytest.mark.parametrize("kind", TEXTS)
def test_hard_texts_are_no_selection_either(kind: str) -> None:
    assert isinstance(read_selection(said(TEXTS[kind])), Selection | Problem)
    assert isinstance(read_choice(said(TEXTS[kind])), str | None)


SITE = Site("http://localhost/v1/chat/completions", "hostile")
BODIES = st.binary(max_size=300) | ANSWERS.map(lambda text: text.encode("utf-8", "surrogatepass"))
MEMBERS = st.dictionaries(
    st.sampled_from(["choices", "message", "content", "usage", "error", "finish_reason", "model", "delta"]),
    st.sampled_from(VALUES),
)


@settings(max_examples=300)
@given(
    body=BODIES
    | st.builds(lambda outer, inner: json.dumps({**outer, "choices": [inner]}).encode(), MEMBERS, MEMBERS)
)
def test_no_body_of_a_servers_answer_breaks_reading_it(body: bytes) -> None:
    try:
        found = read_completion(body, site=SITE)
    except OrraError as error:
        assert len(error.message) < 10_000
    else:
        check([found.content, found.reasoning, found.model])


def test_a_body_of_nothing_but_beginnings_is_refused() -> None:
    for body in (
        b"[" * LONG,
        b'{"choices":' * 20_000,
        b'{"choices":[' + b"{}," * 50_000 + b"{}]}",
        b"\x00" * LONG,
    ):
        with pytest.raises(OrraError):
            read_completion(body, site=SITE)
