"""Heads that the WSGI side could not take in are refused before it sees them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from orra import asgi
from orra.serving.heads import fault_of


def scope(**headers: bytes) -> dict[str, Any]:
    named = [(name.replace("_", "-").encode(), value) for name, value in headers.items()]
    return {"type": "http", "method": "GET", "path": "/v1/plans", "query_string": b"", "headers": named}


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"application/json",
        b"application/json; charset=utf-8",
        b"application/json; charset=nonsense",
        b"application/json; title*=utf-8''caf%C3%A9",
        b"\xff; \xfe*",
        b";;;*=",
    ],
)
def test_what_can_be_read_is_let_through(value: bytes) -> None:
    assert fault_of(scope(content_type=value, x_other=b"a;b*=nonsense'd'%41")) is None


@pytest.mark.parametrize("value", [b"a/b; x*=nonsense'en'%41", b"a/b; x*" + b"9" * 5000 + b"=1"])
def test_what_cannot_be_read_is_a_problem(value: bytes) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    asyncio.run(asgi.application(scope(content_type=value), receive, send))

    assert sent[0]["status"] == 400
    assert dict(sent[0]["headers"])[b"content-type"] == b"application/problem+json"
    assert json.loads(sent[1]["body"])["code"] == "bad_request"
