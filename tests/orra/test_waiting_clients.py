"""What a client that waits for its plan is answered, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from a2wsgi import WSGIMiddleware

from orra import asgi
from planengine.lifecycle.waiting import REPLAYED_HEADER, WAIT_HEADER, Poller

SCOPE = {
    "type": "http",
    "method": "POST",
    "path": "/v1/plans",
    "headers": [],
    "query_string": b"",
    "http_version": "1.1",
}
ACCEPTED = (202, [(b"location", b"/v1/plans/o_1"), (WAIT_HEADER.lower().encode(), b"30")], b"pending")


def answers(
    monkeypatch: pytest.MonkeyPatch, *given: tuple[int, list[tuple[bytes, bytes]], bytes], finished: bool = True
) -> list[Any]:
    """What is sent to the client when Django gives these answers, one after the other. Unless the plan is
    ``finished`` the server stops while the client waits."""
    left = list(given)
    sent: list[Any] = []

    def django(environ: Any, start_response: Any) -> list[bytes]:
        status, headers, body = left.pop(0)
        start_response(f"{status} said", [(name.decode(), value.decode()) for name, value in headers])
        return [body]

    def ask(plan_ids: Sequence[str]) -> dict[str, bool]:
        return dict.fromkeys(plan_ids, True) if finished else {}

    async def send(message: Any) -> None:
        sent.append(message)

    async def serve() -> None:
        asking = asyncio.create_task(asgi._ask_and_wait(SCOPE, b""))
        if not finished:
            while not asgi.waiters._waiting:
                await asyncio.sleep(0)
            asking.cancel()
        async with asyncio.timeout(30):
            await (await asking).send_to(send)

    monkeypatch.setattr(asgi, "django", WSGIMiddleware(django))
    monkeypatch.setattr(asgi, "waiters", Poller(ask, seconds=0.01))
    asyncio.run(serve())
    return sent


def test_a_finished_plan_takes_the_place_of_the_pending_one(monkeypatch: pytest.MonkeyPatch) -> None:
    start, body = answers(monkeypatch, ACCEPTED, (200, [], b"ready"))

    assert (start["status"], start["headers"]) == (201, [(b"location", b"/v1/plans/o_1")])
    assert body["body"] == b"ready"


def test_a_plan_of_a_key_used_before_stays_marked_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    status, headers, pending = ACCEPTED
    marked = (REPLAYED_HEADER.lower().encode(), b"true")
    start, _ = answers(monkeypatch, (status, [*headers, marked], pending), (200, [], b"ready"))

    assert (start["status"], start["headers"]) == (200, [(b"location", b"/v1/plans/o_1"), marked])


@pytest.mark.parametrize("status", [401, 404, 503])
def test_a_plan_that_cannot_be_read_now_is_to_be_had_later(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    start, body = answers(monkeypatch, ACCEPTED, (status, [], b"a problem"))

    assert (start["status"], start["headers"]) == (202, [(b"location", b"/v1/plans/o_1")])
    assert body["body"] == b"pending"


def test_a_server_that_stops_says_where_the_plan_will_be(monkeypatch: pytest.MonkeyPatch) -> None:
    start, body = answers(monkeypatch, ACCEPTED, finished=False)

    assert (start["status"], start["headers"]) == (202, [(b"location", b"/v1/plans/o_1")])
    assert body["body"] == b"pending"
