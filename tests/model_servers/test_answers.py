"""Where the plan is in what a server answers, streamed or not, and what is no plan."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orra.base.strictjson import Json
from planengine.models import Attempt
from tests.conftest import Api
from tests.model_servers.cases import case
from tests.model_servers.conftest import PLAN, Ask, AskTwice, Serve, assert_failed
from tests.servers import profiles
from tests.servers.emulated import EmulatedServer, Says, event
from tests.servers.profiles import CHAT, DEEPSEEK, OLLAMA, Profile
from tests.servers.scripted import Reply, Request

pytestmark = pytest.mark.django_db

TEXT = json.dumps(PLAN)
INLINE = tuple(profile for profile in CHAT if profile.reasoning in ("inline", "untagged"))
WITHOUT_PARSER = (profiles.VLLM_OLD, profiles.VLLM_NEW, profiles.LLAMA_CPP, profiles.SGLANG, profiles.LM_STUDIO)
APART = tuple(profile for profile in CHAT if profile.reasoning in ("reasoning", "reasoning_content"))


def assert_planned(plan: Json, *, attempts: int = 1) -> None:
    assert plan["status"] == "ready", plan["error"]
    assert (plan["plan"], plan["source"], len(plan["attempts"])) == (PLAN, "model", attempts)


@case(5, *INLINE, *WITHOUT_PARSER)
def test_reasoning_without_its_opening_tag(serve: Serve, ask_twice: AskTwice, profile: Profile) -> None:
    serve(profile, default=Says(f'reasoning {{"draft":1}}</think>\n\n```json\n{TEXT}\n``` '))
    for plan in ask_twice():
        assert_planned(plan)


@case(6, *INLINE, *WITHOUT_PARSER)
def test_reasoning_in_tags_and_in_parts(serve: Serve, ask_twice: AskTwice, profile: Profile) -> None:
    tags = Says(f'<think>{{"tasks":[]}}</think>{TEXT}')
    parts = Says([{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": TEXT}])
    serve(profile, tags, tags, default=parts)
    for plan in ask_twice() + ask_twice():
        assert_planned(plan)


@case(7, *APART)
def test_the_plan_is_where_the_reasoning_is(serve: Serve, ask_twice: AskTwice, profile: Profile) -> None:
    empty = "" if profile.reasoning == "reasoning_content" else None
    serve(profile, default=Says(empty, reasoning=f"So: {TEXT}"))
    for plan in ask_twice():
        assert_planned(plan)


@case(8, *CHAT)
def test_half_a_plan_is_never_taken(serve: Serve, ask: Ask, ask_twice: AskTwice, profile: Profile) -> None:
    server: EmulatedServer = serve(profile, default=Says(TEXT[: len(TEXT) // 2], finish="length"))
    for plan in ask_twice():
        assert "output budget" in assert_failed(plan, "plan_rejected")
    limits = [body.get("max_tokens", body.get("max_completion_tokens")) for body in server.chats]
    assert (limits[0], limits[-1]) == (8192, 16384)  # the budget is raised, not the answer mended
    server.script(Says(TEXT, finish="length"), PLAN)
    assert_planned(ask(), attempts=2)


@case(8, profiles.OPENAI, profiles.OLLAMA, profiles.VLLM_NEW)
def test_the_operators_budget_is_where_it_begins(serve: Serve, ask: Ask, profile: Profile) -> None:
    cut = Says("{", finish="length", usage={"completion_tokens": 500})
    server: EmulatedServer = serve(profile, cut, cut, PLAN, variables={"LLM_MAX_OUTPUT_TOKENS": 500})
    assert_planned(ask(), attempts=3)
    limits = [body.get("max_completion_tokens", body.get("max_tokens")) for body in server.chats]
    assert list(dict.fromkeys(limits)) == [500, 1000]


@case(8, profiles.VLLM_NEW, profiles.VLLM_OLD)
def test_a_raised_budget_that_does_not_fit_the_context_is_let_go(serve: Serve, ask: Ask, profile: Profile) -> None:
    def refuse(request: Request) -> Any:
        assert request.json["max_tokens"] == 16384
        return server.error(
            400, "This model's maximum context length is 16384 tokens. However, you requested 17000."
        )

    server: EmulatedServer = serve(profile, Says("{", finish="length"), refuse, PLAN)
    assert_planned(ask(), attempts=2)
    assert server.chats[-1]["max_tokens"] == 8192


@case(9, *CHAT)
def test_white_space_without_an_end_is_a_cut_off_answer(
    serve: Serve, ask_twice: AskTwice, profile: Profile
) -> None:
    serve(profile, default=Says("{\n" + "\n" * 100_000, finish="length"))
    for plan in ask_twice():
        assert "output budget" in assert_failed(plan, "plan_rejected")
        assert [attempt["problems"][0]["code"] for attempt in plan["attempts"]] == ["output_truncated"] * 3
    assert all(len(attempt.answer) < 210_000 for attempt in Attempt.objects.all())


@case(16, *CHAT)
def test_prose_is_asked_again_with_the_problem(serve: Serve, ask_twice: AskTwice, profile: Profile) -> None:
    prose = "I would refund the order first."
    server: EmulatedServer = serve(profile, prose, PLAN, prose, PLAN)
    for plan in ask_twice():
        assert_planned(plan, attempts=2)
    assert "no JSON object with a list of tasks" in server.requests[-1].prompt
    assert prose in server.requests[-1].prompt


@case(18, OLLAMA)
def test_a_prompt_that_was_cut_is_noticed(serve: Serve, ask: Ask, api: Api, profile: Profile) -> None:
    for number in range(20):
        service = {"type": "service", "description": "Does a thing. " * 100, "revertible": False}
        schemas = {"input_schema": {"type": "object"}, "output_schema": {"type": "object"}}
        assert api.put(f"/v1/services/thing_{number}", service | schemas).status_code < 300
    cut = {"prompt_tokens": 4096}
    serve(profile, Says(PLAN, usage=cut), default=Says("?", usage=cut))
    plan = ask()
    assert_planned(plan)
    assert [warning["code"] for warning in plan["attempts"][0]["warnings"]] == ["prompt_cut"]
    failed = ask(cache="bypass")
    assert "didn't see the whole request" in failed["error"]["message"]
    assert "OLLAMA_CONTEXT_LENGTH" in failed["error"]["how_to_fix"][0]


def stream_of(*pieces: bytes) -> Reply:
    return Reply(pieces=pieces, headers={"Content-Type": "text/event-stream"})


START = event({"choices": [{"index": 0, "delta": {"content": TEXT}, "finish_reason": None}]})
BROKEN = {
    "nested": event({"error": {"message": "CUDA out of memory", "type": "InternalServerError", "code": 500}}),
    "flat": event({"object": "error", "message": "the engine died", "type": "InternalServerError", "code": 500}),
    "error line": b"error: {}\n\n",
    "error event": b"event: error\n" + event({"message": "the engine died"}),
    "an empty piece": event({"choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": None}]}),
    "the end": b"\n",
}


@case(22, *CHAT)
def test_a_stream_that_breaks_yields_no_plan(serve: Serve, ask: Ask, profile: Profile) -> None:
    whole = stream_of(START, event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}))
    server: EmulatedServer = serve(profile, default=whole)
    for shape, broken in BROKEN.items():
        server.script(*[stream_of(START, broken)] * 3)
        plan = ask()
        assert plan["error"]["code"] in ("model_overloaded", "model_unreachable"), shape
        assert plan["error"]["retryable"]
        assert_failed(plan, plan["error"]["code"])
    assert_planned(ask())  # finished, though without [DONE]
    assert server.chats[-1]["stream"] is True


@case(22, profiles.SGLANG)
def test_an_aborted_answer_is_no_answer(serve: Serve, ask: Ask, profile: Profile) -> None:
    serve(profile, *[Says(TEXT, finish="abort")] * 3)
    assert "gave its answer up (abort)" in assert_failed(ask(), "model_overloaded")


@case(23, *CHAT)
def test_streams_of_every_shape_give_the_plan_and_the_tokens(serve: Serve, ask: Ask, profile: Profile) -> None:
    server: EmulatedServer = serve(
        profile, Says(TEXT, reasoning="First I look at the order, then I refund it.\n" * 20)
    )
    plan = ask()
    assert_planned(plan)
    if profile.counts == "never":
        assert plan["usage"] == {"prompt_tokens": None, "completion_tokens": None}
    else:
        assert plan["usage"]["prompt_tokens"] == len(server.requests[-1].prompt) // 4
        assert plan["usage"]["completion_tokens"] > 10


@case(23, *CHAT)
def test_a_server_that_does_not_stream_is_understood(serve: Serve, ask: Ask, profile: Profile) -> None:
    def whole(request: Request) -> Any:
        return Reply(body=server.completion(Says(PLAN), request))

    server: EmulatedServer = serve(profile, whole)
    assert_planned(ask())


@case(23, profiles.AZURE, profiles.TGI, DEEPSEEK)
def test_streaming_or_its_options_may_be_refused(serve: Serve, ask: Ask, profile: Profile) -> None:
    def refuse(*names: str) -> Any:
        def reply(request: Request) -> Any:
            name = next((name for name in names if name in request.json), None)
            if name is None:
                return PLAN
            return server.error(400, f"Unrecognized request argument supplied: {name}")

        return reply

    server: EmulatedServer = serve(profile, default=refuse("stream_options"))
    assert_planned(ask())
    assert server.chats[-1]["stream"] is True
    server = serve(profile, default=refuse("stream_options", "stream"))
    assert_planned(ask(cache="bypass"))
    assert "stream" not in server.chats[-1]
    before = server.calls
    assert_planned(ask(cache="bypass"))
    assert server.calls == before + 1  # remembered
