from __future__ import annotations

import asyncio

import pytest

from orra.serving.bodies import ClientGone, take_body
from orra.serving.messages import Message

CHUNKED = [(b"host", b"x"), (b"Transfer-Encoding", b"chunked")]


def body(*pieces: bytes) -> list[Message]:
    last = len(pieces) - 1
    return [
        {"type": "http.request", "body": piece, "more_body": number < last} for number, piece in enumerate(pieces)
    ]


def take(
    messages: list[Message], headers: list[tuple[bytes, bytes]] | None = None, *, limit: int = 100
) -> tuple[dict[bytes, bytes], bytes]:
    """The headers and the body that Django gets for what the client sends; it hangs after the last message."""

    async def receive() -> Message:
        if not messages:
            await asyncio.Event().wait()
        return messages.pop(0)

    scope, taken = asyncio.run(take_body({"headers": headers or CHUNKED}, receive, limit=limit, seconds=0.05))
    return dict(scope["headers"]), taken


def test_a_body_in_chunks_gets_a_length() -> None:
    headers, taken = take(body(b"ab", b"", b"cde"))

    assert taken == b"abcde"
    assert headers == {b"host": b"x", b"content-length": b"5"}


def test_a_request_without_a_body_stays_without() -> None:
    assert take(body(b""), [(b"host", b"x")]) == ({b"host": b"x"}, b"")


@pytest.mark.parametrize(("pieces", "kept"), [([b"a" * 100], 100), ([b"a" * 101], 101), ([b"a" * 90] * 50, 101)])
def test_of_too_large_a_body_as_much_is_kept_as_shows_it(pieces: list[bytes], kept: int) -> None:
    messages = body(*pieces)

    headers, taken = take(messages, [(b"content-length", b"%d" % sum(map(len, pieces)))])

    assert (len(taken), headers[b"content-length"]) == (kept, b"%d" % kept)
    assert messages == [], "the client could not have sent all of it"


def test_a_client_that_leaves_is_noticed() -> None:
    with pytest.raises(ClientGone):
        take([*body(b"a", b"b")[:1], {"type": "http.disconnect"}])


def test_a_client_that_does_not_finish_is_not_waited_for() -> None:
    with pytest.raises(TimeoutError):
        take(body(b"a", b"b")[:1])
