"""The client, against real sockets."""

from __future__ import annotations

import gc
import gzip
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import httpx2
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planengine.exceptions import ModelError
from planengine.llm import exchange
from planengine.llm.bodies import Call, first_dialect, request_body
from planengine.llm.client import complete
from planengine.llm.completions import Completion, Usage, read_completion
from planengine.llm.dialects import memory
from planengine.llm.endpoint import Endpoint, site_of, tidy_url
from planengine.llm.errors import (
    ModelAuthFailed,
    ModelBadAnswer,
    ModelContextOverflow,
    ModelNotFound,
    ModelOverloaded,
    ModelQuotaExhausted,
    ModelRateLimited,
    ModelRefusedRequest,
    ModelTimeout,
    ModelUnreachable,
    error_for,
)
from planengine.llm.exchange import Server, client_for
from planengine.llm.families import Sampling
from planengine.llm.patience import Patience
from planengine.llm.transport import until
from tests.servers.scripted import Reply, Request, Scripted, ScriptedServer, completion, failure

MESSAGES = [{"role": "user", "content": "Say yes."}]
ONCE = Patience(retries=0)
HASTE = Patience(retries=3, first_pause=0.001, longest_pause=0.01)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(default="yes") as server:
        yield server
    memory.clear()


def ask(
    server: ScriptedServer, *replies: Scripted, seconds: float = 20, url: str = "", **options: Any
) -> Completion:
    server.script(*replies)
    endpoint = Endpoint("some-model", base_url=url or server.url, **{"patience": HASTE} | options)
    return complete(endpoint, MESSAGES, deadline=time.monotonic() + seconds)


def test_an_answer_comes_with_all_that_the_server_told(server: ScriptedServer) -> None:
    answer = ask(server, completion("yes", model="some-model-2", finish_reason="stop", reasoning="hm"))
    assert (answer.content, answer.reasoning, answer.finish_reason) == ("yes", "hm", "stop")
    assert (answer.model, answer.usage) == ("some-model-2", Usage(prompt_tokens=120, completion_tokens=30))
    assert 0 < answer.seconds < 20


def test_only_what_the_operator_set_is_sent(server: ScriptedServer) -> None:
    ask(server)
    ask(server, sampling=Sampling(0.0, 0.9), max_output_tokens=500)
    plain, tuned = (request.json for request in server.requests)
    assert plain == {"model": "some-model", "messages": MESSAGES}
    assert tuned == plain | {"temperature": 0.0, "top_p": 0.9, "max_tokens": 500}


def test_openai_itself_is_told_its_own_token_limit() -> None:
    endpoint = Endpoint("gpt-5", max_output_tokens=500)
    assert request_body(endpoint, Call(MESSAGES), dialect=first_dialect(endpoint))["max_completion_tokens"] == 500


def test_who_forces_sampling_gets_the_makers_and_others_when_the_operator_wants_it() -> None:
    def sampling(base_url: str, **options: Any) -> set[Any]:
        endpoint = Endpoint("qwen3:8b", base_url=base_url, **options)
        body = request_body(endpoint, Call(MESSAGES), dialect=first_dialect(endpoint))
        return {(name, body[name]) for name in body.keys() - {"model", "messages"}}

    makers = {("temperature", 0.6), ("top_p", 0.95), ("top_k", 20)}
    ollama, vllm = "http://127.0.0.1:11434/v1", "http://127.0.0.1:8000/v1"
    assert sampling(ollama) == makers
    assert sampling(ollama, makers_sampling="never") == sampling(vllm) == set()
    assert sampling(vllm, makers_sampling="always") == makers
    own = Sampling(temperature=0.2)
    assert sampling(ollama, sampling=own) == makers - {("temperature", 0.6)} | {("temperature", 0.2)}


REFUSALS: list[tuple[str, Reply, type[ModelError], str]] = [
    ("401 nested", failure(401, "Incorrect API key"), ModelAuthFailed, "Incorrect API key"),
    ("401 text", Reply(401, {"error": "Unauthorized"}), ModelAuthFailed, "Unauthorized"),
    ("401 empty", Reply(401), ModelAuthFailed, "API key may be required or invalid for this endpoint"),
    ("403", failure(403, "Forbidden"), ModelAuthFailed, "API key may be required or invalid"),
    ("404 OpenAI", failure(404, "No access", code="model_not_found"), ModelNotFound, "'some-model'"),
    ("404 vLLM", failure(404, "The model `a` does not exist.", code=404), ModelNotFound, "does not exist"),
    ("404 Ollama", failure(404, 'model "a" not found, try pulling it first'), ModelNotFound, "try pulling"),
    ("404 path", Reply(404, {"detail": "Not Found"}), ModelBadAnswer, "no chat completion API"),
    ("405", Reply(405, {"detail": "Method Not Allowed"}), ModelBadAnswer, "no chat completion API"),
    ("302", Reply(302, headers={"Location": "https://login.test/"}), ModelBadAnswer, "https://login.test/"),
    ("HTML", Reply(body="<!DOCTYPE html><html><body>Log in</body></html>"), ModelBadAnswer, "an HTML page"),
    ("text", Reply(body="OK"), ModelBadAnswer, "not JSON"),
    ("empty", Reply(), ModelBadAnswer, "an empty body"),
    ("no choices", Reply(body={"choices": None}), ModelBadAnswer, "without choices"),
    ("empty choices", Reply(body={"choices": []}), ModelBadAnswer, "without choices"),
    ("a list", Reply(body=[]), ModelBadAnswer, "without choices"),
    (
        "200 with an error",
        Reply(body={"error": "Unexpected endpoint or method. (POST /chat/completions)"}),
        ModelBadAnswer,
        "Unexpected endpoint or method.",
    ),
    ("402", failure(402, "Insufficient Balance"), ModelQuotaExhausted, "Insufficient Balance"),
    ("429 quota", failure(429, "Pay", code="insufficient_quota"), ModelQuotaExhausted, "Pay"),
    (
        "overflow vLLM",
        failure(400, "This model's maximum context length is 4096 tokens.", code=400),
        ModelContextOverflow,
        "4096",
    ),
    (
        "overflow SGLang",
        Reply(400, {"object": "error", "message": "Longer than the model's context length (9)", "code": 400}),
        ModelContextOverflow,
        "(9)",
    ),
    (
        "overflow llama.cpp",
        failure(400, "Too big", type="exceed_context_size_error", n_prompt_tokens=5000, n_ctx=4096),
        ModelContextOverflow,
        "longer context",
    ),
    (
        "overflow TGI",
        Reply(422, {"error": "`inputs` tokens + `max_new_tokens` must be <= 4096", "error_type": "validation"}),
        ModelContextOverflow,
        "4096",
    ),
    ("400", failure(400, "Unsupported value: 'role'"), ModelRefusedRequest, "Unsupported value: 'role'"),
    (
        "500 for a field that llama-cpp-python does not know",
        failure(
            500,
            "1 validation error:\n  {'loc': ('body', 'response_format', 'type')}",
            type="internal_server_error",
        ),
        ModelRefusedRequest,
        "'response_format'",
    ),
    ("422 text", Reply(422, "missing field `value`"), ModelRefusedRequest, "missing field `value`"),
    ("422 list", Reply(422, {"detail": [{"msg": "bad", "loc": ["a"]}]}), ModelRefusedRequest, '"msg": "bad"'),
]


@pytest.mark.parametrize(
    ("reply", "kind", "words"), [case[1:] for case in REFUSALS], ids=[case[0] for case in REFUSALS]
)
def test_each_cause_has_its_error_and_is_not_asked_again(
    server: ScriptedServer, reply: Reply, kind: type[ModelError], words: str
) -> None:
    with pytest.raises(ModelError) as raised:
        ask(server, reply)
    assert type(raised.value) is kind
    assert words in raised.value.message
    assert not raised.value.retryable
    assert server.calls == 1


@pytest.mark.parametrize(
    "missing", [Reply(404, {"detail": "Not Found"}), Reply(body={"error": "Unexpected endpoint"})]
)
def test_a_base_url_without_v1_is_suspected(server: ScriptedServer, missing: Reply) -> None:
    bare = server.url.removesuffix("/v1")
    with pytest.raises(ModelBadAnswer, match=f"The base URL {bare} may need /v1 at its end"):
        ask(server, url=bare)
    with pytest.raises(ModelBadAnswer) as raised:
        ask(server, missing)
    assert "may need" not in raised.value.message


LOADING = failure(503, "Loading model", type="unavailable_error", code=503)


@pytest.mark.parametrize(
    "faults",
    [
        [LOADING] * 3,
        [LOADING] * 8,
        [failure(500)] * 3,
        [failure(502), failure(529), Reply(408)],
        [failure(429, "Slow down")] * 2,
        [Reply(then="drop")] * 2,
        [Reply(body={"choices": "x" * 500}, then="cut")],
        [Reply(body={"error": {"message": "Loading model", "code": 503}})],
    ],
)
def test_what_may_pass_is_asked_again(server: ScriptedServer, faults: list[Reply]) -> None:
    assert ask(server, *faults).content == "yes"
    assert server.calls == len(faults) + 1


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (failure(500, "CUDA error"), ModelOverloaded),
        (failure(429, "Slow down"), ModelRateLimited),
        (Reply(then="drop"), ModelUnreachable),
    ],
)
def test_but_not_for_ever(server: ScriptedServer, fault: Reply, kind: type[ModelError]) -> None:
    with pytest.raises(kind) as raised:
        ask(server, *[fault] * 10)
    assert raised.value.retryable
    assert server.calls == 1 + HASTE.retries


def test_retry_after_is_waited_for(server: ScriptedServer) -> None:
    answer = ask(server, failure(429, headers={"Retry-After": "1"}))
    assert answer.content == "yes"
    assert answer.seconds >= 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_retry_after_beyond_the_deadline_fails_at_once(server: ScriptedServer, status: int) -> None:
    started = time.monotonic()
    with pytest.raises(ModelRateLimited if status == 429 else ModelOverloaded):
        ask(server, failure(status, headers={"Retry-After": "3600"}))
    assert time.monotonic() - started < 15
    assert server.calls == 1


def test_an_unreachable_server_is_named() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
    endpoint = Endpoint("some-model", base_url=url, patience=HASTE)
    with pytest.raises(ModelUnreachable, match=f"Could not connect to {url}.*refused") as raised:
        complete(endpoint, MESSAGES, deadline=time.monotonic() + 20)
    assert raised.value.code == "model_unreachable"


def test_plain_http_behind_https_is_told_once(server: ScriptedServer) -> None:
    with pytest.raises(ModelUnreachable, match="SSL") as raised:
        ask(server, url=server.url.replace("http:", "https:"))
    assert not raised.value.retryable


@pytest.mark.parametrize("then", ["hang", "drip", "trickle"])
def test_the_deadline_fires_whatever_the_server_does(server: ScriptedServer, then: str) -> None:
    started = time.monotonic()
    with pytest.raises(ModelTimeout, match=r"within [\d.]+ s"):
        ask(server, Reply(then=then), seconds=1)
    assert 0.95 <= time.monotonic() - started < 5
    assert server.calls == 1


def test_the_deadline_holds_over_retries(server: ScriptedServer) -> None:
    started = time.monotonic()
    with pytest.raises(ModelOverloaded, match="Loading model"):
        ask(server, *[LOADING] * 1000, seconds=2, patience=Patience(first_pause=0.05, longest_pause=0.05))
    assert time.monotonic() - started < 7


def test_a_last_try_that_takes_the_time_is_a_time_out(server: ScriptedServer) -> None:
    with pytest.raises(ModelTimeout, match="did not answer within"):
        ask(server, LOADING, Reply(then="hang"), seconds=1.5, patience=HASTE)


def test_the_deadline_holds_while_a_name_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()
    look_up = socket.getaddrinfo

    def slow(*args: Any, **options: Any) -> Any:
        if options.get("flags") == socket.AI_NUMERICHOST:
            return look_up(*args, **options)
        return answered.wait(20) and []

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    endpoint = Endpoint("some-model", base_url="http://model.test/v1", patience=HASTE)
    started = time.monotonic()
    with pytest.raises(ModelUnreachable, match=r"model\.test was not resolved in time"):
        complete(endpoint, MESSAGES, deadline=started + 1)
    assert time.monotonic() - started < 15
    answered.set()


def test_an_address_is_not_looked_up(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many plans are made at a time, no thread is started for any of them."""

    class Refused:
        def __init__(self, **options: Any) -> None:
            raise AssertionError("a thread to ask for a name")

    monkeypatch.setattr("planengine.llm.transport.threading", SimpleNamespace(Thread=Refused))
    ask(server, url=server.url.replace("localhost", "127.0.0.1"))
    with pytest.raises(AssertionError, match="to ask for a name"):
        ask(server, url=server.url.replace("127.0.0.1", "localhost"))


def test_nothing_is_sent_after_the_deadline(server: ScriptedServer) -> None:
    with pytest.raises(ModelTimeout):
        ask(server, seconds=0)
    assert server.calls == 0


def test_the_answer_is_bounded(server: ScriptedServer) -> None:
    with pytest.raises(ModelBadAnswer, match="more than 8388608 bytes"):
        ask(server, Reply(then="flood"))


def test_an_encoding_that_was_not_asked_for_is_not_undone(server: ScriptedServer) -> None:
    packed = gzip.compress(completion("yes").encoded)
    with pytest.raises(ModelBadAnswer, match="a compressed body"):
        ask(server, Reply(body=packed, headers={"Content-Encoding": "gzip"}))


LEAKS = {
    "OPENAI_API_KEY": "sk-leaked-key",
    "OPENAI_ADMIN_KEY": "sk-leaked-admin",
    "OPENAI_ORG_ID": "leaked-organisation",
    "OPENAI_PROJECT_ID": "leaked-project",
    "OPENAI_BASE_URL": "http://leaked.test/v1",
    "OPENAI_CUSTOM_HEADERS": "X-Extra: leaked\nAuthorization: Bearer leaked\nHost: leaked\nUser-Agent: leaked",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "ALL_PROXY": "http://127.0.0.1:9",
}


@pytest.mark.parametrize("key", ["", "own-key"])
def test_nothing_leaks_from_the_environment(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    for name, value in LEAKS.items():
        monkeypatch.setenv(name, value)
    ask(server, api_key=key)
    headers = server.requests[0].headers
    assert set(headers) == {
        "host",
        "authorization",
        "accept",
        "accept-encoding",
        "user-agent",
        "content-type",
        "content-length",
    }
    assert headers["authorization"] == f"Bearer {key or 'no-key-needed'}"
    assert "leaked" not in str(headers)


def test_a_key_is_stripped(server: ScriptedServer) -> None:
    ask(server, api_key=" own-key\n")
    assert server.requests[0].headers["authorization"] == "Bearer own-key"


@pytest.mark.parametrize("key", ["two\nlines", "schlüssel", "a b"])
def test_a_key_that_no_header_can_carry_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(ValueError, match="API key") as raised:
        Endpoint("some-model", api_key=key)
    assert key not in str(raised.value)


def test_no_text_of_an_endpoint_shows_a_secret() -> None:
    endpoint = Endpoint("some-model", base_url="http://host.test/v1?code=hidden-1", api_key="hidden-2")
    assert "hidden" not in f"{endpoint!r} {endpoint} {site_of(endpoint).url}"


def test_a_key_in_the_servers_words_is_not_repeated(server: ScriptedServer) -> None:
    said = "Bad key own-secret-key, or sk-proj-abc***def? " + "Really. " * 100
    with pytest.raises(ModelAuthFailed) as raised:
        ask(server, failure(401, said), api_key="own-secret-key")
    message = raised.value.message
    assert "Bad key [key], or [key]?" in message
    assert message.endswith("…") and len(message) < 500


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        (400, "Input is 9000 tokens which exceeds the model's limit of 4096", ModelContextOverflow),
        (
            400,
            "The input token count (1200000) exceeds the maximum number of tokens allowed",
            ModelContextOverflow,
        ),
        (400, "This model's maximum prompt length is 131072 but the request has 537812", ModelContextOverflow),
        (413, "Payload: input too large for the model", ModelContextOverflow),
        (
            422,
            "Input validation error: `inputs` must have less than 4096 tokens. Given: 9000",
            ModelContextOverflow,
        ),
        (400, "Please reduce the length of the prompt", ModelContextOverflow),
        (400, "messages.0.content: Input should be a valid string", ModelRefusedRequest),
        (422, "temperature: Input should be less than or equal to 2", ModelRefusedRequest),
        (400, "Invalid schema for response_format: input schema exceeds its depth", ModelRefusedRequest),
        (503, "The model is loading; the input queue is too long", ModelOverloaded),
        (500, "Request queue exceeds its limit", ModelOverloaded),
        (400, "Invalid model: some-model", ModelNotFound),
        (400, "some-model is not a valid model ID", ModelNotFound),
        (400, "The provided model identifier is invalid.", ModelNotFound),
        (404, "deployment some-model is gone", ModelNotFound),
        (404, "no handler for some-model-2", ModelBadAnswer),
        (404, "Cannot POST /chat/completions", ModelBadAnswer),
        (400, "Invalid model parameter: top_k", ModelRefusedRequest),
        (400, "API key not valid. Please pass a valid API key.", ModelAuthFailed),
        (400, "Incorrect API key provided", ModelAuthFailed),
        (400, "api_key is required", ModelAuthFailed),
        (400, "Unknown parameter: api_key_name", ModelRefusedRequest),
        (429, "Billing limit reached", ModelQuotaExhausted),
        (429, "Your account is suspended, please check your plan and billing details", ModelQuotaExhausted),
        (429, "Rate limit reached; see https://host.test/billing", ModelRateLimited),
    ],
)
def test_what_servers_say_in_their_own_words(status: int, said: str, kind: type[ModelError]) -> None:
    for body in ({"error": {"message": said}}, {"errors": [{"message": said}]}, {"detail": said}):
        assert type(error_for(status, headers={}, body=json.dumps(body).encode(), site=SITE)) is kind


VAGUE = ["Invalid request", "Validation failed", "JSON mode is not enabled for this model", ""]


@pytest.mark.parametrize("said", VAGUE)
@pytest.mark.parametrize("disliked", ["response_format", "temperature", "max_tokens", "stream_options", "stream"])
def test_a_refusal_that_names_nothing_is_answered_by_asking_for_less(
    server: ScriptedServer, said: str, disliked: str
) -> None:
    server._default = lambda request: failure(400, said) if disliked in request.json else "yes"
    endpoint = Endpoint(
        "some-model",
        base_url=server.url,
        sampling=Sampling(0.0),
        max_output_tokens=500,
        streams=True,
        patience=HASTE,
    )
    assert complete(endpoint, MESSAGES, deadline=time.monotonic() + 20, schema={}).content == "yes"
    assert server.calls <= 5


@pytest.mark.parametrize("said", [*VAGUE, "response_format is not supported", "max_tokens is invalid"])
def test_and_one_that_refuses_the_least_too_is_told(server: ScriptedServer, said: str) -> None:
    server._default = failure(400, said)
    endpoint = Endpoint("some-model", base_url=server.url, max_output_tokens=500, streams=True, patience=HASTE)
    with pytest.raises(ModelRefusedRequest) as raised:
        complete(endpoint, MESSAGES, deadline=time.monotonic() + 20, schema={})
    assert said in raised.value.message
    assert server.calls <= 7


@pytest.mark.parametrize(
    "said",
    [
        "max_tokens=500 cannot be greater than max_model_len=400.",
        "Unable to submit: a maxOutputTokens value of 500, but the supported range is from 1 to 400.",
        "Range of max_tokens should be [1, 400]",
    ],
)
def test_a_limit_is_left_to_the_server_whatever_it_calls_it(server: ScriptedServer, said: str) -> None:
    def answer(request: Request) -> Scripted:
        limited = {"max_tokens", "max_completion_tokens"} & request.json.keys()
        return failure(400, said) if limited else "yes"

    server._default = answer
    assert ask(server, max_output_tokens=500).content == "yes"


@pytest.mark.parametrize("status", [200, 302, 401, 404, 500])
def test_a_key_in_the_address_is_not_repeated_either(server: ScriptedServer, status: int) -> None:
    url = f"{server.url}?api-version=2026-01&code=hidden%2F1"
    echo = "Cannot POST /v1/chat/completions?api-version=2026-01&code=hidden%2F1, nor hidden/1"
    with pytest.raises(ModelError) as raised:
        ask(server, Reply(status, echo, headers={"Location": "/?code=hidden%2F1"}), url=url, patience=ONCE)
    assert "hidden" not in raised.value.message
    server.elsewhere = lambda request: Reply(404, echo)  # type: ignore[method-assign]
    with pytest.raises(ModelError) as raised:
        exchange.fetch(Server(url, "", 1.0), "/models", deadline=time.monotonic() + 20)
    assert "hidden" not in raised.value.message and "2026-01" in raised.value.message


def test_connections_are_reused_and_shared_by_threads(server: ScriptedServer) -> None:
    for _ in range(3):
        ask(server)
    assert len({request.client for request in server.requests}) == 1
    together = threading.Barrier(8)

    def when_all_are_here(_: Request) -> Scripted:
        together.wait(60)
        return "yes"

    server.script(*[when_all_are_here] * 8)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask(server), range(8)))
    assert [answer.content for answer in answers] == ["yes"] * 8
    assert server.peak == 8


def test_threads_that_begin_together_share_a_client(server: ScriptedServer) -> None:
    with ThreadPoolExecutor(16) as pool:
        begin = threading.Barrier(16)

        def client(_: int) -> openai.OpenAI:
            begin.wait(30)
            return client_for(server.url, "of its own")

        assert len(set(pool.map(client, range(16)))) == 1


def test_an_answer_outlives_the_client_that_asked_for_it(server: ScriptedServer) -> None:
    answer = completion("x" * 1_000_000)
    server.script(answer)
    with until(time.monotonic() + 20):
        response = client_for(server.url, "of its own").post(
            "/chat/completions",
            body={"model": "m", "messages": []},
            cast_to=httpx2.Response,
            options={"headers": {"X-Stainless-Raw-Response": "stream"}},
        )
        exchange._build_client.cache_clear()
        gc.collect()
        assert response.read() == answer.encoded


def test_a_query_in_the_base_url_stays_a_query(server: ScriptedServer) -> None:
    ask(server, url=f"{server.url}?api-version=2025-01-01")
    assert server.requests[0].path == "/v1/chat/completions?api-version=2025-01-01"


@pytest.mark.parametrize(
    ("given_url", "tidy"),
    [
        ("", ""),
        (" http://host:8000/v1/\n", "http://host:8000/v1"),
        ("http://host:8000/v1/chat/completions", "http://host:8000/v1"),
        ("http://host:8000/v1/chat/completions/", "http://host:8000/v1"),
        ("http://host:8000/v1/models", "http://host:8000/v1"),
        ("https://host/api/v1?version=2", "https://host/api/v1?version=2"),
        ("http://[::1]:11434/v1", "http://[::1]:11434/v1"),
        ("http://host", "http://host"),
    ],
)
def test_base_urls_are_tidied(given_url: str, tidy: str) -> None:
    assert tidy_url(given_url) == tidy


@pytest.mark.parametrize(
    "url", ["localhost:8000/v1", "ftp://host/v1", "http://", "http://host:99999/v1", "http://a:b@c/"]
)
def test_unusable_base_urls_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="base URL must look like"):
        Endpoint("some-model", base_url=url)


@pytest.mark.parametrize(
    ("message", "content", "reasoning"),
    [
        ({"content": "yes"}, "yes", ""),
        ({"content": None, "reasoning": "hm"}, "", "hm"),
        ({"content": "", "reasoning_content": "hm"}, "", "hm"),
        ({"content": "yes", "reasoning": {"effort": 1}}, "yes", ""),
        ({"content": None, "refusal": "I will not."}, "I will not.", ""),
        ({"content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "yes"}]}, "yes", "hm"),
        (
            {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"text": "yes"}]},
            "yes",
            "hm",
        ),
        ({"content": [1, None, {"text": 5}, "yes"]}, "yes", ""),
        ({"content": 5}, "", ""),
        ({}, "", ""),
        ({"content": "a\x00b\ud800c"}, "a\ufffdb?c", ""),
    ],
)
def test_content_and_reasoning_are_found_wherever_they_are(
    server: ScriptedServer, message: dict[str, Any], content: str, reasoning: str
) -> None:
    answer = ask(server, Reply(body={"choices": [{"message": message}]}))
    assert (answer.content, answer.reasoning, answer.finish_reason) == (content, reasoning, "")
    assert answer.model == "some-model"


def test_a_content_that_is_an_object_is_its_json(server: ScriptedServer) -> None:
    reply = Reply(body={"choices": [{"message": {"content": {"a": 1}}, "finish_reason": "stop"}]})
    assert ask(server, reply).content == '{"a": 1}'


@pytest.mark.parametrize(
    ("usage", "known"),
    [
        ({"prompt_tokens": 0, "completion_tokens": 0}, Usage()),  # not counted
        ({"prompt_tokens": 0, "completion_tokens": 7}, Usage(None, 7)),
        ({"prompt_tokens": 7, "completion_tokens": 0}, Usage(7, None)),
        ({"prompt_tokens": 2**31 - 1, "completion_tokens": 7}, Usage(None, 7)),
        (..., Usage()),
        (None, Usage()),
        ("12", Usage()),
        ({"prompt_tokens": "12", "completion_tokens": None}, Usage()),
        ({"prompt_tokens": 12}, Usage(prompt_tokens=12)),
        ({"prompt_tokens": 0, "completion_tokens": -1}, Usage()),
        ({"prompt_tokens": True, "completion_tokens": 1.5}, Usage()),
        ({"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": 8}}, Usage(9, None, 8)),
        ({"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": "8"}}, Usage(9)),
        ({"prompt_tokens": 9, "prompt_tokens_details": None, "prompt_cache_hit_tokens": 7}, Usage(9, None, 7)),
        ({"prompt_tokens": 9, "completion_tokens": 3, "cached_tokens": 0}, Usage(9, 3, 0)),
    ],
)
def test_unknown_usage_is_not_zero(server: ScriptedServer, usage: Any, known: Usage) -> None:
    assert ask(server, completion("yes", usage=usage)).usage == known


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (None, ""),
        ("", ""),
        ("null", ""),
        ("None", ""),
        (5, ""),
        ("STOP", "stop"),
        ("eos", "stop"),
        ("tool_calls", "stop"),
        ("MAX_TOKENS", "length"),
        ("something new", "something new"),
    ],
)
def test_finish_reasons_have_one_word_each(server: ScriptedServer, said: Any, meant: str) -> None:
    choice = {"message": {"content": "yes"}, "finish_reason": said}
    assert ask(server, Reply(body={"choices": [choice]})).finish_reason == meant


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["error", "code", "message"]), inner)
    ),
)
SITE = site_of(Endpoint("some-model", api_key="own-secret-key"))


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_body_is_a_completion_or_a_model_error(body: bytes) -> None:
    with pytest.raises(ModelError):
        read_completion(body, site=SITE)


@given(JSON, JSON, JSON)
def test_any_message_is_read(message: Any, usage: Any, rest: Any) -> None:
    body = {"choices": [{"message": message, "finish_reason": rest}], "usage": usage, "model": rest}
    try:
        answer = read_completion(json.dumps(body).encode(), site=SITE)
    except ModelError:
        assert not isinstance(message, dict)
    else:
        assert isinstance(message, dict)
        (answer.content + answer.reasoning + answer.model + answer.finish_reason).encode()


@given(st.integers(200, 599), st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_refusal_is_a_model_error_without_the_key(status: int, body: bytes) -> None:
    error = error_for(status, headers={"retry-after": "soon"}, body=body + b" own-secret-key", site=SITE)
    assert isinstance(error, ModelError)
    assert error.code.startswith("model_")
    assert "own-secret-key" not in error.message
