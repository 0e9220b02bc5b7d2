"""Hits answered where the request arrives: one statement, nothing of Django's between, and no thread unless words
are to be embedded.

Whatever is not a plain request for a plan that this process can serve from what it remembers is left to the view,
which answers the same way: what a hit says and which of its parts are wrong is found out by the same functions.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

import structlog
from django.conf import settings
from django.core.exceptions import SynchronousOnlyOperation
from django.db import DatabaseError, connection, connections
from django.http.request import split_domain_port, validate_host
from rest_framework.renderers import JSONRenderer

from orra.base.strictjson import InvalidJson, parse
from orra.serving.answers import Answer
from orra.serving.arrivals import arrived_at
from orra.serving.messages import Header, Message
from planengine import tasks
from planengine.api.hits.storing import Storage
from planengine.api.serializers import plan_as_json
from planengine.evaluation import shadow
from planengine.exceptions import BadRequest
from planengine.lifecycle import hits
from planengine.models import KEY_PREFIX
from planengine.requests import parse_idempotency_key, parse_plan_request

P = ParamSpec("P")
T = TypeVar("T")

# Longer bodies take long to read, and everybody else's request waits for this one's.
MOST_BYTES = 2 * 1024
# More requests in new wordings at once are left to the views' threads.
MOST_NEW_WORDINGS = 16

# As Django's middleware and REST framework answer a POST.
HEADERS: list[Header] = [
    (b"content-type", b"application/json"),
    (b"allow", b"GET, POST, HEAD, OPTIONS"),
    (b"x-frame-options", settings.X_FRAME_OPTIONS.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", settings.SECURE_REFERRER_POLICY.encode()),
    (b"cross-origin-opener-policy", settings.SECURE_CROSS_ORIGIN_OPENER_POLICY.encode()),
]
READ = (b"authorization", b"content-type", b"content-encoding", b"host", b"idempotency-key")

log = structlog.get_logger(__name__)


class NewWordings:
    """One thread in which requests in new wordings are embedded and looked up, because the event loop has no time
    for it. With as many processes as cores one is enough."""

    def __init__(self) -> None:
        self._thread: ThreadPoolExecutor | None = None
        self._waiting = 0

    def open(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="new-wordings")

    async def close(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.submit(connections.close_all)
            await asyncio.to_thread(thread.shutdown)

    async def find(self, asked: hits.Asked) -> hits.Hit | None:
        if self._thread is None or self._waiting >= MOST_NEW_WORDINGS:
            return None
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, _by_meaning, asked)
        finally:
            self._waiting -= 1


storage = Storage()
new_wordings = NewWordings()


async def answer(scope: Message, body: bytes) -> Answer | None:
    """The answer to ``POST /v1/plans``, or ``None`` for the view to give it."""
    if not storage.is_open or len(body) > MOST_BYTES or scope["query_string"]:
        return None
    asked = _asked(scope, body)
    hit = None if asked is None else _by_template(asked)
    if hit is None and asked is not None and _may_be_held(asked):
        hit = await new_wordings.find(asked)
    if hit is None or not await storage.store(hit):
        return None
    plan = hit.plan
    if shadow.is_to_be_checked(plan):
        asyncio.get_running_loop().run_in_executor(None, tasks.check_later, plan.id)
    content = JSONRenderer().render(plan_as_json(plan, attempts=False))
    own = [(b"location", f"/v1/plans/{plan.id}".encode()), (b"content-length", b"%d" % len(content))]
    if settings.SECURE_HSTS_SECONDS and scope["scheme"] == "https":
        own.append((b"strict-transport-security", b"max-age=%d" % settings.SECURE_HSTS_SECONDS))
    return Answer(201, [*HEADERS, *own], content)


def _quickly(find: Callable[P, T]) -> Callable[P, T | None]:
    """Whatever goes wrong, the view finds out and tells."""

    @functools.wraps(find)
    def found(*args: P.args, **kwargs: P.kwargs) -> T | None:
        try:
            return find(*args, **kwargs)
        except (BadRequest, InvalidJson, SynchronousOnlyOperation):
            return None
        except Exception:
            log.exception("a hit was not found in the quick way")
            return None

    return found


@_quickly
def _asked(scope: Message, body: bytes) -> hits.Asked | None:
    known: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name.replace(b"_", b"-") in READ:  # WSGI takes both signs for the same
            if name in known or name not in READ:
                return None
            known[name] = value
    secret = _secret(known)
    caller = hits.caller_of(secret) if secret is not None and _is_plain(known) else None
    if caller is None:
        return None
    request = parse_plan_request(parse(body))
    return hits.asked_by(caller, request, arrived_at=arrived_at(scope), idempotency_key=_idempotency_key(known))


@_quickly
def _by_template(asked: hits.Asked) -> hits.Hit | None:
    return hits.by_template(asked)


@_quickly
def _may_be_held(asked: hits.Asked) -> bool:
    return hits.may_be_held(asked)


@_quickly
def _by_meaning(asked: hits.Asked) -> hits.Hit | None:
    """In a thread, because it embeds. Its connection is kept, and a broken one is not found out about before."""
    try:
        return hits.by_meaning(asked)
    except DatabaseError:
        connection.close()
        return None


def _secret(headers: Mapping[bytes, bytes]) -> str | None:
    scheme, _, secret = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    secret = secret.strip()
    return secret if scheme.lower() == "bearer" and secret.startswith(KEY_PREFIX) else None


def _is_plain(headers: Mapping[bytes, bytes]) -> bool:
    """Whether the body is JSON as it stands, and the request is meant for this host."""
    kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    host, _ = split_domain_port(headers.get(b"host", b"").decode("latin-1"))
    return (
        kind == b"application/json"
        and b"content-encoding" not in headers
        and bool(host)
        and validate_host(host, settings.ALLOWED_HOSTS)
    )


def _idempotency_key(headers: Mapping[bytes, bytes]) -> str | None:
    given = headers.get(b"idempotency-key")
    return parse_idempotency_key(None if given is None else given.decode("latin-1"))
