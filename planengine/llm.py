"""Chat completions from any OpenAI-compatible server: one call in, one :class:`Completion` or one typed error out.

Nothing here knows plans, rows or settings. How real servers differ is kept in three places: what is sent
(:class:`Dialect`, :func:`request_body`), what is read (:func:`read_completion`) and what went wrong
(:mod:`planengine.model_errors`).
"""

from __future__ import annotations

import functools
import itertools
import os
import random
import re
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

import httpx2
import openai

from orra.strictjson import Json
from planengine.exceptions import ModelError
from planengine.model_errors import (
    ModelBadAnswer,
    ModelOverloaded,
    ModelRateLimited,
    ModelTimeout,
    ModelUnreachable,
    Site,
    error_for,
    not_a_completion,
    quote,
    read_json,
)
from planengine.planners.base import Usage
from planengine.transport import MAX_BODY_BYTES, BodyTooLarge, BoundedTransport, until

OPENAI_URL = "https://api.openai.com/v1"
# The SDK refuses an empty key, and servers that need none ignore what they get.
NO_KEY = "no-key-needed"
MAX_CLIENTS = 32

Message = dict[str, str]


@dataclass(frozen=True)
class Patience:
    """How a fault that may pass is met: ``retries`` further tries, after pauses that double from ``first_pause``
    to ``longest_pause`` seconds. A server that is loading its model is waited for until the deadline."""

    retries: int = 3
    first_pause: float = 0.5
    longest_pause: float = 8.0


@dataclass(frozen=True)
class Endpoint:
    """Where a model is and how it is asked. ``base_url`` empty is OpenAI's own; ``api_key`` empty is a server that
    needs none; sampling that is ``None`` is left to the server. Raises ``ValueError``, in words for an operator,
    when the URL or the key cannot be used."""

    model: str
    base_url: str = ""
    api_key: str = ""
    temperature: float | None = None
    top_p: float | None = None
    max_output_tokens: int | None = None
    patience: Patience = Patience()

    def __post_init__(self) -> None:
        object.__setattr__(self, "model", self.model.strip())
        object.__setattr__(self, "base_url", tidy_url(self.base_url))
        object.__setattr__(self, "api_key", self.api_key.strip())
        if not self.model:
            raise ValueError("The model has no name.")
        if not all("!" <= char <= "~" for char in self.api_key):
            raise ValueError("The API key holds characters that no HTTP header can carry: paste it again.")

    def __repr__(self) -> str:
        return f"Endpoint({self.model!r} at {site_of(self).url})"  # a key may also hide in the URL's query


@dataclass(frozen=True)
class Completion:
    """What the server sent, as storable text: ``""`` where it sent none."""

    content: str
    reasoning: str
    finish_reason: str
    model: str
    usage: Usage
    seconds: float


@dataclass(frozen=True)
class Dialect:
    """What one server and model want said differently."""

    token_limit: str = "max_tokens"


def complete(endpoint: Endpoint, messages: Sequence[Message], *, deadline: float) -> Completion:
    """The model's answer by ``deadline`` (``time.monotonic`` seconds), tries and pauses included. Raises the
    errors of :mod:`planengine.model_errors`."""
    started = time.monotonic()
    site = site_of(endpoint)
    request = request_body(endpoint, messages, dialect=dialect_of(endpoint))
    failure: ModelError | None = None
    for tries in itertools.count(1):
        tried = time.monotonic()
        try:
            body = _post(endpoint, request, site=site, deadline=deadline)
            return read_completion(body, site=site, seconds=time.monotonic() - started)
        except ModelTimeout:
            now = time.monotonic()
            if failure is not None and now - tried < (now - started) / 2:
                raise failure from None  # what took the time is why it was asked again
            raise ModelTimeout(
                f"The model {endpoint.model!r} at {site.url} did not answer within {now - started:.3g} s, all the "
                "time that was left. Use a faster model, or allow more time."
            ) from None
        except ModelError as error:
            failure = error
            pause = pause_after(error, tries=tries, patience=endpoint.patience)
            if pause is None or time.monotonic() + pause >= deadline:
                raise
            time.sleep(pause)
    raise AssertionError("unreachable: the loop has no end of its own")


def request_body(endpoint: Endpoint, messages: Sequence[Message], *, dialect: Dialect) -> dict[str, Json]:
    """What is sent: nothing that the operator has not set, because ``null`` is refused by some servers."""
    wanted: dict[str, Json] = {
        "temperature": endpoint.temperature,
        "top_p": endpoint.top_p,
        dialect.token_limit: endpoint.max_output_tokens,
    }
    return {
        "model": endpoint.model,
        "messages": list(messages),
        **{name: value for name, value in wanted.items() if value is not None},
    }


def dialect_of(endpoint: Endpoint) -> Dialect:
    host = urlsplit(endpoint.base_url or OPENAI_URL).hostname
    return Dialect(token_limit="max_completion_tokens") if host == "api.openai.com" else Dialect()


def read_completion(body: bytes, *, site: Site, seconds: float = 0.0) -> Completion:
    """Out of a successful answer's body. Raises :class:`ModelBadAnswer`, or what an error told with 200 means."""
    answer = read_json(body)
    choices = answer.get("choices") if isinstance(answer, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not (isinstance(answer, dict) and isinstance(choice, dict) and isinstance(message, dict)):
        raise not_a_completion(body, site)
    content, thoughts = _read_content(message.get("content"))
    spoken = [message.get("reasoning_content"), message.get("reasoning")]
    reasoning = next((text for text in spoken if isinstance(text, str) and text), thoughts)
    refused = message.get("refusal")
    finish, model = choice.get("finish_reason"), answer.get("model")
    return Completion(
        content=_storable(content or (refused if isinstance(refused, str) else "")),
        reasoning=_storable(reasoning),
        finish_reason=_storable(finish) if isinstance(finish, str) else "",
        model=_storable(model) if isinstance(model, str) and model else site.model,
        usage=read_usage(answer.get("usage")),
        seconds=seconds,
    )


def read_usage(usage: Json) -> Usage:
    """Tokens as counted by the server; anything but a plain count is unknown."""

    def count(name: str) -> int | None:
        value = usage.get(name) if isinstance(usage, dict) else None
        return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else None

    return Usage(prompt_tokens=count("prompt_tokens"), completion_tokens=count("completion_tokens"))


def pause_after(error: ModelError, *, tries: int, patience: Patience) -> float | None:
    """Seconds to wait before asking again after ``tries`` tries, ``None`` when that would not help."""
    loading = isinstance(error, ModelOverloaded) and error.loading
    if not error.retryable or (tries > patience.retries and not loading):
        return None
    pause = min(patience.first_pause * 2.0 ** min(tries - 1, 16), patience.longest_pause) * random.uniform(0.75, 1)
    asked = error.retry_after if isinstance(error, ModelRateLimited | ModelOverloaded) else None
    return max(pause, asked or 0.0)


def tidy_url(url: str) -> str:
    """The base URL as the SDK wants it, also from one that was pasted with the call's own path at its end."""
    url = url.strip()
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
        usable = usable and parts.port != 0
        httpx2.URL(url)
    except (ValueError, httpx2.InvalidURL):
        usable = False
    if not usable:
        raise ValueError("The base URL must look like http://host:port/v1, without a user name or password.")
    path = re.sub(r"/(chat/completions|completions|embeddings|models)$", "", parts.path.rstrip("/"))
    return parts._replace(path=path.rstrip("/"), fragment="").geturl()


def site_of(endpoint: Endpoint) -> Site:
    parts = urlsplit(endpoint.base_url or OPENAI_URL)
    base = f"{parts.scheme}://{parts.netloc}{parts.path}"
    hint = ""
    if not re.search(r"/v\d+\w*(/|$)|/openai", parts.path):
        hint = f" The base URL {base} may need /v1 at its end."
    return Site(url=f"{base}/chat/completions", model=endpoint.model, secret=endpoint.api_key, hint=hint)


def client_for(base_url: str, api_key: str) -> openai.OpenAI:
    """The process's client for a server, with its kept-alive connections; any thread may use it, and must do so
    within :func:`planengine.transport.until`."""
    return _build_client(base_url, api_key, os.getpid())


@functools.lru_cache(maxsize=MAX_CLIENTS)
def _build_client(base_url: str, api_key: str, pid: int) -> openai.OpenAI:
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


def _post(endpoint: Endpoint, request: Mapping[str, Json], *, site: Site, deadline: float) -> bytes:
    if time.monotonic() >= deadline:
        raise ModelTimeout("No time is left.")
    client = client_for(endpoint.base_url, endpoint.api_key)
    try:
        with until(deadline):
            # Not decoded by the SDK, which makes a str of an HTML page and choices=None of an error.
            answer = client.post("/chat/completions", body=dict(request), cast_to=httpx2.Response)
    except openai.APIStatusError as error:
        response = error.response
        raise error_for(response.status_code, headers=response.headers, body=response.content, site=site) from None
    except openai.APIConnectionError as error:
        raise _broken_connection(error.__cause__, site=site) from error
    except BodyTooLarge:
        raise ModelBadAnswer(f"The server at {site.url} sent more than {MAX_BODY_BYTES} bytes.") from None
    return answer.content


def _broken_connection(cause: BaseException | None, *, site: Site) -> ModelError:
    reason = quote(str(cause), site)
    if isinstance(cause, httpx2.ConnectTimeout | httpx2.ConnectError):
        # A certificate does not become valid by asking again.
        lasting = _has_cause(cause, ssl.SSLError)
        return ModelUnreachable(
            f"Could not connect to {site.url}: {reason}. Is the server running, and is its base URL right?",
            retryable=not lasting,
        )
    if isinstance(cause, httpx2.TimeoutException):
        return ModelTimeout(reason)
    return ModelUnreachable(f"The connection to {site.url} broke before the answer was complete: {reason}.")


def _has_cause(error: BaseException | None, kind: type[BaseException]) -> bool:
    while error is not None:
        if isinstance(error, kind):
            return True
        error = error.__cause__ or error.__context__  # the pool raises again with `from None`
    return False


def _read_content(content: Json) -> tuple[str, str]:
    """Content and thoughts: some servers send a list of typed parts instead of a text."""
    if not isinstance(content, list):
        return _text_of(content), ""
    said: list[str] = []
    thought: list[str] = []
    for part in content:
        if isinstance(part, dict) and part.get("type") in ("thinking", "reasoning"):
            thought.append(_text_of(part.get("thinking", part.get("text"))))
        else:
            said.append(_text_of([part]))
    return "".join(said), "".join(thought)


def _text_of(value: Json) -> str:
    if isinstance(value, list):
        texts = [part.get("text") if isinstance(part, dict) else part for part in value]
        return "".join(text for text in texts if isinstance(text, str))
    return value if isinstance(value, str) else ""


def _storable(text: str) -> str:
    """Without NUL and lone surrogates, which Postgres and UTF-8 refuse."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")
