"""Request bodies, read whole before a thread is used.

Django's threads are few. One that reads from a client waits for it, so a handful of clients that send slowly,
or never finish, would stop everybody else. Here they cost a coroutine each. A body that arrives in chunks also
gets a length, without which WSGI sees no body at all.
"""

from __future__ import annotations

import asyncio

from orra.serving.messages import Message, Receive

REPLACED_HEADERS = (b"content-length", b"transfer-encoding")


class ClientGone(Exception):
    """The client left before its body was complete."""


async def take_body(scope: Message, receive: Receive, *, limit: int, seconds: float) -> tuple[Message, bytes]:
    """The request and its body. At most ``limit`` + 1 bytes are kept, so that whoever reads them sees
    that there were too many; the others are taken in and dropped, for a client that is still sending would see a
    reset instead of the answer. Raises :class:`ClientGone`, and TimeoutError after ``seconds``."""
    kept = bytearray()
    async with asyncio.timeout(seconds):
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            kept += message.get("body", b"")[: limit + 1 - len(kept)]
            more = message.get("more_body", False)
    headers = [pair for pair in scope["headers"] if pair[0].lower() not in REPLACED_HEADERS]
    if len(headers) < len(scope["headers"]):
        headers.append((b"content-length", b"%d" % len(kept)))
    return {**scope, "headers": headers}, bytes(kept)


def at_hand(body: bytes) -> Receive:
    """A ``receive`` for an app that is to read a body which is here already."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
