"""Streams put together, in whatever pieces they come."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planengine.exceptions import ModelError
from planengine.llm.client import complete
from planengine.llm.completions import Completion, Progress, Usage
from planengine.llm.endpoint import Endpoint, site_of
from planengine.llm.errors import ModelBadAnswer, ModelContextOverflow, ModelOverloaded, ModelUnreachable
from planengine.llm.streams import MAX_BLANK_CHARACTERS, MAX_LINE_BYTES, StreamedAnswer, is_stream
from tests.servers.scripted import Reply, ScriptedServer

SITE = site_of(Endpoint("some-model", api_key="own-secret-key"))


def data(value: Any) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\r\n\r\n"


def delta(finish: str | None = None, **said: Any) -> bytes:
    return data({"model": "m-2", "choices": [{"index": 0, "delta": said, "finish_reason": finish}]})


def read(*parts: bytes) -> Completion:
    answer = StreamedAnswer(SITE)
    for part in parts:
        answer.feed(part)
    return answer.completion()


WHOLE = (
    b": ping\n\n"
    + data({"choices": []})
    + delta(role="assistant", content="")
    + delta(reasoning="hm, ")
    + delta(reasoning_content="ja")
    + delta(content="grü")
    + delta(content=[{"type": "thinking", "thinking": "!"}, {"type": "text", "text": "n"}])
    + delta(finish="stop")
    + data({"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 7}})
    + b"data: [DONE]\n\ndata: never read\n\n"
)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf", b"\n\n", b"event: message\n"])
def test_a_stream_may_begin_byte_by_byte(mark: bytes) -> None:
    pieces = tuple((mark + WHOLE)[place : place + 1] for place in range(len(mark + WHOLE)))
    with ScriptedServer([Reply(pieces=pieces, headers={"Content-Type": "text/event-stream"})]) as server:
        endpoint = Endpoint("some-model", base_url=server.url, streams=True)
        found = complete(endpoint, [{"role": "user", "content": "?"}], deadline=time.monotonic() + 20)
    assert (found.content, found.usage, server.calls) == ("grün", Usage(5, 7), 1)


@pytest.mark.parametrize("nothing", [None, "", False])
def test_a_member_for_errors_that_is_empty_is_none(nothing: Any) -> None:
    piece = {"choices": [{"delta": {"content": "yes"}, "finish_reason": "stop"}], "error": nothing}
    assert read(data(piece)).content == "yes"


def test_data_on_several_lines_is_one_event() -> None:
    lines = json.dumps({"choices": [{"delta": {"content": "yes"}, "finish_reason": None}]}, indent=1).splitlines()
    event = b"".join(b"data: " + line.encode() + b"\n" for line in lines)
    assert read(event, b"\n", event, b"\n", delta("stop")).content == "yesyes"
    assert read(event, b"\n", delta("stop"), event).content == "yes"
    with pytest.raises(ModelBadAnswer):
        read(b"data: {\ndata: oops\n\n", delta("stop"))
    with pytest.raises(ModelBadAnswer, match="without an end"):
        read(b"data: {\n", *[b"data: " + b" x" * 1000 + b"\n"] * 600)


def test_of_several_choices_the_first_counts_in_any_order() -> None:
    choices = [{"index": index, "delta": {"content": text}} for index, text in ((1, "no"), (0, "yes"))]
    assert read(data({"choices": choices}), data({"choices": choices[::-1]}), delta("stop")).content == "yesyes"


def test_a_function_that_is_named_in_each_piece_is_one_call() -> None:
    pieces = [
        delta(tool_calls=[{"index": 0, "function": {"name": "answer", "arguments": text}}])
        for text in ("", '{"a": "b', ' c"', "}")
    ]
    assert json.loads(read(*pieces, delta("tool_calls")).content) == {"a": "b c"}


@pytest.mark.parametrize("last", [{}, None, {"prompt_tokens": 0, "completion_tokens": 0}, {"total_tokens": 9}])
def test_what_was_counted_is_not_forgotten_for_a_last_piece_that_counts_nothing(last: Any) -> None:
    counted = data({"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 7}})
    found = read(delta("stop", content="yes"), counted, data({"choices": [], "usage": last}))
    assert found.usage == Usage(5, 7)


@given(st.lists(st.integers(0, len(WHOLE)), max_size=12))
def test_a_stream_is_the_same_however_it_is_cut(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(WHOLE)]
    found = read(*(WHOLE[start:end] for start, end in zip(places, places[1:], strict=False)))
    assert (found.content, found.reasoning, found.finish_reason) == ("grün", "hm, ja!", "stop")
    assert (found.model, found.usage) == ("m-2", Usage(5, 7))


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        (b"error: {}\n", ModelOverloaded),
        (b"event: error\ndata: {}\n\n", ModelOverloaded),
        (data({"error": {}}), ModelOverloaded),
        (data({"error": {"message": "CUDA", "code": 500}}), ModelOverloaded),
        (data({"error": "maximum context length is 4096"}), ModelContextOverflow),
        (data({"object": "error", "message": "died"}), ModelOverloaded),
        (b"data: half a lin\n\n", ModelBadAnswer),
        (b"data: [1]\n\n", ModelBadAnswer),
        (b"x" * (MAX_LINE_BYTES + 1), ModelBadAnswer),
        (b"", ModelUnreachable),
        (delta(finish="abort"), ModelOverloaded),
    ],
)
def test_what_breaks_a_stream_is_an_error(told: bytes, kind: type[ModelError]) -> None:
    with pytest.raises(kind):
        read(delta(content="half"), told)


def test_an_error_event_ends_with_its_blank_line() -> None:
    assert read(b"event: error\n\n" + delta(content="yes", finish="stop")).content == "yes"


def test_white_space_is_not_waited_for() -> None:
    answer = StreamedAnswer(SITE)
    answer.feed(delta(content="{"))
    for _ in range(MAX_BLANK_CHARACTERS // 100 + 1):
        assert not answer.endless
        answer.feed(delta(content="\n" * 100))
    assert answer.endless
    assert answer.completion().finish_reason == "length"


@given(
    st.lists(st.binary() | st.sampled_from([b"data: ", b"\n", b"{}", b"event: error\n", WHOLE[:200]]), max_size=9)
)
def test_any_bytes_are_a_completion_or_a_model_error(parts: list[bytes]) -> None:
    is_stream(b"".join(parts))
    try:
        found = read(*parts)
    except ModelError as error:
        assert "own-secret-key" not in error.message
    else:
        (found.content + found.reasoning).encode()


def test_progress_is_told_as_it_comes_and_the_connection_is_kept() -> None:
    told: list[Progress] = []
    stream = Reply(pieces=(WHOLE,), headers={"Content-Type": "text/event-stream"})
    with ScriptedServer(default=stream) as server:
        endpoint = Endpoint("some-model", base_url=server.url)
        for _ in range(2):
            complete(
                endpoint,
                [{"role": "user", "content": "?"}],
                deadline=time.monotonic() + 20,
                on_progress=told.append,
            )
        assert len({request.client for request in server.requests}) == 1
        assert all(request.json["stream"] for request in server.requests)
    sizes = [(piece.reasoning, piece.answer) for piece in told]
    assert sizes == [(4, 0), (6, 0), (6, 3), (7, 4)] * 2
    assert "".join(piece.new_reasoning for piece in told[:4]) == "hm, ja!"
    assert "".join(piece.new_answer for piece in told[:4]) == "grün"


def test_a_finished_answer_is_not_kept_waiting_by_a_stream_that_does_not_end() -> None:
    finished = WHOLE.partition(b"data: [DONE]")[0]
    endless = Reply(pieces=(finished, b": ping\n\n"), then="stall", headers={"Content-Type": "text/event-stream"})
    with ScriptedServer([endless]) as server:
        found = complete(
            Endpoint("some-model", base_url=server.url, streams=True),
            [{"role": "user", "content": "?"}],
            deadline=time.monotonic() + 60,
        )
    assert (found.content, found.usage) == ("grün", Usage(5, 7))
    assert found.seconds < 30


def test_a_byte_order_mark_before_a_stream_is_overlooked() -> None:
    marked = Reply(pieces=(b"\xef\xbb\xbf" + WHOLE,), headers={"Content-Type": "text/event-stream"})
    with ScriptedServer([marked]) as server:
        found = complete(
            Endpoint("some-model", base_url=server.url, streams=True),
            [{"role": "user", "content": "?"}],
            deadline=time.monotonic() + 20,
        )
    assert (found.content, found.reasoning) == ("grün", "hm, ja!")
    assert server.calls == 1
