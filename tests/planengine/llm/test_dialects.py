"""What a refusal teaches, in the words that servers use."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planengine.llm.bodies import Call, request_body
from planengine.llm.dialects import Dialect, adapt, merge_roles
from planengine.llm.endpoint import Endpoint
from planengine.llm.families import Sampling
from planengine.llm.refusals import Refusal, read_refusal
from planengine.llm.structured_output import LADDER, Rung
from planengine.planners.prompts.schemas import selection_schema

ENDPOINT = Endpoint("some-model", sampling=Sampling(0.6, 0.95, 20), max_output_tokens=500)
CALL = Call(
    [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Say yes."}], selection_schema(["a"])
)

FIRST = Dialect()


def after(message: str, *, dialect: Dialect = FIRST, **more: Any) -> Dialect | None:
    refusal = read_refusal(json.dumps({"error": {"message": message, **more}}).encode())
    return adapt(dialect, refusal, sent=request_body(ENDPOINT, CALL, dialect=dialect, streams=True))


@pytest.mark.parametrize(
    ("message", "omitted"),
    [
        ("Unsupported value: 'temperature' does not support 0.6 with this model.", {"temperature"}),
        ("Input validation error: `top_p` must be > 0.0 and < 1.0", {"top_p"}),
        ("Unrecognized request argument supplied: top_k", {"top_k"}),
        ('[{"loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}]', {"stream_options"}),
        ("Streaming is not supported for this model", {"stream", "stream_options"}),
    ],
)
def test_a_field_that_is_named_is_left_out(message: str, omitted: set[str]) -> None:
    learnt = after(message)
    assert learnt is not None and learnt.omitted == omitted
    assert not omitted & request_body(ENDPOINT, CALL, dialect=learnt, streams=True).keys()


@pytest.mark.parametrize(
    ("message", "rung"),
    [
        ("Invalid schema for response_format 'x': 'additionalProperties' is required to be false.", Rung.SCHEMA),
        ("The provided JSON schema contains features not supported by xgrammar.", Rung.SCHEMA),
        ("This response_format type is unavailable now", Rung.OBJECT_SCHEMA),
        ("response_format: missing field `value` at line 1 column 9", Rung.VALUE),
        ("'response_format.type' must be 'json_object' or 'text'", Rung.OBJECT_SCHEMA),
        ("Input should be 'text' or 'json_object', input: json_schema, loc: response_format", Rung.SCHEMA),
    ],
)
def test_a_form_that_is_refused_is_a_step_down(message: str, rung: Rung) -> None:
    learnt = after(message)
    assert learnt is not None and learnt.rung is rung


def test_token_limits_take_their_other_name_or_none() -> None:
    other = after("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", param="max_tokens")
    assert other == Dialect(token_limits=("max_completion_tokens",))
    neither = after("Unknown field max_completion_tokens", dialect=other)
    assert neither == Dialect(token_limits=())


@pytest.mark.parametrize(
    "message",
    [
        "max_tokens is too large: 500. This model supports at most 100.",
        "Invalid max_tokens value, the valid range of max_tokens is [1, 400]",
        "However, you requested 900 tokens (400 in the messages, 500 in the completion), the maximum is 800.",
        "Request too large for model `m` on tokens per minute (TPM): Limit 400, Requested 900.",
    ],
)
def test_a_limit_beyond_the_servers_own_is_left_out_and_a_raised_one_tried_again(message: str) -> None:
    learnt = after(message)
    assert learnt == Dialect(limits_answers=False)
    assert "max_tokens" not in request_body(ENDPOINT, CALL, dialect=learnt)
    raised = request_body(ENDPOINT, replace(CALL, output_tokens=900), dialect=learnt)
    assert raised["max_tokens"] == 900
    assert adapt(learnt, Refusal(message, frozenset()), sent=raised) == replace(learnt, token_limits=())


@pytest.mark.parametrize(
    "message",
    [
        "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
        "System role not supported",
        "Conversation roles must alternate user/assistant/user/assistant/...",
        "Only user, assistant and tool roles are supported, got role: 'developer'",
    ],
)
def test_roles_that_are_refused_are_merged(message: str) -> None:
    assert after(message) == Dialect(merges_roles=True)
    assert after(message, dialect=Dialect(merges_roles=True)) is None


@pytest.mark.parametrize("message", ["Bad request", "Invalid value for 'model'", "tokens", "", "top_ping"])
def test_other_refusals_teach_nothing(message: str) -> None:
    assert after(message) is None


def test_the_param_decides_when_there_is_one() -> None:
    learnt = after("'temperature' and the response_format do not go together", param="temperature")
    assert learnt == Dialect(omitted=frozenset({"temperature"}))


FIELDS = [*request_body(ENDPOINT, CALL, dialect=FIRST, streams=True), "max_completion_tokens"]
SAYINGS = ["`value`", "system role", "must alternate", "json_schema", "strict", "too large", "streaming"]
WORDS = st.sampled_from(FIELDS + SAYINGS)


@given(
    st.lists(st.tuples(st.lists(WORDS | st.text(), max_size=8).map(" ".join), WORDS | st.just("")), max_size=60)
)
def test_it_ends_whatever_a_server_says(said: list[tuple[str, str]]) -> None:
    dialect, steps = Dialect(), 0
    for message, param in said * 3:
        sent = request_body(ENDPOINT, CALL, dialect=dialect, streams=True)
        learnt = adapt(dialect, Refusal(message, frozenset(), param=param), sent=sent)
        if learnt is not None:
            assert learnt != dialect
            assert request_body(ENDPOINT, CALL, dialect=learnt, streams=True) != sent
            dialect, steps = learnt, steps + 1
    assert steps <= len(LADDER) + 8


def test_merged_messages_say_the_same() -> None:
    chat = [
        {"role": "developer", "content": "a"},
        {"role": "user", "content": "b"},
        {"role": "assistant", "content": "c"},
        {"role": "user", "content": "d"},
        {"role": "user", "content": "e"},
    ]
    assert [(message["role"], message["content"]) for message in merge_roles(chat)] == [
        ("user", "a\n\nb"),
        ("assistant", "c"),
        ("user", "d\n\ne"),
    ]
