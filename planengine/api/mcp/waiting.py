"""What happens after the view where a plan is still being made and the agent waits: no thread, no connection.

An agent that names a ``progressToken`` is told what happens to its plan, as notifications in a stream; any other
gets its answer when there is one. Either way the answer is that of ``get_plan``, asked for on the agent's behalf
when the plan is finished or the agent has waited long enough.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from orra.base.strictjson import Json
from orra.serving.answers import Answer
from orra.serving.messages import Header, Send
from orra.serving.messages import Message as Scope
from planengine.api.mcp.versions import NAME_HEADER
from planengine.lifecycle.events import BEFORE_ALL, KEEP_ALIVE, Event, Place, Story, unheard
from planengine.lifecycle.listening import Listener
from planengine.lifecycle.waiting import WAIT_HEADER, Poller

# The plan that is waited for, from the view to the coroutine that waits.
PLAN_HEADER = "X-Orra-Plan"
KEEP_ALIVE_SECONDS = 15
STREAM: list[Header] = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]

TOLD_IN_WORDS = ("decision", "reason", "attempt", "error_code", "count")

Ask = Callable[[Scope, bytes], Awaitable[Answer]]


@dataclass(frozen=True)
class Wait:
    """An agent's call of ``plan`` that its plan is not finished for. ``until`` is of ``time.monotonic``."""

    plan_id: str
    until: float
    scope: Scope
    message: Json
    ask: Ask

    @property
    def left(self) -> float:
        return max(0.0, self.until - time.monotonic())

    @property
    def progress_token(self) -> Json:
        """``None`` unless the agent wants to be told and can be."""
        meta = self.message["params"].get("_meta")
        token = meta.get("progressToken") if isinstance(meta, dict) else None
        streams = any(b"text/event-stream" in value for name, value in self.scope["headers"] if name == b"accept")
        wanted = isinstance(token, str | int) and not isinstance(token, bool)
        return token if wanted and streams else None

    async def outcome(self) -> Answer | None:
        """The answer to the agent's message as ``get_plan`` gives it; ``None`` where it cannot be had now."""
        params = {**self.message["params"], "name": "get_plan", "arguments": {"plan_id": self.plan_id}}
        body = json.dumps({**self.message, "params": params}).encode()
        named = NAME_HEADER.lower().encode()
        headers = [(name, b"get_plan" if name == named else value) for name, value in self.scope["headers"]]
        sized = [(name, b"%d" % len(body) if name == b"content-length" else value) for name, value in headers]
        answer = await self.ask({**self.scope, "headers": sized}, body)
        return answer if answer.status == 200 else None


async def serve(
    scope: Scope,
    body: bytes,
    send: Send,
    *,
    ask: Ask,
    gone: asyncio.Future[None],
    waiters: Poller[str, bool],
    listeners: Poller[Listener, Story | None],
) -> None:
    """Answers ``POST /mcp``. ``ask`` is the view; ``gone`` is done when the client has left."""
    answer = await ask(scope, body)
    plan_id, seconds = (answer.take_header(name.lower().encode()) for name in (PLAN_HEADER, WAIT_HEADER))
    if plan_id is None or seconds is None:
        await answer.send_to(send)
        return
    wait = Wait(plan_id.decode(), time.monotonic() + float(seconds), scope, json.loads(body), ask)
    if wait.progress_token is None:
        # Cancelled, it is the server that stops: the agent is told which plan to ask for.
        with suppress(TimeoutError, asyncio.CancelledError):
            await waiters.next(wait.plan_id, timeout=wait.left)
            answer = await wait.outcome() or answer
        await answer.send_to(send)
        return
    telling = asyncio.ensure_future(_stream(wait, answer, send, listeners))
    try:
        await asyncio.wait({telling, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        telling.cancel()
    if telling.done() and not telling.cancelled():
        await telling


async def _stream(wait: Wait, answer: Answer, send: Send, listeners: Poller[Listener, Story | None]) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": STREAM})
    await _tell_progress(wait, send, listeners)
    answer = await wait.outcome() or answer
    await send({"type": "http.response.body", "body": _event(answer.body)})


async def _tell_progress(wait: Wait, send: Send, listeners: Poller[Listener, Story | None]) -> None:
    """Until the plan is finished or the agent has waited long enough."""
    place: Place = BEFORE_ALL
    shown: tuple[Event, ...] = ()
    told = 0
    while wait.left > 0:
        piece = KEEP_ALIVE
        with suppress(TimeoutError):
            timeout = min(KEEP_ALIVE_SECONDS, wait.left)
            story = await listeners.next(Listener(wait.plan_id, place), timeout=timeout)
            if story is None or story.finished:
                return
            events = story.after(place)
            place = events[-1].place or place if events else place
            new = [*events, *unheard(story.now, shown)]
            shown = story.now
            piece = b"".join(_event(_progress(wait, told + number, event)) for number, event in enumerate(new, 1))
            told += len(new)
        if piece:
            await send({"type": "http.response.body", "body": piece, "more_body": True})


def _progress(wait: Wait, number: int, event: Event) -> bytes:
    params = {"progressToken": wait.progress_token, "progress": number, "message": _in_words(event)}
    return json.dumps({"jsonrpc": "2.0", "method": "notifications/progress", "params": params}).encode()


def _in_words(event: Event) -> str:
    """Such as ``cache: miss nothing_cached`` or ``problems found: 2 3``."""
    facts = [str(event.data[name]) for name in TOLD_IN_WORDS if name in event.data]
    return ": ".join([event.name.replace("_", " "), *([" ".join(facts)] if facts else [])])


def _event(data: bytes) -> bytes:
    return b"event: message\ndata: " + data + b"\n\n"
