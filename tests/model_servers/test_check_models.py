"""``manage.py check_models`` against each kind of server: what it finds is how the server was made to behave."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from django.core.management import call_command

from planengine.drafting import planner_choice
from planengine.drafting.probe import traps
from planengine.embeddings import embedders
from planengine.embeddings.embedders import EndpointEmbedder
from planengine.evaluation.endpoints.sample import COLOUR, LONG, NO_OBJECT, ODD_WORD
from planengine.exceptions import EmbeddingUnavailable
from tests.model_servers.conftest import HASTE, Serve
from tests.servers import profiles
from tests.servers.emulated import EmulatedServer, Says
from tests.servers.profiles import Profile
from tests.servers.scripted import Reply, Request, delayed, failure, final

SAMPLE = {"order_id": "ORD-17", "reason": "it arrived damaged"}
SAMPLE_PLAN: dict[str, Any] = {
    "tasks": [
        {"id": "task0", "input": SAMPLE},
        {"id": "task1", "service": "find_order", "input": {"order_id": "$task0.order_id"}},
        {
            "id": "task2",
            "service": "refund_customer",
            "input": {
                "customer_id": "$task1.customer_id",
                "amount": "$task1.amount",
                "reason": "$task0.reason",
            },
        },
    ],
    "parallel_groups": [["task1"], ["task2"]],
}
# Longer than one piece of a stream.
SENTENCE = "A clear sky at noon is blue, because the air scatters blue light more than it scatters red light."
THOUGHTS = "First I look at what is asked for. " * 6


@dataclass(frozen=True)
class Expected:
    """``holds``: the forms that the server's grammar knows, and so what it is made to do. The rest is what the
    check must then find."""

    holds: frozenset[str]
    forms: dict[str, str]
    form_in_use: str
    reasoning: str
    models: int | None = 1
    context: int | None = None
    long_prompt: str = "ok"
    said: str = "sampling is the server's"
    ignored_in_use: bool = field(default=False)
    counts: bool = True


def forms(strict: str, schema: str, object_schema: str, object_: str, value: str) -> dict[str, str]:
    return {
        "strict_schema": strict,
        "schema": schema,
        "object_schema": object_schema,
        "object": object_,
        "value": value,
    }


SCHEMA, OBJECT, VALUE = "json_schema", "json_object", "json"
OBJECT_SCHEMA = "json_object and a schema"
BOTH = frozenset({SCHEMA, OBJECT})
HELD = forms("constrains", "constrains", "ignored", "constrains", "ignored")
ALL_HELD = forms("constrains", "constrains", "constrains", "constrains", "ignored")
EXPECTED: dict[str, Expected] = {
    # Strict schemas must close every object, and a task's input is open.
    "openai": Expected(
        BOTH,
        HELD,
        "strict_schema",
        "none",
        models=2,
        long_prompt="note",
        said="limit of tokens is called max_completion_tokens; sampling is the server's (family openai-reasoning)",
    ),
    "azure": Expected(
        BOTH, HELD, "strict_schema", "none", long_prompt="note", said="called max_completion_tokens"
    ),
    "vllm-old": Expected(BOTH, HELD, "strict_schema", "field", context=4096, long_prompt="note"),
    "vllm": Expected(BOTH, HELD, "strict_schema", "field", context=4096, long_prompt="note"),
    "tgi": Expected(
        frozenset({VALUE}),
        forms("refused", "refused", "refused", "refused", "constrains"),
        "value",
        "untagged",
        long_prompt="note",
    ),
    "ollama": Expected(
        BOTH,
        HELD,
        "strict_schema",
        "field",
        models=0,
        long_prompt="fails",
        said="temperature 0.6, top_p 0.95, top_k 20 (family qwen3)",
    ),
    "llama.cpp": Expected(BOTH | {OBJECT_SCHEMA}, ALL_HELD, "strict_schema", "field", long_prompt="note"),
    "llama-cpp-python": Expected(
        frozenset({OBJECT, OBJECT_SCHEMA}),
        forms("refused", "refused", "constrains", "constrains", "refused"),
        "object_schema",
        "untagged",
        long_prompt="note",
        counts=False,
    ),
    "lm-studio": Expected(
        frozenset({SCHEMA}),
        forms("constrains", "constrains", "refused", "refused", "refused"),
        "strict_schema",
        "field",
    ),
    "sglang": Expected(BOTH, HELD, "strict_schema", "field", long_prompt="note"),
    "together": Expected(
        frozenset(),
        forms("ignored", "ignored", "ignored", "ignored", "ignored"),
        "strict_schema",
        "tagged",
        context=163840,
        ignored_in_use=True,
        said="everything is said by the user; sampling is the server's (family deepseek-r1)",
    ),
    "fireworks": Expected(BOTH, HELD, "strict_schema", "tagged", said="family qwq"),
    "deepseek": Expected(
        frozenset({OBJECT}),
        forms("refused", "refused", "ignored", "constrains", "refused"),
        "object_schema",
        "field",
        long_prompt="note",
        ignored_in_use=True,
    ),
    "groq": Expected(
        BOTH, HELD, "strict_schema", "field", context=131072, long_prompt="note", said="(family gpt-oss)"
    ),
    "openrouter": Expected(
        frozenset({OBJECT}),
        forms("refused", "refused", "ignored", "constrains", "ignored"),
        "object_schema",
        "field",
        context=40960,
        long_prompt="note",
        ignored_in_use=True,
        said="sampling is the server's (family qwen3)",
    ),
}


class Model:
    """A model that thinks, knows the sky and the sample's plan, and is held to what the server's grammar knows."""

    def __init__(self, holds: frozenset[str]) -> None:
        self.holds = holds
        self.server: EmulatedServer | None = None

    def __call__(self, request: Request) -> Any:
        assert self.server is not None
        profile, form = self.server.profile, request.json.get("response_format", {})
        held = (
            OBJECT_SCHEMA if form.get("type") == OBJECT and "schema" in form else form.get("type")
        ) in self.holds
        if request.prompt == LONG:
            if profile.overflow is not None:
                status, message, more = profile.overflow
                return self.server.error(status, message, **more)
            cut = profile is profiles.OLLAMA
            return Says("quokka", reasoning=THOUGHTS, usage={"prompt_tokens": 4096} if cut else {})
        if request.prompt == COLOUR:
            return Says({"colour": ODD_WORD} if held else '{"colour": "blue"}', reasoning=THOUGHTS)
        if request.prompt == NO_OBJECT:
            return Says({"colour": SENTENCE} if held else SENTENCE, reasoning=THOUGHTS)
        return Says(SAMPLE_PLAN, reasoning=THOUGHTS)


@pytest.fixture
def model_at(serve: Serve) -> Callable[..., EmulatedServer]:
    def start(profile: Profile, holds: frozenset[str], **options: Any) -> EmulatedServer:
        model = Model(holds)
        model.server = serve(profile, default=model, **options)
        return model.server

    return start


@pytest.fixture(autouse=True)
def embedder(settings: Any) -> Iterator[None]:
    """In process, unless the test configures another."""
    settings.EMBEDDINGS_MODEL = settings.EMBEDDINGS_API_BASE_URL = settings.EMBEDDINGS_API_KEY = ""
    embedders._build_embedder.cache_clear()
    yield
    embedders._build_embedder.cache_clear()


@dataclass(frozen=True)
class Result:
    code: int
    checks: dict[str, Any]

    def facts(self, part: str = "planner") -> dict[str, Any]:
        return dict(self.checks[part]["facts"])

    def states(self, part: str = "planner") -> dict[str, str]:
        return {finding["name"]: finding["state"] for finding in self.checks[part]["findings"]}

    def finding(self, name: str, part: str = "planner") -> dict[str, str]:
        return next(dict(found) for found in self.checks[part]["findings"] if found["name"] == name)


def check(*options: str) -> Result:
    out, code = io.StringIO(), 0
    try:
        call_command("check_models", "--json", *options, stdout=out)
    except SystemExit as end:
        code = int(end.code or 0)
    said = json.loads(out.getvalue())
    assert said["exit_code"] == code
    return Result(code, {each["part"]: each for each in said["checks"]})


@pytest.mark.parametrize("profile", profiles.CHAT, ids=[profile.name for profile in profiles.CHAT])
def test_each_server_is_understood(model_at: Callable[..., EmulatedServer], profile: Profile) -> None:
    expected = EXPECTED[profile.name]
    server = model_at(profile, expected.holds)

    found = check()

    facts = found.facts()
    assert facts["forms"] == expected.forms
    assert (facts["form_in_use"], facts["reasoning"]) == (expected.form_in_use, expected.reasoning)
    assert (facts["models"], facts["context"]) == (expected.models, expected.context)
    assert (facts["reachable"], facts["streams"], facts["counts_tokens"]) == (True, True, expected.counts)
    assert facts["valid_at_attempt"] == 1
    states = found.states()
    assert states["long prompt"] == expected.long_prompt
    assert (states["server"], states["key"], states["sample plan"]) == ("ok", "ok", "ok")
    assert expected.said in found.finding("said")["seen"]
    assert found.code == (1 if expected.long_prompt == "fails" else 0)
    assert server.calls <= 7 + 2 * 7  # steps down to the plan; questions, one of which may be put twice
    bodies = [body for body in server.chats if "response_format" in body or body["messages"][0]["content"] == LONG]
    assert all(body.get("max_tokens") or body.get("max_completion_tokens") for body in bodies[-6:])


@pytest.mark.parametrize("profile", profiles.CHAT, ids=[profile.name for profile in profiles.CHAT])
def test_what_it_says_is_what_the_client_then_does(
    model_at: Callable[..., EmulatedServer], profile: Profile
) -> None:
    """The form that is named as the one in use is the one that the last request for a plan had."""
    expected = EXPECTED[profile.name]
    server = model_at(profile, expected.holds)

    found = check()

    plans = [body for body in server.chats if "BEGIN services" in body["messages"][0]["content"]]
    sent = plans[-1].get("response_format", {})
    named = {"strict_schema": SCHEMA, "schema": SCHEMA, "object_schema": OBJECT, "object": OBJECT, "value": VALUE}
    assert sent["type"] == named[found.facts()["form_in_use"]]
    assert "strict" not in sent.get("json_schema", {}), "the form of a whole plan is open"
    in_use = [
        finding for finding in found.checks["planner"]["findings"] if "asked for in this form" in finding["then"]
    ]
    assert len(in_use) == 1
    assert ("does not bind the model" in in_use[0]["then"]) == expected.ignored_in_use


def test_a_wrong_key_is_a_wrong_configuration(
    model_at: Callable[..., EmulatedServer], configure: Callable[..., None]
) -> None:
    model_at(profiles.VLLM_NEW, BOTH, key="sk-right-0123456789")
    configure(LLM_API_KEY="sk-wrong-0123456789")

    found = check()

    assert found.code == 2
    assert found.states()["key"] == "misconfigured"
    assert found.facts()["reachable"] is False
    assert "sk-wrong" not in json.dumps(found.checks) and "sk-right" not in json.dumps(found.checks)


def test_the_right_key_is_accepted_and_not_shown(
    model_at: Callable[..., EmulatedServer], configure: Callable[..., None]
) -> None:
    model_at(profiles.VLLM_NEW, BOTH, key="sk-right-0123456789")
    configure(LLM_API_KEY="sk-right-0123456789")

    found = check()

    assert (found.code, found.finding("key")["seen"]) == (0, "one is sent and accepted")
    assert "sk-right" not in json.dumps(found.checks)


def test_a_model_that_is_not_there_is_a_wrong_configuration(serve: Serve) -> None:
    missing = failure(404, "The model `small-1` does not exist.", code="model_not_found")
    serve(profiles.VLLM_NEW, default=missing)

    found = check()

    assert (found.code, found.states()["model"]) == (2, "misconfigured")


def test_an_address_without_v1_is_a_wrong_configuration(serve: Serve, configure: Callable[..., None]) -> None:
    server = serve(profiles.LM_STUDIO)
    configure(LLM_API_BASE_URL=server.url.removesuffix("/v1"))

    found = check()

    assert (found.code, found.states()["server"]) == (2, "misconfigured")
    assert "/v1" in found.finding("server")["seen"]


def test_a_server_that_is_down_fails(serve: Serve) -> None:
    serve(profiles.OLLAMA).stop()

    found = check()

    assert (found.code, found.states()["server"]) == (1, "fails")
    assert found.states()["models"] == "unknown"


@pytest.mark.parametrize("parser", [False, True], ids=["without a parser", "with its parser"])
def test_a_model_that_json_keeps_from_thinking_is_found(serve: Serve, parser: bool) -> None:
    """Without a reasoning parser the server's grammar binds from the first token."""

    def answer(request: Request) -> Any:
        held = "response_format" in request.json
        thoughts = THOUGHTS if parser or not held else ""
        if request.prompt == LONG:
            return Says("quokka", reasoning=thoughts)
        if request.prompt in (COLOUR, NO_OBJECT):
            return Says({"colour": ODD_WORD}, reasoning=thoughts)
        return Says(SAMPLE_PLAN, reasoning=thoughts)

    reasoning = "reasoning" if parser else "untagged"
    serve(replace(profiles.VLLM_NEW, reasoning=reasoning, overflow=None), default=answer)

    found = check()

    assert found.states()["reasoning"] == ("ok" if parser else "note")
    assert ("LLM_RESPONSE_FORMAT=none" in found.finding("reasoning")["then"]) is not parser


def test_a_model_whose_plans_are_wrong_fails(serve: Serve) -> None:
    serve(profiles.VLLM_NEW, default="I would refund it.")

    found = check()

    assert (found.code, found.states()["sample plan"]) == (1, "fails")
    seen = found.finding("sample plan")["seen"]
    assert "no_plan_found" in seen and "has no JSON object with a list of tasks" in seen
    assert set(found.facts()["forms"].values()) == {"ignored"}


def test_what_it_may_be_trusted_with_is_asked_for_with_traps(serve: Serve) -> None:
    def answer(request: Request) -> Any:
        asked_for_sample = "ORD-17" in request.prompt and "damaged" in request.prompt
        return Says(SAMPLE_PLAN) if asked_for_sample else final("I may not.")

    server = serve(profiles.VLLM_NEW, default=answer)
    assert (check().finding("trust")["state"], check().facts()["trust"]) == ("unknown", None)
    before = server.calls

    found = check("--traps")

    assert server.calls - before >= len(traps())
    assert (found.finding("trust")["state"], found.facts()["trust"]) == ("ok", "trusted")


@pytest.mark.parametrize("reply", [Says(SAMPLE_PLAN), "Done."], ids=["another plan", "prose"])
def test_a_model_that_does_not_refuse_is_held(serve: Serve, reply: Any) -> None:
    serve(profiles.VLLM_NEW, default=reply)

    found = check("--traps")

    assert (found.finding("trust")["state"], found.facts()["trust"]) == ("note", "held")
    assert "2 of 2" in found.finding("trust")["seen"]


def test_a_model_that_declines_the_sample_is_quoted(serve: Serve) -> None:
    serve(profiles.VLLM_NEW, default=final("I may not refund\x1b[2J anything."))

    found = check()

    assert (found.code, found.states()["sample plan"]) == (1, "fails")
    seen = found.finding("sample plan")["seen"]
    assert "the model says that nothing can be done (" in seen and "I may not refund" in seen
    assert "\x1b" not in seen


def test_a_form_that_the_server_fails_at_does_not_end_the_check(
    model_at: Callable[..., EmulatedServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planner_choice, "PATIENCE", replace(HASTE, retries=3))
    server = model_at(profiles.VLLM_NEW, BOTH)
    model = server._default

    def answer(request: Request) -> Any:
        if request.json.get("response_format", {}).get("type") == "json_schema":
            return server.error(500, "")
        return model(request) if callable(model) else model

    server._default = answer

    found = check()

    assert (found.code, found.states()["sample plan"]) == (0, "ok")
    assert found.facts()["forms"] == forms("fails", "fails", "ignored", "constrains", "ignored")
    assert found.finding("json_schema, strict")["seen"].startswith("the server fails at it")


def test_tokens_that_are_counted_in_whole_answers_only_are_told_as_such(
    model_at: Callable[..., EmulatedServer],
) -> None:
    model_at(profiles.LLAMA_CPP_PYTHON, frozenset({OBJECT}))

    found = check()

    assert found.states()["tokens"] == "note"
    assert "in whole answers, and not in streams" in found.finding("tokens")["seen"]
    assert "LLM_STREAM=0" in found.finding("tokens")["then"]


def test_a_long_prompt_that_only_a_whole_answer_refuses_is_told_as_such(serve: Serve) -> None:
    """As llama-cpp-python does: the stream stays empty."""
    model = Model(frozenset({OBJECT, OBJECT_SCHEMA}))
    model.server = server = serve(profiles.LLAMA_CPP_PYTHON)
    silent = Reply(headers={"Content-Type": "text/event-stream"})
    server._default = lambda request: (
        silent if request.json.get("stream") and request.prompt == LONG else model(request)
    )

    found = check()

    assert (found.code, found.states()["long prompt"], found.states()["streaming"]) == (0, "note", "ok")
    assert "is refused" in found.finding("long prompt")["seen"]


def test_a_long_prompt_that_takes_too_long_is_told_as_such(serve: Serve, configure: Callable[..., None]) -> None:
    model = Model(BOTH)
    server = serve(replace(profiles.VLLM_NEW, overflow=None))
    model.server = server
    server._default = lambda request: Reply(then="hang") if request.prompt == LONG else model(request)

    found = check("--seconds", "1.5")

    assert found.states()["long prompt"] == "note"
    told = found.finding("long prompt")
    assert "not read and answered within" in told["seen"] and "LLM_CONTEXT_TOKENS" in told["then"]


def test_questions_that_are_not_answered_end_the_check(
    model_at: Callable[..., EmulatedServer], serve: Serve
) -> None:
    server = serve(profiles.VLLM_NEW, SAMPLE_PLAN, default=delayed("too late", 30))

    found = check("--seconds", "0.3")

    assert found.states()["sample plan"] == "ok"
    assert found.facts()["forms"] == {"strict_schema": "unknown"}
    assert (found.states()["long prompt"], found.facts()["reasoning"]) == ("unknown", None)
    assert not {"reasoning", "streaming"} & found.states().keys()
    assert server.calls == 2


def test_the_context_is_read_where_the_server_tells_it(
    model_at: Callable[..., EmulatedServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = model_at(profiles.OLLAMA, BOTH)
    elsewhere = server.elsewhere

    def tell(request: Request) -> Reply:
        if request.path == "/api/ps":
            loaded = {"name": "qwen3:8b", "model": "qwen3:8b", "context_length": 4096}
            return Reply(body={"models": [loaded]})
        return elsewhere(request)

    monkeypatch.setattr(server, "elsewhere", tell)

    found = check()

    assert found.facts()["context"] == 4096
    assert found.states()["context"] == "note"
    assert "OLLAMA_CONTEXT_LENGTH" in found.finding("long prompt")["then"]


def takes_many(profile: Profile, url: str) -> bool:
    """Whether the client itself gets the vectors of many texts."""
    try:
        return len(EndpointEmbedder(profile.model, base_url=url).embed([f"text {n}" for n in range(33)])) == 33
    except EmbeddingUnavailable:
        return False


def test_what_a_server_calls_its_models_cannot_reach_the_terminal(
    model_at: Callable[..., EmulatedServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = model_at(profiles.LLAMA_CPP, BOTH)
    names = ["\x1b[2J" + "x" * 5000, "small-1"]
    models = Reply(body={"data": [{"id": name} for name in names]})
    monkeypatch.setattr(server, "elsewhere", lambda request: models)

    seen = check().finding("models")["seen"]

    assert "\x1b" not in seen
    assert len(seen) < 1000


EMBEDDING = [profile for profile in profiles.ALL if profile.embeds]


@pytest.mark.parametrize("profile", EMBEDDING, ids=[profile.name for profile in EMBEDDING])
def test_each_embeddings_endpoint_is_understood(
    serve: Serve, settings: Any, configure: Callable[..., None], profile: Profile
) -> None:
    server = serve(profile, default=SAMPLE_PLAN)
    configure(LLM_MODEL="")
    settings.EMBEDDINGS_MODEL, settings.EMBEDDINGS_API_BASE_URL = profile.model, server.url

    found = check()

    facts = found.facts("embeddings")
    assert (facts["reachable"], facts["dimensions"]) == (True, profile.dimensions)
    assert facts["batches"] == takes_many(profile, server.url)
    low, high = facts["norms"]
    if profile.normalised:
        assert found.states("embeddings")["norm"] == "ok" and low == high == 1
    else:
        assert found.states("embeddings")["norm"] == "note" and high > 2
    assert found.states()["sample plan"] == "ok"  # the composer's, in process


def test_no_embeddings_are_named_with_what_is_left(
    serve: Serve, settings: Any, configure: Callable[..., None]
) -> None:
    server = serve(profiles.TGI)
    configure(LLM_MODEL="")
    settings.EMBEDDINGS_MODEL, settings.EMBEDDINGS_API_BASE_URL = "none", server.url

    found = check()

    assert (found.code, found.states("embeddings")["server"]) == (2, "misconfigured")
    assert "exact template" in found.finding("server", "embeddings")["then"]


def test_vectors_in_another_order_are_noticed(serve: Serve, settings: Any, configure: Callable[..., None]) -> None:
    server = serve(profiles.VLLM_NEW)
    configure(LLM_MODEL="")

    def shuffle(request: Request) -> Reply:
        reply = server.vectors(request)
        reply.body["data"].reverse()
        return reply

    server.embed = shuffle
    settings.EMBEDDINGS_MODEL, settings.EMBEDDINGS_API_BASE_URL = "small-1", server.url

    found = check()

    assert found.states("embeddings")["order"] == "note"
    assert found.states("embeddings")["meaning"] == "ok"


def test_without_any_endpoint_what_is_in_process_is_checked(configure: Callable[..., None]) -> None:
    configure(LLM_MODEL="", LLM_API_BASE_URL="")

    found = check()

    assert found.code == 0
    assert "composer" in found.checks["planner"]["subject"]
    assert found.facts("embeddings")["dimensions"] == 384


def test_the_table_has_a_line_for_each_finding(model_at: Callable[..., EmulatedServer]) -> None:
    model_at(profiles.OLLAMA, BOTH)
    out = io.StringIO()

    with pytest.raises(SystemExit) as end:
        call_command("check_models", stdout=out)

    text = out.getvalue()
    assert end.value.code == 1
    assert "Planning: qwen3:8b at http://127.0.0.1:" in text
    assert "Embeddings: all-MiniLM-L6-v2-int8 in process" in text
    for words in ("json_schema, strict", "holds the model to it", "→ Plans are asked for in this form.", "fails"):
        assert words in text
    assert max(map(len, text.splitlines())) <= 115


def test_a_chat_model_that_is_to_embed_is_a_wrong_configuration(
    serve: Serve, settings: Any, configure: Callable[..., None]
) -> None:
    server = serve(profiles.LLAMA_CPP)
    configure(LLM_MODEL="")
    states = {"object": "embedding", "index": 0, "embedding": [[0.1, 0.2], [0.3, 0.4]]}
    server.embed = Reply(body={"object": "list", "data": [states]})
    settings.EMBEDDINGS_MODEL, settings.EMBEDDINGS_API_BASE_URL = "qwen2.5-coder", server.url

    found = check()

    assert (found.code, found.states("embeddings")["server"]) == (2, "misconfigured")
    assert "'qwen2.5-coder' is no embedding model" in found.finding("server", "embeddings")["seen"]
