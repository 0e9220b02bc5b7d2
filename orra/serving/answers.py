"""Django's answers, collected whole before they are sent.

Where Django's answer decides how a response goes on, nothing may be sent before the answer is known. It is also
faster: streamed, the head, each piece and the end would be handed over while the thread waits, which costs an
exact hit a tenth of its time.
"""

from __future__ import annotations

import asyncio
import contextvars
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast

from a2wsgi import WSGIMiddleware
from a2wsgi.wsgi import Body, build_environ

from orra.serving.messages import Header, Message, Send


@dataclass
class Answer:
    """A response that nobody has seen yet."""

    status: int
    headers: list[Header]
    body: bytes

    def header(self, name: bytes) -> bytes | None:
        return next((value for known, value in self.headers if known == name), None)

    def take_header(self, name: bytes) -> bytes | None:
        """Removes a header that one side of this process sends to the other and no client may see."""
        value = self.header(name)
        self.headers = [pair for pair in self.headers if pair[0] != name]
        return value

    async def send_to(self, send: Send, *, more: bool = False) -> None:
        """``more`` is to come after it, by another."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": more})


async def answer_of(django: WSGIMiddleware, scope: Message, body: bytes = b"") -> Answer:
    """What Django, in one of its threads, says to this request. Small answers only: it is all in memory."""
    environ = build_environ(cast(Any, scope), cast(Body, io.BytesIO(body)))
    run = contextvars.copy_context().run
    return await asyncio.get_running_loop().run_in_executor(django.executor, run, _take, django.app, environ)


def _take(app: Callable[..., Iterable[bytes]], environ: Any) -> Answer:
    answer = Answer(500, [], b"")

    def start(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> None:
        answer.status = int(status.split(" ", 1)[0])
        answer.headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]

    pieces = app(environ, start)
    try:
        answer.body = b"".join(pieces)
    finally:
        if callable(close := getattr(pieces, "close", None)):
            close()
    return answer
