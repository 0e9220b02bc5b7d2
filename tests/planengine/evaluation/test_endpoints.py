"""What is made of a server's answers, without a server."""

from __future__ import annotations

import base64
import json
import struct

import numpy as np
import pytest

from benchmarks.planning.prompt_sizes import CHARACTERS_PER_TOKEN, COUNTS, prompt_for
from planengine.evaluation.endpoints.asking import Answer
from planengine.evaluation.endpoints.embedding_checks import is_shuffled, norms_of, tells_apart
from planengine.evaluation.endpoints.facts import (
    TOKENS_PER_SERVICE,
    TOKENS_WITHOUT_SERVICES,
    Form,
    Style,
    context_in,
    is_cut,
    judge_form,
    judge_style,
    room_for,
)
from planengine.evaluation.endpoints.findings import Checked, Finding, State, exit_code
from planengine.evaluation.endpoints.sample import LONG
from planengine.llm.completions import Completion, Usage
from planengine.llm.dialects import Dialect
from planengine.llm.structured_output import Rung


def said(content: str, *, reasoning: str = "", finish: str = "stop", prompt_tokens: int | None = None) -> Answer:
    completion = Completion(content, reasoning, finish, "m", Usage(prompt_tokens, None))
    return Answer(Dialect(), completion)


@pytest.mark.parametrize(
    ("rung", "answer", "form"),
    [
        (Rung.STRICT_SCHEMA, said('{"colour": "quokka"}'), Form.CONSTRAINS),
        (Rung.SCHEMA, said('So.</think>\n\n{ "colour" : "quokka" }\n'), Form.CONSTRAINS),
        (Rung.SCHEMA, said("", reasoning='{"colour": "quokka"}'), Form.CONSTRAINS),
        (Rung.VALUE, said('{"colour": "blue"}'), Form.IGNORED),
        (Rung.SCHEMA, said('{"colour": "quokka", "more": 1}'), Form.IGNORED),
        (Rung.SCHEMA, said("The word is quokka."), Form.IGNORED),
        (Rung.SCHEMA, said("", reasoning="I think", finish="length"), Form.UNKNOWN),
        (Rung.OBJECT, said('{"answer": "blue"}'), Form.CONSTRAINS),
        (Rung.OBJECT, said('```json\n{"answer": "blue"}\n```'), Form.CONSTRAINS),
        (Rung.OBJECT, said("It is blue."), Form.IGNORED),
        (Rung.OBJECT, said('"blue"'), Form.IGNORED),
        (Rung.OBJECT, Answer(Dialect()), Form.UNKNOWN),
    ],
)
def test_only_what_the_model_would_not_say_by_itself_is_a_proof(rung: Rung, answer: Answer, form: Form) -> None:
    assert judge_form(rung, answer) is form


@pytest.mark.parametrize(
    ("answer", "style"),
    [
        (said("x", reasoning="hm"), Style.FIELD),
        (said("<think>hm</think>x"), Style.TAGGED),
        (said("[THINK]hm[/THINK]x"), Style.TAGGED),
        (said("hm</think>x"), Style.UNTAGGED),
        (said("x"), Style.NONE),
    ],
)
def test_reasoning_is_found_where_it_is(answer: Answer, style: Style) -> None:
    assert answer.completion is not None
    assert judge_style([answer.completion]) is style


def test_a_prompt_is_cut_when_too_few_tokens_are_counted() -> None:
    assert is_cut(said("quokka", prompt_tokens=4096)) is True
    assert is_cut(said("quokka", prompt_tokens=len(LONG) // 4)) is False
    assert is_cut(said("quokka")) is None
    assert is_cut(None) is None


@pytest.mark.parametrize(
    ("page", "context"),
    [
        ({"default_generation_settings": {"n_ctx": 8192}}, 8192),
        ({"model_id": "m", "max_total_tokens": 4096}, 4096),
        ({"models": [{"name": "other", "context_length": 1}, {"name": "m", "context_length": 32768}]}, 32768),
        ({"data": [{"id": "m", "max_context_length": 131072, "loaded_context_length": 4096}]}, 4096),
        ({"data": [{"id": "m", "max_context_length": 131072}]}, None),
        ({"error": "Unexpected endpoint or method. (GET /props)"}, None),
        ({"models": None, "data": "x", "max_total_tokens": "many"}, None),
        ([1], None),
    ],
)
def test_the_context_is_what_the_model_was_loaded_with(page: object, context: int | None) -> None:
    assert context_in(json.dumps(page).encode(), "m") == context


def test_a_page_that_is_no_json_tells_no_context() -> None:
    assert context_in(b"<html>", "m") is None


def test_room_is_never_negative_and_grows_with_the_context() -> None:
    assert room_for(100) == 0
    assert room_for(4096) < room_for(8192) < room_for(32768)


@pytest.mark.parametrize("count", COUNTS)
def test_the_room_that_is_promised_is_there(count: int) -> None:
    """Prompts over services of ordinary size are no longer than is reckoned with, nor much shorter."""
    tokens = len(prompt_for(count)) / CHARACTERS_PER_TOKEN
    reckoned = TOKENS_WITHOUT_SERVICES + TOKENS_PER_SERVICE * count
    assert 0.7 * reckoned < tokens < reckoned


def raw(*vectors: object, indexes: list[int] | None = None) -> bytes:
    places = indexes or list(range(len(vectors)))
    data = [{"index": place, "embedding": vector} for place, vector in zip(places, vectors, strict=True)]
    return json.dumps({"data": data}).encode()


def test_norms_are_those_that_were_sent() -> None:
    encoded = base64.b64encode(struct.pack("<2f", 0.0, 2.0)).decode()
    norms = norms_of(raw([3, 4], encoded))
    assert norms is not None and norms.tolist() == [5, 2]
    assert norms_of(raw("%%", [1])) is None
    assert norms_of(b"{}") is None


def test_an_order_of_its_own_is_noticed() -> None:
    assert is_shuffled(raw([1], [2], indexes=[1, 0]))
    assert not is_shuffled(raw([1], [2]))
    assert not is_shuffled(b"[]")


def test_texts_of_one_meaning_must_be_nearest() -> None:
    near, far = np.eye(3, dtype=np.float32), np.eye(3, dtype=np.float32)
    near[1] = near[0]
    assert tells_apart(near)
    assert not tells_apart(far)


@pytest.mark.parametrize(
    ("states", "code"),
    [
        ([State.OK, State.NOTE, State.UNKNOWN], 0),
        ([State.OK, State.FAILS], 1),
        ([State.FAILS, State.MISCONFIGURED], 2),
        ([], 0),
    ],
)
def test_the_exit_code_is_that_of_the_worst(states: list[State], code: int) -> None:
    findings = tuple(Finding("x", state, "seen") for state in states)
    assert exit_code([Checked("planner", "m", findings, {}), Checked("embeddings", "e", (), {})]) == code
