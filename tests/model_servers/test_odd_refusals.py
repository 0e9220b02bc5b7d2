"""What real servers refuse, and fail at, in ways that name no cause or another one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from orra.base.strictjson import Json
from planengine.drafting import planner_choice
from tests.model_servers.cases import case
from tests.model_servers.conftest import HASTE, PLAN, Ask, Serve, assert_failed
from tests.model_servers.test_answers import assert_planned
from tests.model_servers.test_failures import PLAIN
from tests.model_servers.test_odd_answers import LOCAL, STREAM, piece
from tests.servers import profiles
from tests.servers.emulated import EmulatedServer, Says, event
from tests.servers.profiles import GROQ, OPENROUTER, Profile
from tests.servers.scripted import Reply, Request

pytestmark = pytest.mark.django_db


def failing(server: EmulatedServer, how: str, *forms: str) -> Callable[[Request], Any]:
    """Answers that fail where one of these forms is asked for."""

    def answer(request: Request) -> Any:
        if request.json.get("response_format", {}).get("type") not in forms:
            return PLAN
        if how == "500":
            return Reply(500, {"error": {"message": "", "type": "InternalServerError", "code": 500}})
        if how == "in mid-stream":
            error = event({"error": {"message": "EngineCore died", "type": "InternalServerError", "code": 500}})
            return Reply(pieces=(piece(None, content="{"), error), headers=STREAM)
        return Says("", usage={"prompt_tokens": 100, "completion_tokens": 2})

    return answer


@pytest.mark.parametrize("how", ["500", "in mid-stream", "empty"])
@case(29, *LOCAL, profiles.LM_STUDIO)
def test_a_form_that_the_server_fails_at_is_let_go(
    serve: Serve, ask: Ask, monkeypatch: pytest.MonkeyPatch, profile: Profile, how: str
) -> None:
    monkeypatch.setattr(planner_choice, "PATIENCE", replace(HASTE, retries=3))
    server: EmulatedServer = serve(profile)
    server._default = failing(server, how, "json_schema", "json_object", "json")
    for _ in range(2):  # it may have been by chance; a second time it was not
        assert_planned(ask(cache="bypass"))
        assert "response_format" not in server.chats[-1]
    before = server.calls
    assert_planned(ask(cache="bypass"))
    assert server.calls == before + 1


@case(29, profiles.VLLM_NEW, profiles.SGLANG)
def test_a_weaker_form_is_tried_before_none(serve: Serve, ask: Ask, profile: Profile) -> None:
    server: EmulatedServer = serve(profile)
    server._default = failing(server, "500", "json_schema")
    assert_planned(ask())
    assert server.chats[-1]["response_format"] == {"type": "json_object"}


@case(29, profiles.VLLM_NEW, profiles.LLAMA_CPP)
def test_a_500_that_names_the_form_is_a_refusal(serve: Serve, ask: Ask, profile: Profile) -> None:
    server: EmulatedServer = serve(profile)

    def refuse(request: Request) -> Any:
        if request.json.get("response_format", {}).get("type") != "json_schema":
            return PLAN
        return server.error(500, "Failed to initialize samplers: failed to parse grammar")

    server._default = refuse
    assert_planned(ask(cache="bypass"))
    before = server.calls
    assert_planned(ask(cache="bypass"))
    assert server.calls == before + 1 and server.chats[-1]["response_format"]["type"] == "json_object"


@case(29, profiles.VLLM_NEW)
def test_what_passed_by_itself_teaches_nothing(serve: Serve, ask: Ask, profile: Profile) -> None:
    server: EmulatedServer = serve(profile)
    overloaded = server.error(500, "busy")
    server.script(overloaded, overloaded)
    assert_planned(ask(cache="bypass"))
    assert_planned(ask(cache="bypass"))
    assert server.chats[-1]["response_format"]["type"] == "json_schema"
    server.script(overloaded, overloaded)
    assert_planned(ask(cache="bypass"))
    assert_planned(ask(cache="bypass"))
    assert server.chats[-1]["response_format"]["type"] == "json_schema"


TOO_HIGH = {
    "vllm": "'max_tokens' or 'max_completion_tokens' is too large: 8192. This model's maximum context length is "
    "6000 tokens and your request has 1300 input tokens (8192 > 6000 - 1300).",
    "vllm-old": "This model's maximum context length is 6000 tokens. However, you requested 9492 tokens (1300 in "
    "the messages, 8192 in the completion). Please reduce the length of the messages or completion.",
    "sglang": "Requested token count exceeds the model's maximum context length of 6000 tokens. You requested a "
    "total of 9492 tokens: 1300 tokens from the input messages and 8192 tokens for the completion.",
    "tgi": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 6000. Given: 1300 `inputs` "
    "tokens and 8192 `max_new_tokens`",
    "deepseek": "Invalid max_tokens value, the valid range of max_tokens is [1, 4096]",
    "groq": "Request too large for model `m` on tokens per minute (TPM): Limit 6000, Requested 9492, please "
    "reduce your message size and try again.",
    "openrouter": "This endpoint's maximum context length is 6000 tokens. However, you requested about 9492 "
    "tokens (1300 of text input, 8192 in the output). Please reduce the length of either one.",
}


@case(30, *(profile for profile in profiles.CHAT if profile.name in TOO_HIGH))
def test_a_limit_beyond_what_the_server_gives_is_left_to_it(serve: Serve, ask: Ask, profile: Profile) -> None:
    server: EmulatedServer = serve(profile, variables={"LLM_RESPONSE_FORMAT": "none"})
    status = {"tgi": 422, "groq": 413}.get(profile.name, 400)

    def refuse(request: Request) -> Any:
        limited = request.json.get("max_tokens") or request.json.get("max_completion_tokens")
        return server.error(status, TOO_HIGH[profile.name]) if limited else PLAN

    server._default = refuse
    assert_planned(ask(cache="bypass"))
    assert server.calls == 2
    assert_planned(ask(cache="bypass"))
    assert server.calls == 3  # remembered
    server.script(Says("{", finish="length", usage={"completion_tokens": 300}))
    assert_planned(ask(cache="bypass"), attempts=2)  # a raised limit is tried, and let go when it is refused


@case(30, *(profile for profile in profiles.CHAT if profile.name in TOO_HIGH))
def test_a_prompt_that_does_not_fit_without_a_limit_either_is_an_error(
    serve: Serve, ask: Ask, profile: Profile
) -> None:
    server: EmulatedServer = serve(profile, variables={"LLM_RESPONSE_FORMAT": "none"})
    server._default = lambda request: server.error(
        {"tgi": 422, "groq": 413}.get(profile.name, 400), TOO_HIGH[profile.name]
    )
    plan = ask()
    assert plan["status"] == "failed" and not plan["error"]["retryable"]
    assert plan["error"]["code"] in ("model_context_overflow", "model_refused_request")
    assert server.calls == 2


LIMITS: dict[str, list[tuple[int, Json]]] = {
    "tgi": [(503, {"error": "Rate limit reached, please try again in 20ms", "error_type": "overloaded"})],
    "azure": [(403, {"error": {"message": "Too many requests", "code": "rate_limit_exceeded"}})],
    "fireworks": [(400, {"error": {"message": "You exceeded 10 requests per second"}})],
    "groq": [(413, {"error": {"message": "slow down", "type": "tokens", "code": "rate_limit_exceeded"}})],
    "openrouter": [
        (200, {"error": {"message": "Provider error", "code": 429, "metadata": {"raw": "busy"}}}),
        (200, {"error": {"message": "Slow down", "code": "429"}}),
        (429, [{"error": {"code": 429, "message": "Quota", "status": "RESOURCE_EXHAUSTED"}}]),
        (429, {"error": {"message": "You exceeded your current quota. Please retry in 0.02s.", "code": 429}}),
        (200, {"choices": [{"error": {"code": 429, "message": "busy"}, "message": {"content": ""}}]}),
    ],
}


@case(35, *(profile for profile in profiles.CHAT if profile.name in LIMITS))
def test_a_rate_limit_is_one_under_any_status(serve: Serve, ask: Ask, profile: Profile) -> None:
    server = serve(profile, variables=PLAIN)
    for status, body in LIMITS[profile.name]:
        before = server.calls
        server.script(*[Reply(status, body)] * 2)
        assert_planned(ask(cache="bypass"))
        assert server.calls == before + 3
        server.script(*[Reply(status, body)] * 3)
        plan = ask(cache="bypass")
        assert (plan["error"]["code"], plan["error"]["retryable"]) == ("model_rate_limited", True), body


@case(35, GROQ)
def test_a_wait_that_the_message_asks_for_is_heeded(serve: Serve, ask: Ask, profile: Profile) -> None:
    server: EmulatedServer = serve(profile, variables=PLAIN)
    server.script(
        server.error(429, "Rate limit reached. Please try again in 7m12.5s.", code="rate_limit_exceeded")
    )
    message = assert_failed(ask(), "model_rate_limited")
    assert "asks to wait 432.5 s" in message and server.calls == 1


@case(37, OPENROUTER)
def test_a_router_without_a_provider_is_told_from_a_wrong_address(
    serve: Serve, ask: Ask, profile: Profile
) -> None:
    server: EmulatedServer = serve(profile, variables=PLAIN)
    server.script(server.error(404, "No endpoints found matching your data policy (Free model publication)."))
    message = assert_failed(ask(), "model_refused_request")
    assert "data policy" in message and "no chat completion API" not in message
    server.script(server.error(404, f"No endpoints found for {profile.model}."))
    assert_failed(ask(), "model_not_found")


@case(37, OPENROUTER)
def test_what_no_provider_knows_is_left_out_bit_by_bit(serve: Serve, ask: Ask, profile: Profile) -> None:
    server: EmulatedServer = serve(profile, variables={"LLM_TEMPERATURE": 0.6, "LLM_TOP_K": 20})

    def refuse(request: Request) -> Any:
        if {"response_format", "temperature", "top_k", "stream_options"} & request.json.keys():
            return server.error(404, "No endpoints found that support the requested parameters.")
        return PLAN

    server._default = refuse
    assert_planned(ask(cache="bypass"))
    before = server.calls
    assert_planned(ask(cache="bypass"))
    assert server.calls == before + 1
