"""What goes wrong at a model's server: one clear outcome, nothing stuck, nothing cached."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from planengine.drafting import planner_choice
from tests.model_servers.cases import case
from tests.model_servers.conftest import HASTE, Ask, Serve, assert_failed
from tests.model_servers.test_answers import assert_planned
from tests.servers import profiles
from tests.servers.emulated import EmulatedServer, Says, event
from tests.servers.profiles import CHAT, LLAMA_CPP, LM_STUDIO, OLLAMA, Profile
from tests.servers.scripted import Reply, Request

pytestmark = pytest.mark.django_db

# Nothing that a server could refuse before it comes to the matter.
PLAIN: dict[str, Any] = {"LLM_RESPONSE_FORMAT": "none", "LLM_MAX_OUTPUT_TOKENS": None}
OVERFLOWING = tuple(profile for profile in CHAT if profile.overflow is not None)
HTML = "<!DOCTYPE html><html><head><title>Log in</title></head><body>Log in</body></html>"


@case(4, *CHAT)
def test_a_model_that_is_not_there_is_named_and_not_asked_for_again(
    serve: Serve, ask: Ask, profile: Profile
) -> None:
    said = f"The model `{profile.model}` does not exist or you do not have access to it."
    server: EmulatedServer = serve(
        profile, default=lambda request: server.error(404, said, code="model_not_found"), variables=PLAIN
    )
    message = assert_failed(ask(), "model_not_found")
    assert f"does not offer the model '{profile.model}'" in message
    assert len(server.chats) == 1


LISTS: dict[str, Reply] = {
    "as OpenAI": Reply(
        body={"object": "list", "data": [{"id": "other-1"}, {"id": "other-2", "max_model_len": 1}]}
    ),
    "a bare list": Reply(body=[{"id": "other-1"}, {"id": "other-2", "context_length": 1}]),
    "names": Reply(body={"models": ["other-1", {"name": "other-2"}]}),
    "data: null": Reply(body={"object": "list", "data": None}),
    "404": Reply(404, {"detail": "Not Found"}),
    "HTML": Reply(body=HTML),
    "nonsense": Reply(body={"data": [None, 1, {"id": 5}, {"id": ""}]}),
    "never": Reply(then="drop"),
}


@case(26, *CHAT)
def test_a_list_of_models_helps_and_its_shape_does_no_harm(
    serve: Serve, ask: Ask, monkeypatch: pytest.MonkeyPatch, profile: Profile
) -> None:
    missing = f"model '{profile.model}' not found"
    server: EmulatedServer = serve(profile, default=lambda request: server.error(404, missing))
    assert_failed(ask(), "model_not_found")
    for shape, reply in LISTS.items():
        monkeypatch.setattr(server, "elsewhere", lambda request, reply=reply: reply)
        message = assert_failed(ask(), "model_not_found")
        assert ("It offers other-1, other-2." in message) is (shape in ("as OpenAI", "a bare list", "names"))


@case(13, *CHAT)
def test_a_base_url_without_v1_is_suspected(serve: Serve, ask: Ask, configure: Any, profile: Profile) -> None:
    server: EmulatedServer = serve(profile)
    configure(LLM_API_BASE_URL=server.url.removesuffix("/v1"))
    message = assert_failed(ask(), "model_bad_answer")
    assert "may need /v1 at its end" in message
    if profile is LM_STUDIO:
        assert "Unexpected endpoint or method. (POST /chat/completions)" in message


@case(14, *CHAT)
def test_no_page_and_no_silence_is_taken_for_an_answer(serve: Serve, ask: Ask, profile: Profile) -> None:
    stream = {"Content-Type": "text/event-stream"}
    page = Reply(body=HTML, headers={"Content-Type": "text/html"})
    empty = (Reply(), Reply())  # an empty stream is asked for once more, as a whole
    serve(profile, page, *empty, Reply(body=HTML, headers=stream), Reply(headers=stream), Reply(), variables=PLAIN)
    for what in ("an HTML page", "an empty body", "an HTML page", "an empty body"):
        assert what in assert_failed(ask(), "model_bad_answer")


@case(17, *OVERFLOWING)
def test_a_prompt_that_is_too_long_is_one_error(serve: Serve, ask: Ask, profile: Profile) -> None:
    assert profile.overflow is not None
    status, said, more = profile.overflow
    server: EmulatedServer = serve(
        profile, default=lambda request: server.error(status, said, **more), variables=PLAIN
    )
    plan = ask()
    assert_failed(plan, "model_context_overflow")
    assert not plan["error"]["retryable"]
    assert len(server.chats) == 1


def loading(request: Request) -> Reply:
    return Reply(503, {"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}})


@case(19, LLAMA_CPP)
def test_a_server_that_loads_its_model_is_waited_for(serve: Serve, ask: Ask, profile: Profile) -> None:
    server: EmulatedServer = serve(profile, *[loading] * 8)
    assert_planned(ask())
    assert len(server.chats) == 9


@case(19, LLAMA_CPP, OLLAMA, profiles.VLLM_NEW, LM_STUDIO)
def test_a_server_that_sends_no_byte_is_left_at_the_deadline(serve: Serve, ask: Ask, profile: Profile) -> None:
    server: EmulatedServer = serve(
        profile, Reply(then="hang"), variables={**PLAIN, "PLANNING_DEADLINE_SECONDS": 1.0}
    )
    started = time.monotonic()
    message = assert_failed(ask(), "model_timeout")
    assert 0.95 <= time.monotonic() - started < 20
    assert "did not answer within" in message
    assert len(server.chats) == 1


LIMITED = (profiles.OPENAI, profiles.AZURE, profiles.TGI, profiles.TOGETHER, profiles.FIREWORKS, profiles.DEEPSEEK)


@case(20, *LIMITED)
def test_a_rate_limit_is_waited_for_as_asked(serve: Serve, ask: Ask, profile: Profile) -> None:
    def limit(**headers: str) -> Callable[[Request], Reply]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return lambda request: Reply(429, server.error(429, "Slow down").body, headers=named)

    server: EmulatedServer = serve(profile, limit(Retry_After="0.3"), limit(Retry_After_Ms="20"))
    started = time.monotonic()
    assert_planned(ask())
    assert time.monotonic() - started >= 0.3
    started = time.monotonic()
    for asked in ("3600", "Fri, 31 Dec 2100 23:59:59 GMT"):
        server.script(limit(Retry_After=asked))
        plan = ask(cache="bypass")
        assert plan["error"]["code"] == "model_rate_limited" and plan["error"]["retryable"]
    server.script(limit(Retry_After="Fri, 31 Dec 1999 23:59:59 GMT"))
    assert_planned(ask(cache="bypass"))
    assert time.monotonic() - started < 30


@case(20, *LIMITED)
def test_a_used_up_quota_is_not_asked_again(serve: Serve, ask: Ask, profile: Profile) -> None:
    said = "You exceeded your current quota, please check your plan and billing details."
    paid = profile is not profiles.DEEPSEEK
    server: EmulatedServer = serve(
        profile,
        default=lambda request: (
            server.error(429, said, code="insufficient_quota")
            if paid
            else server.error(402, "Insufficient Balance")
        ),
        variables=PLAIN,
    )
    plan = ask()
    assert "is used up" in assert_failed(plan, "model_quota_exhausted")
    assert not plan["error"]["retryable"]
    assert len(server.chats) == 1


@case(21, profiles.DEEPSEEK, profiles.OPENAI, profiles.VLLM_NEW, OLLAMA)
def test_keep_alives_do_not_put_off_the_deadline(serve: Serve, ask: Ask, profile: Profile) -> None:
    server: EmulatedServer = serve(
        profile, Reply(then="drip"), variables={**PLAIN, "PLANNING_DEADLINE_SECONDS": 1.0}
    )
    started = time.monotonic()
    assert_failed(ask(), "model_timeout")
    assert 0.95 <= time.monotonic() - started < 20
    assert len(server.chats) == 1


@case(21, profiles.DEEPSEEK, profiles.VLLM_NEW)
def test_silence_in_mid_stream_is_noticed_before_the_deadline(
    serve: Serve, ask: Ask, monkeypatch: pytest.MonkeyPatch, profile: Profile
) -> None:
    monkeypatch.setattr(planner_choice, "PATIENCE", replace(HASTE, retries=1, longest_silence=0.7))
    start = event({"choices": [{"index": 0, "delta": {"content": "{"}, "finish_reason": None}]})
    silent = Reply(pieces=(start,) * 4, then="stall", headers={"Content-Type": "text/event-stream"})
    server = serve(profile, silent, silent, variables=PLAIN)
    message = assert_failed(ask(), "model_unreachable")
    assert "fell silent in the middle of its answer" in message
    assert len(server.chats) == 2
    assert_planned(ask())


ENVIRONMENT = {
    "OPENAI_API_KEY": "sk-leaked",
    "OPENAI_ADMIN_KEY": "sk-leaked",
    "OPENAI_ORG_ID": "org-leaked",
    "OPENAI_PROJECT_ID": "proj-leaked",
    "OPENAI_BASE_URL": "http://leaked.test/v1",
    "OPENAI_CUSTOM_HEADERS": "X-Leaked: leaked\nAuthorization: Bearer leaked",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "ALL_PROXY": "http://127.0.0.1:9",
}


@case(24, *CHAT)
def test_nothing_of_the_environment_leaves_and_keys_are_told(
    serve: Serve,
    ask: Ask,
    configure: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    profile: Profile,
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login leaked password leaked\n")
    for name, value in {**ENVIRONMENT, "NETRC": str(tmp_path / "netrc")}.items():
        monkeypatch.setenv(name, value)
    server: EmulatedServer = serve(profile)
    assert_planned(ask(cache="bypass"))
    assert server.requests[-1].headers["authorization"] == "Bearer no-key-needed"
    assert not any("leaked" in str(request.headers) for request in server.requests)
    server.key = "right-key"
    told = "API key may be required or invalid for this endpoint"
    assert told in assert_failed(ask(), "model_auth")
    server.script(Reply(401))
    configure(LLM_API_KEY="right-key")
    assert told in assert_failed(ask(), "model_auth")
    assert_planned(ask())


@pytest.mark.parametrize("finish", [True, False], ids=["answer", "prompt"])
@case(14, profiles.OPENAI, profiles.AZURE)
def test_a_content_filter_is_an_error_of_its_own(serve: Serve, ask: Ask, profile: Profile, finish: bool) -> None:
    def stopped(request: Request) -> Any:
        if finish:
            return Says("I", finish="content_filter")
        return server.error(400, "The response was filtered.", code="content_filter", param="prompt")

    server: EmulatedServer = serve(profile, default=stopped, variables=PLAIN)
    plan = ask()
    assert "content filter" in assert_failed(plan, "model_content_filtered")
    assert not plan["error"]["retryable"] and len(server.chats) == 1
