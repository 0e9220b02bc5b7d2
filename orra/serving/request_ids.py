"""Each request has an id: the client's ``X-Request-ID`` where it is well-formed, else a new one. It is sent back,
stands as ``request`` in the request's log lines, and goes with its messages to workers, for their lines."""

from __future__ import annotations

import re
import secrets
from contextvars import ContextVar

from structlog.contextvars import bind_contextvars, clear_contextvars

from orra.serving.messages import Header, Message, Send

HEADER = b"x-request-id"
WELL_FORMED = re.compile(rb"[A-Za-z0-9._-]{1,64}")

# Set while a request is answered, and only then: what a worker asks of others is no request's.
answered: ContextVar[str] = ContextVar("answered", default="")


def begin(scope: Message) -> str:
    """Gives the request an id for as long as this task lives, and forgets the one before."""
    given = [value for name, value in scope["headers"] if name == HEADER]
    known = len(given) == 1 and WELL_FORMED.fullmatch(given[0]) is not None
    request_id = given[0].decode() if known else secrets.token_hex(16)
    answered.set(request_id)
    clear_contextvars()
    bind_contextvars(request=request_id)
    return request_id


def told(send: Send, request_id: str) -> Send:
    """``send``, with the id in the response's head."""
    header: Header = (HEADER, request_id.encode())

    async def send_with_id(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], header]}
        await send(message)

    return send_with_id
