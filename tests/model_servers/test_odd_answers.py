"""What real servers send that no description of the protocol has: read as it is meant, or said plainly."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from orra.base.strictjson import Json
from planengine.llm import exchange
from planengine.models import Attempt, DailyUsage
from tests.model_servers.cases import case
from tests.model_servers.conftest import PARAMS, PLAN, Ask, AskTwice, Serve, assert_failed
from tests.model_servers.test_answers import APART, TEXT, assert_planned
from tests.model_servers.test_failures import PLAIN
from tests.servers import profiles
from tests.servers.emulated import EmulatedServer, Says, event
from tests.servers.profiles import GROQ, LLAMA_CPP_PYTHON, Profile
from tests.servers.scripted import Reply, Request

pytestmark = pytest.mark.django_db

STREAM = {"Content-Type": "text/event-stream"}
LOCAL = (profiles.VLLM_OLD, profiles.VLLM_NEW, profiles.SGLANG, profiles.OLLAMA, profiles.LLAMA_CPP)


def piece(finish: Json, **delta: Json) -> bytes:
    return event({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})


@pytest.mark.parametrize("finish", ["", "null", "stop"])
@case(28, *LOCAL)
def test_an_answer_is_read_to_its_end_whatever_its_pieces_say(
    serve: Serve, ask: Ask, monkeypatch: pytest.MonkeyPatch, profile: Profile, finish: str
) -> None:
    monkeypatch.setattr(exchange, "LAST_BYTES_SECONDS", 0.02)

    def slowly() -> Iterator[bytes]:
        yield piece(finish, role="assistant", content="")
        for start in range(0, len(TEXT), 40):
            threading.Event().wait(0.1)
            yield piece(finish, content=TEXT[start : start + 40])
        yield piece("stop")

    serve(profile, Reply(pieces=slowly(), headers=STREAM))
    assert_planned(ask())


@case(28, *LOCAL)
def test_but_such_an_answer_that_breaks_off_is_none(serve: Serve, ask: Ask, profile: Profile) -> None:
    pieces = tuple(piece("stop", content=TEXT[start : start + 40]) for start in range(0, len(TEXT), 40))
    broken = Reply(pieces=pieces, headers=STREAM, then="cut")
    server = serve(profile, broken, broken, broken)
    assert_failed(ask(), "model_unreachable")
    written = Attempt.objects.get().answer
    assert written and TEXT.startswith(written)  # kept, and no plan
    server.script(broken)
    assert_planned(ask())


def kept_back(written: str, *, streamed: bool) -> Reply:
    error = {
        "message": "Failed to generate JSON. Please adjust your prompt. See 'failed_generation' for more details.",
        "type": "invalid_request_error",
        "code": "json_validate_failed",
        "failed_generation": written,
    }
    if streamed:
        return Reply(pieces=(b"event: error\n" + event({"error": error}),), headers=STREAM)
    return Reply(400, {"error": error})


@pytest.mark.parametrize("streamed", [True, False])
@case(31, GROQ)
def test_what_a_server_kept_back_is_an_answer(serve: Serve, ask: Ask, profile: Profile, streamed: bool) -> None:
    server = serve(profile, kept_back(f"Here it is: {TEXT} Anything else?", streamed=streamed))
    assert_planned(ask(cache="bypass"))
    server.script(kept_back('{"tasks": [{', streamed=streamed))
    plan = ask(cache="bypass")
    assert_planned(plan, attempts=2)
    assert [problem["code"] for problem in plan["attempts"][0]["problems"]] == ["invalid_json"]
    assert server.requests[-1].sections["your last plan"] == '{"tasks": [{'  # fed back
    server.script(kept_back("", streamed=streamed))
    assert_planned(ask(cache="bypass"))
    assert server.chats[-1]["response_format"] == {"type": "json_object"}


def called(arguments: Json, *, name: str = "execution_plan") -> dict[str, Json]:
    return {
        "content": None,
        "tool_calls": [{"index": 0, "type": "function", "function": {"name": name, "arguments": arguments}}],
    }


TASKS = json.dumps(PLAN["tasks"])
RENAMED = TEXT.replace('"refund_payment"', '"{}"')
STRINGS = {"tasks": TASKS, "parallel_groups": json.dumps(PLAN["parallel_groups"])}
INPUTS = {"tasks": [task | {"input": json.dumps(task["input"])} for task in PLAN["tasks"]]}
WRAPPED: dict[str, dict[str, Json]] = {
    "a tool call": called(TEXT),
    "a tool call after words": called(TEXT) | {"content": "I plan this."},
    "a tool call with an object": called(PLAN),
    "a tool call with strings": called(json.dumps(STRINGS)),
    "a function call": {"content": None, "function_call": {"name": "execution_plan", "arguments": TEXT}},
    "a string": {"content": json.dumps(TEXT)},
    "a string in a fence": {"content": f"```json\n{json.dumps(TEXT)}\n```"},
    "a member that is a string": {"content": json.dumps({"plan": TEXT})},
    "tasks that are a string": {"content": json.dumps(STRINGS)},
    "inputs that are strings": {"content": json.dumps(INPUTS)},
    "a list of tasks": {"content": TASKS},
    "a list of tasks in prose": {"content": f"The tasks are:\n```\n{TASKS}\n```\nThat is all."},
    "a list with the plan": {"content": f"[{TEXT}]"},
    "a name with a control token": {"content": RENAMED.replace("{}", "refund_payment<|channel|>commentary", 1)},
    "a name with a namespace": {"content": RENAMED.replace("{}", "functions.refund_payment", 1)},
}


def say(message: dict[str, Json]) -> Callable[[Request], Reply]:
    """The message as it is, whole or as a stream in which arguments and contents come in halves."""

    def reply(request: Request) -> Reply:
        finish = "tool_calls" if "tool_calls" in message else "stop"
        if not request.json.get("stream"):
            return Reply(body={"choices": [{"index": 0, "message": message, "finish_reason": finish}]})
        return Reply(pieces=(*(piece(None, **half) for half in halves(message)), piece(finish)), headers=STREAM)

    return reply


def halves(message: dict[str, Json]) -> list[dict[str, Json]]:
    content = message["content"]
    found: list[dict[str, Json]] = []
    if isinstance(content, str):
        found += [{"content": content[: len(content) // 2]}, {"content": content[len(content) // 2 :]}]
    for call in message.get("tool_calls", ()):
        arguments = call["function"]["arguments"]
        if not isinstance(arguments, str):
            found.append({"tool_calls": [call]})
            continue
        half = len(arguments) // 2
        first = call | {"function": call["function"] | {"arguments": arguments[:half]}}
        found += [
            {"tool_calls": [first]},
            {"tool_calls": [{"index": 0, "function": {"arguments": arguments[half:]}}]},
        ]
    if "function_call" in message:
        found.append({"function_call": message["function_call"]})
    return found


@pytest.mark.parametrize("shape", WRAPPED)
@case(32, profiles.OPENAI, profiles.VLLM_NEW, profiles.OLLAMA, GROQ)
def test_a_plan_is_taken_out_of_what_it_is_wrapped_in(
    serve: Serve, ask_twice: AskTwice, profile: Profile, shape: str
) -> None:
    serve(profile, default=say(WRAPPED[shape]), variables=PLAIN)
    for plan in ask_twice():
        assert_planned(plan)


HALF_WRAPPED = {
    "a list without its end": TASKS[:-1],
    "a list that goes on": TASKS[:-1] + ", {",
    "a string without its end": json.dumps(TEXT)[:-40],
    "tasks one after the other": "\n".join(json.dumps(task) for task in PLAN["tasks"]),
    "a list of something else": json.dumps([PARAMS, PARAMS]),
    "one task": json.dumps(PLAN["tasks"][1]),
}


@pytest.mark.parametrize("shape", HALF_WRAPPED)
@case(32, profiles.VLLM_NEW)
def test_half_a_plan_in_a_wrapping_is_half_a_plan(serve: Serve, ask: Ask, profile: Profile, shape: str) -> None:
    serve(profile, default=HALF_WRAPPED[shape])
    assert_failed(ask(), "plan_rejected")


@pytest.mark.parametrize("pieces", [(), (b": ping\n\n",), (b"data: [DONE]\n\n",)], ids=["nothing", "ping", "done"])
@case(33, LLAMA_CPP_PYTHON)
def test_an_empty_stream_is_asked_for_as_a_whole(
    serve: Serve, ask: Ask, profile: Profile, pieces: tuple[bytes, ...]
) -> None:
    server: EmulatedServer = serve(profile, variables=PLAIN)
    empty = Reply(pieces=pieces, headers=STREAM)
    assert profile.overflow is not None
    status, said, more = profile.overflow
    server.script(empty, server.error(status, said, **more))
    message = assert_failed(ask(), "model_context_overflow")
    assert said in message and [body.get("stream") for body in server.chats] == [True, None]
    assert_planned(ask(cache="bypass"))
    assert server.chats[-1]["stream"] is True  # nothing was learnt of an error
    server.script(empty)
    assert_planned(ask(cache="bypass"))
    before = server.calls
    assert_planned(ask(cache="bypass"))
    assert server.calls == before + 1 and "stream" not in server.chats[-1]


@case(34, *APART)
def test_reasoning_without_an_answer_is_named(serve: Serve, ask_twice: AskTwice, profile: Profile) -> None:
    serve(profile, default=Says(None, reasoning="Let me think about the order. " * 50))
    for plan in ask_twice():
        message = assert_failed(plan, "plan_rejected")
        assert "gives no answer" in message and "characters of reasoning" in message
        assert [attempt["problems"][0]["code"] for attempt in plan["attempts"]] == ["only_reasoning"] * 2
        assert any("LLM_RESPONSE_FORMAT=none" in line for line in plan["error"]["how_to_fix"])


@case(36, profiles.VLLM_NEW, profiles.OLLAMA, profiles.LLAMA_CPP)
def test_what_was_written_until_the_deadline_is_kept_and_counted(
    serve: Serve, ask: Ask, api: Any, profile: Profile
) -> None:
    assert api.patch("/v1/project", {"tokens_per_day": 1_000_000}).status_code == 200
    written = '{"tasks": [' + '{"id": "task0", "input": {}}, ' * 40
    start = (piece(None, reasoning="Hm. "), piece(None, content=written[:600]), piece(None, content=written[600:]))
    stalled = Reply(pieces=start * 2, then="stall", headers=STREAM)  # of which the first half is sent
    serve(profile, stalled, variables={**PLAIN, "PLANNING_DEADLINE_SECONDS": 1.0})
    message = assert_failed(ask(), "model_timeout")
    assert f"of which {len(written) + 4:,} characters had come" in message
    [attempt] = Attempt.objects.all()
    assert (attempt.answer, attempt.error_code) == (written, "model_timeout")
    [used] = DailyUsage.objects.all()
    assert used.estimated_tokens > len(written) // 4 and used.reserved_tokens == 0
