"""Django's answers, taken whole: nothing is lost between a WSGI app in a thread and what is sent."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from a2wsgi import WSGIMiddleware

from orra.serving.answers import Answer, answer_of

SCOPE = {
    "type": "http",
    "method": "POST",
    "path": "/überall",
    "query_string": b"",
    "http_version": "1.1",
    "headers": [(b"content-length", b"4")],
}


class Pieces(list[bytes]):
    closed = False

    def close(self) -> None:
        self.closed = True


def test_an_answer_in_pieces_comes_in_one_and_is_closed() -> None:
    pieces = Pieces([b"a", b"", b"bc"])

    def app(environ: Any, start_response: Any) -> Pieces:
        pieces.append(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        start_response("201 Created", [("Location", "/v1/plans/o_1"), ("X-Twice", "1"), ("X-Twice", "2")])
        return pieces

    answer = asyncio.run(answer_of(WSGIMiddleware(app), SCOPE, b"body"))

    assert (answer.status, answer.body) == (201, b"abcbody")
    assert answer.headers == [(b"location", b"/v1/plans/o_1"), (b"x-twice", b"1"), (b"x-twice", b"2")]
    assert pieces.closed


def test_what_an_app_raises_while_it_answers_is_raised_and_its_answer_closed() -> None:
    pieces = Pieces()

    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])

        class Failing:
            def __iter__(self) -> Any:
                raise OSError("gone")

            close = pieces.close

        return Failing()

    with pytest.raises(OSError, match="gone"):
        asyncio.run(answer_of(WSGIMiddleware(app), SCOPE))
    assert pieces.closed


def test_a_header_that_was_taken_is_not_sent() -> None:
    answer = Answer(200, [(b"x-orra-wait", b"3"), (b"location", b"/")], b"said")
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    assert answer.take_header(b"x-orra-wait") == b"3"
    assert answer.take_header(b"x-orra-wait") is None
    asyncio.run(answer.send_to(send, more=True))

    assert sent[0]["headers"] == [(b"location", b"/")]
    assert (sent[1]["body"], sent[1]["more_body"]) == (b"said", True)
