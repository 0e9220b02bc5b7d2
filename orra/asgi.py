"""One ASGI app on one port: Django as WSGI in threads, and native coroutines for what holds a connection open and
for exact hits that need no thread.

A plan request that waits is answered by Django at once, like any other, with a header that says how long its
client is ready to wait. The waiting itself happens here, as a coroutine: it holds neither a thread nor a database
connection, so any number of waiting clients leaves hits as quick as they were. When the plan is finished the same
client's GET for it is run through Django, and its answer becomes the response.

Events are told alike: Django answers with those that there are, and where there are more to come, a coroutine
goes on with the response.
"""

from __future__ import annotations

import asyncio
import functools
import json
import os
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orra.settings")

from a2wsgi import WSGIMiddleware  # noqa: E402
from django.conf import settings  # noqa: E402

from orra import warming  # noqa: E402
from orra.base import tracing  # noqa: E402
from orra.base.database.replica import replica  # noqa: E402
from orra.base.strictjson import Json  # noqa: E402
from orra.serving import request_ids  # noqa: E402
from orra.serving.answers import Answer, answer_of  # noqa: E402
from orra.serving.arrivals import arrived, server_timing  # noqa: E402
from orra.serving.bodies import ClientGone, at_hand, take_body  # noqa: E402
from orra.serving.heads import fault_of  # noqa: E402
from orra.serving.messages import App, Header, Message, Receive, Send  # noqa: E402
from orra.serving.traced import traced  # noqa: E402
from orra.wsgi import application as wsgi_application  # noqa: E402
from planengine.api.hits import answering as hits  # noqa: E402
from planengine.api.mcp import waiting as agents  # noqa: E402
from planengine.api.problems import CONTENT_TYPE, problem  # noqa: E402
from planengine.lifecycle import heartbeats  # noqa: E402
from planengine.lifecycle.events import KEEP_ALIVE, Event, Place, parse_place, unheard  # noqa: E402
from planengine.lifecycle.listening import Listener  # noqa: E402
from planengine.lifecycle.waiting import (  # noqa: E402
    EVENTS_HEADER,
    LISTENING_SECONDS,
    REPLAYED_HEADER,
    WAIT_HEADER,
    WAITING_SECONDS,
    Poller,
    finished_among,
    told_of,
)

BODY_SECONDS = 30
KEEP_ALIVE_SECONDS = 15
EVENTS = re.compile(r"/v1/plans/([^/]+)/events")

django = WSGIMiddleware(cast(Any, wsgi_application), workers=settings.WEB_THREADS)
streamed = cast(App, django)
waiters = Poller(finished_among, seconds=WAITING_SECONDS)
listeners = Poller(told_of, seconds=LISTENING_SECONDS)


def _most_bytes(scope: Message) -> int:
    many = scope["method"] == "PUT" and scope["path"] == "/v1/services"
    return settings.MAX_CATALOGUE_BYTES if many else settings.MAX_BODY_BYTES


async def _application(scope: Message, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "http":
        send = request_ids.told(send, request_ids.begin(scope))
        try:
            scope, body = await take_body(scope, receive, limit=_most_bytes(scope), seconds=BODY_SECONDS)
        except ClientGone:
            return
        except TimeoutError:
            await _too_slow(send)
            return
        scope = arrived(scope)
        if fault := fault_of(scope):
            await _refuse(send, problem(400, "bad_request", fault))
        elif scope["method"] == "POST" and scope["path"] == "/v1/plans":
            answer = await hits.answer(scope, body) or await _ask_and_wait(scope, body)
            answer.headers.append(server_timing(scope))
            await answer.send_to(send)
        elif scope["method"] == "POST" and scope["path"] == "/mcp":
            await _serve_agent(scope, body, send, gone=asyncio.ensure_future(_left(receive)))
        elif scope["method"] == "GET" and (found := EVENTS.fullmatch(scope["path"])):
            await _tell(found[1], scope, body, send, gone=asyncio.ensure_future(_left(receive)))
        else:
            await streamed(scope, at_hand(body), send)


application: App = traced(_application) if tracing.is_wanted() else _application


async def _ask_and_wait(scope: Message, body: bytes) -> Answer:
    answer = await answer_of(django, scope, body)
    wait = answer.take_header(WAIT_HEADER.lower().encode())
    if wait is not None:
        location = (answer.header(b"location") or b"").decode()
        # Cancelled, it is the server that stops: the client is told where its plan will be.
        with suppress(TimeoutError, asyncio.CancelledError):
            await waiters.next(location.rsplit("/", 1)[-1], timeout=float(wait))
            finished = await _get(scope, location)
            if finished.status == 200:  # else it is to be had later, as the first answer says
                finished.headers.append((b"location", location.encode()))
                replayed = REPLAYED_HEADER.lower().encode()
                if (told := answer.header(replayed)) is not None:
                    finished.headers.append((replayed, told))
                else:
                    finished.status = 201
                answer = finished
    return answer


async def _serve_agent(scope: Message, body: bytes, send: Send, *, gone: asyncio.Future[None]) -> None:
    ask = functools.partial(answer_of, django)
    try:
        await agents.serve(scope, body, send, ask=ask, gone=gone, waiters=waiters, listeners=listeners)
    finally:
        gone.cancel()


async def _tell(plan_id: str, scope: Message, body: bytes, send: Send, *, gone: asyncio.Future[None]) -> None:
    """Django's answer, and what happens after it until the plan is finished or the client ``gone``."""
    try:
        answer = await answer_of(django, scope, body)
        place = parse_place((answer.take_header(EVENTS_HEADER.lower().encode()) or b"").decode())
        if place is None:
            await answer.send_to(send)
            return
        answer.take_header(b"content-length")
        await answer.send_to(send, more=True)
        going_on = asyncio.ensure_future(_go_on(plan_id, place, send))
        try:
            await asyncio.wait({going_on, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            going_on.cancel()
        if going_on.done():
            await going_on
    finally:
        gone.cancel()


async def _go_on(plan_id: str, place: Place, send: Send) -> None:
    """Tells what comes after ``place``. What is so only now is told whenever it is otherwise."""
    shown: tuple[Event, ...] = ()
    spoke = time.monotonic()
    while True:
        told = b""
        try:
            left = max(0.0, spoke + KEEP_ALIVE_SECONDS - time.monotonic())
            story = await listeners.next(Listener(plan_id, place), timeout=left)
        except TimeoutError:
            told = KEEP_ALIVE
        else:
            if story is None:  # the plan is gone
                break
            events = story.after(place)
            place = events[-1].place or place if events else place
            told = b"".join(event.encode() for event in (*events, *unheard(story.now, shown)))
            shown = story.now
            if story.finished:
                await send({"type": "http.response.body", "body": told, "more_body": True})
                break
        if told:
            await send({"type": "http.response.body", "body": told, "more_body": True})
            spoke = time.monotonic()
    await send({"type": "http.response.body", "body": b""})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _get(scope: Message, path: str) -> Answer:
    headers = [(name, value) for name, value in scope["headers"] if name in (b"authorization", b"host", b"accept")]
    request = {**scope, "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b""}
    return await answer_of(django, {**request, "headers": headers})


async def _too_slow(send: Send) -> None:
    detail = f"The body did not arrive within {BODY_SECONDS} seconds. Send it again."
    # What still arrives would be taken for the next request.
    await _refuse(send, problem(408, "body_too_slow", detail), headers=[(b"connection", b"close")])


async def _refuse(send: Send, told: Json, *, headers: Sequence[Header] = ()) -> None:
    body = json.dumps(told).encode()
    own = [(b"content-type", CONTENT_TYPE.encode()), (b"content-length", b"%d" % len(body))]
    await Answer(told["status"], [*own, *headers], body).send_to(send)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            if tracing.is_wanted():
                tracing.begin()
            await asyncio.get_running_loop().run_in_executor(django.executor, warming.rehearse)
            heartbeats.keep("web")
            replica.watch()
            await hits.storage.open()
            hits.new_wordings.open()
            await send({"type": "lifespan.startup.complete"})
        else:
            await hits.new_wordings.close()
            await hits.storage.close()
            await asyncio.to_thread(tracing.end)
            await asyncio.to_thread(heartbeats.leave, "web")  # the server may end without what runs at exit
            await send({"type": "lifespan.shutdown.complete"})
            return
