"""One exchange with a model's server: a request out, an answer or one typed error in.

The SDK sends; what comes back is read here, because servers answer with more than the SDK expects.
"""

from __future__ import annotations

import functools
import os
import ssl
import threading
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import httpx2

from orra.base.strictjson import Json
from planengine.exceptions import ModelError
from planengine.llm.completions import Completion, OnProgress, Usage, read_completion, storable
from planengine.llm.errors import (
    EmptyStream,
    ModelBadAnswer,
    ModelRefusedRequest,
    ModelTimeout,
    ModelUnreachable,
    error_for,
)
from planengine.llm.refusals import Site, quote, site_at
from planengine.llm.streams import StreamedAnswer, is_stream
from planengine.llm.transport import MAX_BODY_BYTES, BodyTooLarge, BoundedTransport, until

if TYPE_CHECKING:
    import openai

# The SDK is imported where it is used: it takes half a second and 18 MB, which a process that asks no model saves.

OPENAI_URL = "https://api.openai.com/v1"
# The SDK refuses an empty key, and servers that need none ignore what they get.
NO_KEY = "no-key-needed"
MAX_CLIENTS = 32
# After its last word a stream ends at once, or its connection is not used again.
LAST_BYTES_SECONDS = 2.0

_building = threading.Lock()


@dataclass(frozen=True)
class Server:
    """``longest_silence``: seconds after which an answer that has begun and does not go on is given up."""

    base_url: str
    api_key: str
    longest_silence: float


def client_for(base_url: str, api_key: str) -> openai.OpenAI:
    """The process's client for a server, with its kept-alive connections; any thread may use it, and must do so
    within :func:`planengine.llm.transport.until`."""
    with _building:  # else threads that begin together would each have one
        return _build_client(base_url, api_key, os.getpid())


@functools.lru_cache(maxsize=MAX_CLIENTS)
def _build_client(base_url: str, api_key: str, pid: int) -> openai.OpenAI:
    import openai

    # ``pid``: a forked worker must not read from its parent's connections.
    parts = urlsplit(base_url or OPENAI_URL)
    key = api_key or NO_KEY
    transport = BoundedTransport(
        {
            "Authorization": f"Bearer {key}",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "orra",
        }
    )
    return openai.OpenAI(
        api_key=key,
        base_url=parts._replace(query="").geturl(),
        default_query=dict(parse_qsl(parts.query)),
        max_retries=0,  # complete() retries, within its deadline
        timeout=None,  # the transport's deadline is the time-out
        http_client=httpx2.Client(transport=transport, trust_env=False, follow_redirects=False),
    )


def converse(
    server: Server,
    request: Mapping[str, Json],
    *,
    site: Site,
    deadline: float,
    on_progress: OnProgress | None = None,
) -> Completion:
    """The answer to one chat request. Raises the errors of :mod:`planengine.llm.errors`, with what had been
    written until then."""
    streamed = StreamedAnswer(site, on_progress)
    try:
        with _errors_of(site, deadline), until(deadline):
            return _post(server, request, site=site, deadline=deadline, streamed=streamed)
    except ModelRefusedRequest as error:
        if error.refusal.written is None:
            raise
        return _written_after_all(error.refusal.written, error.refusal.message, site)
    except ModelError as error:
        error.answer, error.reasoning = map(storable, streamed.written)
        raise


def _post(
    server: Server, request: Mapping[str, Json], *, site: Site, deadline: float, streamed: StreamedAnswer
) -> Completion:
    response = client_for(server.base_url, server.api_key).post(
        "/chat/completions",
        body=dict(request),
        # Not decoded by the SDK, which makes a str of an HTML page and choices=None of an error; nor read.
        cast_to=httpx2.Response,
        options={"headers": {"X-Stainless-Raw-Response": "stream"}},
    )
    try:
        completion = _read(response, streamed, server, site, deadline, asked_to_stream="stream" in request)
    finally:
        response.close()
    return completion if completion.server else replace(completion, server=response.headers.get("server", ""))


def _written_after_all(written: str, said: str, site: Site) -> Completion:
    """What a server kept back because it was not the JSON that was asked for: an answer like any other."""
    finish = "length" if "max completion tokens" in said else "stop"
    return Completion(storable(written), "", finish, site.model, Usage())


def fetch(server: Server, path: str, *, deadline: float) -> bytes:
    """The body of a GET. Raises as :func:`converse`."""
    site = site_at(server.base_url or OPENAI_URL, path, key=server.api_key)
    with _errors_of(site, deadline), until(deadline):
        return client_for(server.base_url, server.api_key).get(path, cast_to=httpx2.Response).content


@contextmanager
def _errors_of(site: Site, deadline: float) -> Generator[None]:
    import openai

    if time.monotonic() >= deadline:
        raise ModelTimeout("No time is left.")
    try:
        yield
    except openai.APIStatusError as error:
        refused = error.response
        raise error_for(refused.status_code, headers=refused.headers, body=refused.content, site=site) from None
    except openai.APIConnectionError as error:
        raise _broken_connection(error.__cause__, site=site, deadline=deadline) from error
    except httpx2.TransportError as error:
        raise _broken_connection(error, site=site, deadline=deadline) from error
    except BodyTooLarge:
        raise ModelBadAnswer(f"The server at {site.url} sent more than {MAX_BODY_BYTES} bytes.") from None


def _read(
    response: httpx2.Response,
    answer: StreamedAnswer,
    server: Server,
    site: Site,
    deadline: float,
    *,
    asked_to_stream: bool,
) -> Completion:
    """Out of a body that is one JSON object, or a stream, whatever was asked for."""
    parts = response.iter_bytes()
    start = b""
    while (streamed := is_stream(start)) is None:
        part = next(parts, None)
        if part is None:
            break
        start = (start + part).lstrip()  # blank lines that keep the connection alive
    if not streamed:
        body = _whole_body(start, parts)
        if asked_to_stream and not body.strip():
            raise EmptyStream(f"The server at {site.url} answered with an empty body.{site.hint}")
        return read_completion(body, site=site)
    answer.feed(start.removeprefix(b"\xef\xbb\xbf"))
    try:
        while not answer.ended and (part := _next_part(parts, answer, server, deadline)) is not None:
            answer.feed(part)
        with until(min(deadline, time.monotonic() + LAST_BYTES_SECONDS)):
            while not answer.endless and (part := next(parts, None)) is not None:
                answer.feed(part)
    except httpx2.TransportError:
        if not answer.finished:
            raise
    return answer.completion()


def _whole_body(start: bytes, parts: Iterator[bytes]) -> bytes:
    body = bytearray(start)
    for part in parts:
        body += part
        if len(body) > MAX_BODY_BYTES:
            raise BodyTooLarge
    return bytes(body)


def _next_part(parts: Iterator[bytes], answer: StreamedAnswer, server: Server, deadline: float) -> bytes | None:
    if not answer.begun:  # a model may think for long, and some servers send nothing of it
        return next(parts, None)
    with until(min(deadline, time.monotonic() + server.longest_silence)):
        return next(parts, None)


def _broken_connection(cause: BaseException | None, *, site: Site, deadline: float) -> ModelError:
    reason = quote(str(cause), site).rstrip(".")
    if isinstance(cause, httpx2.ConnectTimeout | httpx2.ConnectError):
        # A certificate does not become valid by asking again.
        lasting = _has_cause(cause, ssl.SSLError)
        return ModelUnreachable(
            f"Could not connect to {site.url}: {reason}. Is the server running, and is its base URL right?",
            retryable=not lasting,
        )
    if isinstance(cause, httpx2.TimeoutException):
        if time.monotonic() < deadline - 0.05:
            return ModelUnreachable(
                f"The server at {site.url} fell silent in the middle of its answer.", was_there=True
            )
        return ModelTimeout(reason)
    return ModelUnreachable(
        f"The connection to {site.url} broke before the answer was complete: {reason}.", was_there=True
    )


def _has_cause(error: BaseException | None, kind: type[BaseException]) -> bool:
    while error is not None:
        if isinstance(error, kind):
            return True
        error = error.__cause__ or error.__context__  # the pool raises again with `from None`
    return False
