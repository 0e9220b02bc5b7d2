"""The planner as generation sees it, over a real socket."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from planengine.llm.client import Endpoint, Patience
from planengine.llm.completions import Usage
from planengine.llm.errors import ModelAuthFailed, ModelUnreachable
from planengine.planners.model import ModelPlanner
from planengine.planners.prompts import PROMPT_VERSION
from planengine.planners.protocol import Draft, Feedback, Job
from tests.planengine.planners.test_prompts import JOB
from tests.servers.scripted import MODEL, Scripted, ScriptedServer, completion, failure, fenced, oblige, thinking

PLAN = {
    "tasks": [
        {"id": "task0", "input": {"orderId": "ORD-17"}},
        {"id": "task1", "service": "refund order", "input": {"orderId": "$task0.orderId"}},
    ],
    "parallel_groups": [["task1"]],
}
TEXT = json.dumps(PLAN)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


def draft(server: ScriptedServer, *replies: Scripted, feedback: Feedback | None = None, job: Job = JOB) -> Draft:
    server.script(*replies)
    endpoint = Endpoint("some-model", base_url=server.url, patience=Patience(retries=1, first_pause=0.001))
    return ModelPlanner(endpoint).draft(job, feedback=feedback, deadline=time.monotonic() + 20)


def test_its_name_changes_with_the_model_and_the_prompt() -> None:
    planner = ModelPlanner(Endpoint("qwen/QwQ-32B-q8"))
    assert (planner.source, planner.name) == ("model", f"model:qwen/QwQ-32B-q8:{PROMPT_VERSION}")


def test_a_draft_keeps_what_an_attempt_records(server: ScriptedServer) -> None:
    found = draft(server, PLAN)
    assert found.plan == PLAN
    assert found.problems == ()
    assert found.prompt == server.requests[0].prompt
    assert (found.answer, found.model) == (TEXT, MODEL)
    assert found.usage == Usage(prompt_tokens=120, completion_tokens=30)


@pytest.mark.parametrize(
    "reply",
    [
        thinking(PLAN),
        thinking(PLAN, opening=False),
        thinking(f"```json\n{TEXT}\n```", opening=False),
        fenced(PLAN),
        completion(f"<think>{{}}</think>Here: {TEXT} Anything else?"),
        completion(None, reasoning=TEXT),
        completion("", reasoning_content=f"So the plan is {TEXT}"),
        completion([{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": TEXT}]),
    ],
)
def test_the_plan_is_found_wherever_it_is(server: ScriptedServer, reply: Scripted) -> None:
    assert draft(server, reply).plan == PLAN


def test_an_answer_given_as_reasoning_is_kept_as_the_answer(server: ScriptedServer) -> None:
    assert draft(server, completion(None, reasoning=TEXT)).answer == TEXT


@pytest.mark.parametrize(
    "reply",
    [
        "I cannot help with that.",
        completion(None, reasoning=TEXT, finish_reason="length"),
        completion(TEXT[: len(TEXT) // 2], finish_reason="length"),
        completion("{\n" + "\n" * 5000, finish_reason="length"),
        TEXT[:-30],
    ],
)
def test_an_answer_without_a_plan_is_a_draft_with_a_problem(server: ScriptedServer, reply: Scripted) -> None:
    found = draft(server, reply)
    assert found.plan is None
    assert len(found.problems) == 1
    assert found.problems[0].code
    assert found.prompt
    assert server.calls == 1


def test_an_answer_that_stays_empty_is_a_draft_with_a_problem() -> None:
    """The server may have failed at the form that it was asked for: it is asked for weaker ones first."""
    with ScriptedServer(default=completion(None)) as server:
        found = draft(server)
    assert found.plan is None and [problem.code for problem in found.problems] == ["no_plan_found"]
    forms = [request.json.get("response_format", {}).get("type") for request in server.requests]
    assert forms == ["json_schema", "json_object", None]
    assert found.usage.prompt_tokens == 3 * 120  # each of them was paid for


def test_feedback_reaches_the_model(server: ScriptedServer) -> None:
    draft(server, PLAN, feedback=Feedback(answer=f"<think>hm</think>{TEXT}", text="task1 takes no field 'id'."))
    sections = server.requests[0].sections
    assert sections["your last plan"] == PLAN
    assert sections["what was wrong with it"] == ["task1 takes no field 'id'."]


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_an_error(server: ScriptedServer, status: int) -> None:
    with pytest.raises(ModelAuthFailed, match="API key may be required or invalid for this endpoint"):
        draft(server, failure(status))


def test_a_stopped_server_is_an_error(server: ScriptedServer) -> None:
    server.stop()
    with pytest.raises(ModelUnreachable):
        draft(server)


def test_the_obliging_server_plans_any_request(server: ScriptedServer) -> None:
    assert draft(server, oblige).plan == PLAN
    hopeless = Job("Fly me to the moon", {}, JOB.catalogue)
    refused = draft(server, oblige, job=hopeless).plan
    assert refused is not None
    assert refused["tasks"][0]["id"] == "final"
