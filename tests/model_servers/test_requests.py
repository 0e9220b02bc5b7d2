"""What servers refuse of a request is said otherwise: the plan comes, and the next request is right at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from orra.base.strictjson import Json
from planengine.llm import dialects
from planengine.llm.client import complete
from planengine.llm.endpoint import Endpoint
from planengine.llm.structured_output import Rung, response_format
from planengine.planners.prompts.schemas import plan_schema
from tests.model_servers.cases import case
from tests.model_servers.conftest import HASTE, PLAN, Ask, Serve
from tests.model_servers.test_answers import assert_planned
from tests.servers import profiles
from tests.servers.emulated import EmulatedServer
from tests.servers.profiles import CHAT, LLAMA_CPP, LM_STUDIO, OLLAMA, OPENAI, TGI, Profile
from tests.servers.scripted import Reply, Request

pytestmark = pytest.mark.django_db

CHAT_WITH_SYSTEM = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Say yes."},
    {"role": "user", "content": "Now."},
]


def plan_twice(server: EmulatedServer, ask: Ask) -> tuple[int, Json]:
    """How many refused requests the first plan took, and the body that was understood. The second takes none."""
    assert_planned(ask(cache="bypass"))
    first = len(server.chats)
    assert_planned(ask(cache="bypass"))
    assert len(server.chats) == first + 1, "what was learnt is remembered"
    understood, again = server.chats[first - 1 :]
    learnt = {"temperature", "top_p", "top_k"} if server.profile is OLLAMA else set()
    assert again.keys() - understood.keys() <= learnt
    assert {**again, **understood} == again
    return first - 1, again


def _plan_of(schema: Json) -> Json:
    """Of the form of an answer, what a plan looks like."""
    return schema["anyOf"][0]


def say_yes(profile: Profile, server: EmulatedServer) -> str:
    endpoint = Endpoint(profile.model, base_url=server.url, patience=HASTE)
    return complete(endpoint, CHAT_WITH_SYSTEM, deadline=time.monotonic() + 20).content


@case(1, *CHAT)
def test_a_refused_system_role_is_said_by_the_user(serve: Serve, ask: Ask, profile: Profile) -> None:
    server: EmulatedServer = serve(profile, without_system=True)
    plan_twice(server, ask)
    assert all(message["role"] == "user" for body in server.chats for message in body["messages"])
    server.script("yes", "yes")
    before = len(server.chats)
    assert (say_yes(profile, server), say_yes(profile, server)) == ("yes", "yes")
    *refused, merged, again = (body["messages"] for body in server.chats[before:])
    assert merged == again == [{"role": "user", "content": "Be brief.\n\nSay yes.\n\nNow."}]
    assert len(refused) <= 1


@case(1, LLAMA_CPP, profiles.VLLM_NEW)
def test_a_template_that_wants_roles_to_alternate_gets_them(serve: Serve, profile: Profile) -> None:
    def refuse(request: Request) -> Any:
        status = 500 if profile is LLAMA_CPP else 400
        return server.error(status, "Conversation roles must alternate user/assistant/user/assistant/...")

    server: EmulatedServer = serve(profile, refuse, "yes")
    assert say_yes(profile, server) == "yes"
    assert len(server.chats[-1]["messages"]) == 1


@case(2, OPENAI, profiles.AZURE)
def test_the_token_limit_takes_its_other_name(serve: Serve, ask: Ask, profile: Profile) -> None:
    server: EmulatedServer = serve(
        profile, variables={"LLM_MAX_OUTPUT_TOKENS": 500, "LLM_RESPONSE_FORMAT": "none"}
    )
    refused, understood = plan_twice(server, ask)
    assert refused == 1
    assert understood["max_completion_tokens"] == 500 and "max_tokens" not in understood


@case(2, *(profile for profile in CHAT if profile not in (OPENAI, profiles.AZURE)))
def test_the_token_limit_keeps_the_name_that_all_others_know(serve: Serve, ask: Ask, profile: Profile) -> None:
    server: EmulatedServer = serve(profile, variables={"LLM_MAX_OUTPUT_TOKENS": 500})
    _, understood = plan_twice(server, ask)
    assert understood["max_tokens"] == 500 and "max_completion_tokens" not in understood


SAMPLING = {"LLM_TEMPERATURE": 0.6, "LLM_TOP_P": 0.95, "LLM_TOP_K": 20, "LLM_MAX_OUTPUT_TOKENS": None}


@case(3, OPENAI, profiles.AZURE)
def test_sampling_that_is_refused_is_left_out(serve: Serve, ask: Ask, profile: Profile) -> None:
    server: EmulatedServer = serve(profile, variables={**SAMPLING, "LLM_RESPONSE_FORMAT": "none"})
    refused, understood = plan_twice(server, ask)
    assert refused == 3
    assert not {"temperature", "top_p", "top_k"} & understood.keys()


@case(3, *(profile for profile in CHAT if profile not in (OPENAI, profiles.AZURE)))
def test_sampling_is_sent_when_the_operator_sets_it_and_only_then(
    serve: Serve, ask: Ask, configure: Callable[..., None], profile: Profile
) -> None:
    server: EmulatedServer = serve(profile, variables=SAMPLING)
    _, understood = plan_twice(server, ask)
    assert (understood["temperature"], understood["top_p"], understood["top_k"]) == (0.6, 0.95, 20)
    configure(**dict.fromkeys(SAMPLING))
    assert_planned(ask(cache="bypass"))
    sent = {"temperature", "top_p", "top_k"} & server.chats[-1].keys()
    assert not sent or profile is OLLAMA


@case(3, OLLAMA)
def test_ollama_gets_the_makers_sampling_once_it_is_known(serve: Serve, ask: Ask, profile: Profile) -> None:
    server: EmulatedServer = serve(profile)
    assert_planned(ask(cache="bypass"))
    assert_planned(ask(cache="bypass"))
    assert "temperature" not in server.chats[0]
    assert (server.chats[1]["temperature"], server.chats[1]["top_p"]) == (0.6, 0.95)


@case(10, TGI)
def test_its_own_form_of_a_schema_is_found(serve: Serve, ask: Ask, profile: Profile) -> None:
    refused, understood = plan_twice(serve(profile), ask)
    assert refused == 1
    assert understood["response_format"]["type"] == "json"
    assert _plan_of(understood["response_format"]["value"])["required"] == ["tasks", "parallel_groups"]


@case(10, profiles.DEEPSEEK, profiles.LLAMA_CPP_PYTHON, profiles.OPENROUTER)
def test_a_server_without_json_schema_is_asked_for_an_object(serve: Serve, ask: Ask, profile: Profile) -> None:
    """With the schema beside it, which some heed and others overlook."""
    refused, understood = plan_twice(serve(profile), ask)
    assert refused == 1
    assert understood["response_format"]["type"] == "json_object"
    assert _plan_of(understood["response_format"]["schema"])["required"] == ["tasks", "parallel_groups"]


@case(10, profiles.DEEPSEEK)
def test_a_schema_that_is_refused_beside_an_object_is_left_out(serve: Serve, ask: Ask, profile: Profile) -> None:
    def refuse(request: Request) -> Any:
        if "schema" not in request.json["response_format"]:
            return PLAN
        return server.error(400, "Unknown parameter: 'response_format.schema'.", param="response_format.schema")

    server: EmulatedServer = serve(profile, default=refuse)
    refused, understood = plan_twice(server, ask)
    assert (refused, understood["response_format"]) == (2, {"type": "json_object"})


@case(10, OPENAI, profiles.AZURE)
def test_an_open_schema_is_not_strict(serve: Serve, ask: Ask, profile: Profile) -> None:
    refused, understood = plan_twice(serve(profile, variables={"LLM_MAX_OUTPUT_TOKENS": None}), ask)
    assert refused == 0, "it was not sent as one"
    form = understood["response_format"]
    assert form["type"] == "json_schema" and "strict" not in form["json_schema"]


WITHOUT_SCHEMAS = (
    OPENAI,
    profiles.AZURE,
    TGI,
    profiles.DEEPSEEK,
    profiles.LLAMA_CPP_PYTHON,
    profiles.OPENROUTER,
)


@case(10, *(profile for profile in CHAT if profile not in WITHOUT_SCHEMAS))
def test_a_schema_is_sent_and_names_the_services(serve: Serve, ask: Ask, profile: Profile) -> None:
    refused, understood = plan_twice(serve(profile), ask)
    schema = understood["response_format"]["json_schema"]["schema"]
    _, call, _ = _plan_of(schema)["properties"]["tasks"]["items"]["anyOf"]
    names = call["properties"]["service"]["enum"]
    assert (refused, names) == (0, ["order_lookup", "refund_payment", "search_laptops"])


@case(11, TGI)
def test_a_value_out_of_range_is_left_out(serve: Serve, ask: Ask, profile: Profile) -> None:
    server: EmulatedServer = serve(profile, variables={"LLM_TOP_P": 1.0, "LLM_TEMPERATURE": 0.6})
    _, understood = plan_twice(server, ask)
    assert "top_p" not in understood and understood["temperature"] == 0.6
    assert all("presence_penalty" not in body for body in server.chats)
    assert all(body["stream_options"] == {"include_usage": True} for body in server.chats)


@case(12, LM_STUDIO)
def test_an_object_is_refused_and_a_schema_taken(serve: Serve, ask: Ask, profile: Profile) -> None:
    server: EmulatedServer = serve(profile, variables={"LLM_RESPONSE_FORMAT": "json_object"})
    refused, understood = plan_twice(server, ask)
    assert refused == 1
    assert server.chats[0]["response_format"] == {"type": "json_object"}
    assert understood["response_format"]["type"] == "json_schema"


@case(12, LM_STUDIO)
def test_what_it_says_is_told_when_nothing_helps(serve: Serve, ask: Ask, profile: Profile) -> None:
    said = "'response_format.type' must be 'json_schema' or 'text'"
    server: EmulatedServer = serve(profile, default=lambda request: server.error(400, said))
    plan = ask()
    assert plan["error"]["code"] == "model_refused_request"
    assert said in plan["error"]["message"]
    # Down the whole ladder, and no further; a schema that is open has no strict form.
    assert len(server.chats) == len(Rung) - 1


@case(15, profiles.VLLM_OLD, profiles.VLLM_NEW, profiles.SGLANG)
def test_our_schema_has_no_keyword_that_grammars_lack(serve: Serve, ask: Ask, profile: Profile) -> None:
    refused, understood = plan_twice(serve(profile), ask)
    assert (refused, understood["response_format"]["type"]) == (0, "json_schema")


@case(15, profiles.VLLM_OLD, profiles.VLLM_NEW, profiles.SGLANG)
def test_a_refused_schema_is_a_step_down(serve: Serve, ask: Ask, profile: Profile) -> None:
    def refuse(request: Request) -> Any:
        if request.json["response_format"]["type"] != "json_schema":
            return PLAN
        return server.error(400, "The provided JSON schema contains features not supported by xgrammar.")

    server: EmulatedServer = serve(profile, default=refuse)
    refused, understood = plan_twice(server, ask)
    assert (refused, understood["response_format"]["type"]) == (1, "json_object")


class TestForgetting:
    def test_another_server_at_the_same_address_is_asked_anew(self, serve: Serve, ask: Ask) -> None:
        first = serve(TGI)
        assert_planned(ask(cache="bypass"))
        first.stop()
        first.stop = lambda: None  # type: ignore[method-assign]
        second = serve(LM_STUDIO, port=first.port)
        assert_planned(ask(cache="bypass"))
        assert second.chats[-1]["response_format"]["type"] == "json_schema"

    def test_a_form_that_fails_of_a_sudden_is_tried_from_the_top(self, serve: Serve, ask: Ask) -> None:
        server = serve(profiles.DEEPSEEK)
        assert_planned(ask(cache="bypass"))
        server.profile = replace(LM_STUDIO, model=profiles.DEEPSEEK.model)
        assert_planned(ask(cache="bypass"))
        assert server.chats[-1]["response_format"]["type"] == "json_schema"

    def test_a_server_that_was_away_is_asked_anew(self, serve: Serve, ask: Ask) -> None:
        server = serve(profiles.DEEPSEEK)
        assert_planned(ask(cache="bypass"))
        assert server.chats[-1]["response_format"]["type"] == "json_object"
        server.profile = replace(profiles.FIREWORKS, model=profiles.DEEPSEEK.model)
        server.script(Reply(then="drop"))
        assert_planned(ask(cache="bypass"))
        assert server.chats[-1]["response_format"]["type"] == "json_schema"

    def test_other_software_and_time_make_it_forget(self, monkeypatch: pytest.MonkeyPatch) -> None:
        memory, learnt = dialects.Memory(), dialects.Dialect(rungs=(Rung.PROMPT,))
        memory.learn("http://a", "m", learnt, server="uvicorn")
        memory.learn("http://a", "m", learnt, server="uvicorn")
        assert memory.recall("http://a", "m") == learnt
        assert memory.recall("http://a", "another") is None
        memory.learn("http://a", "m", learnt, server="llama.cpp")
        assert memory.recall("http://a", "m") is None
        memory.learn("http://a", "m", learnt, server="llama.cpp")
        now = time.monotonic()
        monkeypatch.setattr("planengine.llm.dialects.time.monotonic", lambda: now + dialects.KEPT_SECONDS)
        assert memory.recall("http://a", "m") is None

    def test_what_is_remembered_is_bounded(self) -> None:
        memory = dialects.Memory()
        for number in range(dialects.MAX_KEPT + 1):
            memory.learn("http://a", str(number), dialects.Dialect(), server="")
        assert memory.recall("http://a", "0") is None
        assert memory.recall("http://a", "1") is not None


def test_the_schema_is_the_same_for_the_same_services_and_bounded() -> None:
    assert plan_schema(["b", "a"]) == plan_schema(["a", "b"])
    for services in ([f"service {number}" for number in range(300)], []):
        _, call, _ = plan_schema(services)["anyOf"][0]["properties"]["tasks"]["items"]["anyOf"]
        assert call["properties"]["service"] == {"type": "string"}
    assert response_format(Rung.PROMPT, plan_schema([])) is None
