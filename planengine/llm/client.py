"""Chat completions from any OpenAI-compatible server: one call in, one :class:`Completion` or one typed error out.

Nothing here knows plans, rows or settings. How real servers differ is kept in four places: what they want said
differently (:mod:`planengine.llm.dialects`), what they answer (:mod:`planengine.llm.completions`), also piece by
piece (:mod:`planengine.llm.streams`), and what went wrong (:mod:`planengine.llm.errors`).
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import httpx2
import structlog

from orra.base.strictjson import Json
from planengine.exceptions import ModelError
from planengine.llm.completions import Completion, OnProgress
from planengine.llm.dialects import Dialect, Message, adapt, memory, merge_roles
from planengine.llm.errors import (
    ModelContextOverflow,
    ModelNotFound,
    ModelOverloaded,
    ModelRateLimited,
    ModelRefusedRequest,
    ModelTimeout,
    ModelUnreachable,
    Site,
    quote,
)
from planengine.llm.exchange import OPENAI_URL, Server, converse, fetch
from planengine.llm.families import Sampling, family_of
from planengine.llm.model_list import read_model_list
from planengine.llm.structured_output import LADDER, Rung, response_format

log = structlog.get_logger(__name__)

OLLAMA_PORT = 11434
# A server that asks for more is not waited for.
LONGEST_ASKED_PAUSE = 120.0
# For the list of models, which only makes an error clearer.
LIST_SECONDS = 5.0
MAX_LISTED = 12


@dataclass(frozen=True)
class Patience:
    """How a fault that may pass is met: ``retries`` further tries, after pauses that double from
    ``first_pause`` to ``longest_pause`` seconds. A server that is loading its model is waited for until the
    deadline. One that falls silent for ``longest_silence`` seconds in mid-stream is given up."""

    retries: int = 3
    first_pause: float = 0.5
    longest_pause: float = 8.0
    longest_silence: float = 60.0


@dataclass(frozen=True)
class Endpoint:
    """Where a model is and how it is asked. ``base_url`` empty is OpenAI's own; ``api_key`` empty is a server
    that needs none. ``sampling`` is the operator's and always sent; ``makers_sampling`` says whether what it
    leaves open is filled with the maker's values: ``auto`` (to servers that would take values of their own),
    ``always`` or ``never``. ``streams`` asks for the answer piece by piece. ``rungs`` are the forms of
    structured output to try, in order. Raises ``ValueError``, in words for an operator, when the URL or the key
    cannot be used."""

    model: str
    base_url: str = ""
    api_key: str = ""
    sampling: Sampling = Sampling()
    makers_sampling: str = "auto"
    max_output_tokens: int | None = None
    streams: bool = False
    rungs: tuple[Rung, ...] = LADDER
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
class Call:
    """One question to a model. ``schema`` is what the answer is to be held to, where the server can do that;
    ``output_tokens`` raises the endpoint's ``max_output_tokens`` for this once."""

    messages: Sequence[Message]
    schema: Mapping[str, Json] | None = None
    output_tokens: int | None = None


def complete(
    endpoint: Endpoint,
    messages: Sequence[Message],
    *,
    deadline: float,
    schema: Mapping[str, Json] | None = None,
    output_tokens: int | None = None,
    on_progress: OnProgress | None = None,
) -> Completion:
    """The model's answer by ``deadline`` (``time.monotonic`` seconds), tries and pauses included. Raises the
    errors of :mod:`planengine.llm.errors`. ``on_progress`` is told of each piece as it comes, where the
    server sends pieces; whoever stores that should do so less often."""
    started = time.monotonic()
    site, server = site_of(endpoint), server_of(endpoint)
    call = Call(messages, schema, output_tokens)
    remembered = memory.recall(endpoint.base_url, endpoint.model)
    dialect = remembered or first_dialect(endpoint)
    streams = endpoint.streams or on_progress is not None
    failure: ModelError | None = None
    tries = 0
    while True:
        tried = time.monotonic()
        request = request_body(endpoint, call, dialect=dialect, streams=streams)
        try:
            completion = converse(server, request, site=site, deadline=deadline, on_progress=on_progress)
        except ModelTimeout:
            now = time.monotonic()
            if failure is not None and now - tried < (now - started) / 2:
                raise failure from None  # what took the time is why it was asked again
            raise _too_late(site, seconds=now - started) from None
        except ModelNotFound as error:
            raise ModelNotFound(error.message + _offer(endpoint, site=site, deadline=deadline)) from None
        except ModelContextOverflow:
            if call.output_tokens is None:
                raise
            call = replace(call, output_tokens=None)  # perhaps only the raised budget does not fit
        except ModelRefusedRequest as error:
            adapted = adapt(dialect, error.refusal, sent=request)
            if adapted is None:
                raise
            anew = remembered is not None and adapted.unlearns(remembered, first=first_dialect(endpoint))
            dialect, remembered = (_forget(endpoint), None) if anew else (adapted, remembered)
        except ModelError as error:
            failure = error
            tries += 1
            if isinstance(error, ModelUnreachable) or _is_loading(error):
                dialect, remembered = _forget(endpoint), None
            pause = pause_after(error, tries=tries, patience=endpoint.patience)
            if pause is None or time.monotonic() + pause >= deadline:
                raise
            time.sleep(pause)
        else:
            _remember(endpoint, dialect, completion, learnt=dialect != remembered)
            return replace(completion, seconds=time.monotonic() - started)


def _too_late(site: Site, *, seconds: float) -> ModelTimeout:
    return ModelTimeout(
        f"The model {site.model!r} at {site.url} did not answer within {seconds:.3g} s, all the time that was "
        "left. Use a faster model, or allow more time."
    )


def _forget(endpoint: Endpoint) -> Dialect:
    """Forgets what was learnt of the server, because another may run in its place. Gives the dialect to begin
    with."""
    memory.forget(endpoint.base_url, endpoint.model)
    return first_dialect(endpoint)


def first_dialect(endpoint: Endpoint) -> Dialect:
    """What is said to a server of which nothing is known yet but its address and its model's name."""
    parts = urlsplit(endpoint.base_url or OPENAI_URL)
    dialect = Dialect(rungs=endpoint.rungs, merges_roles=not family_of(endpoint.model).takes_system)
    host = parts.hostname or ""
    if host == "api.openai.com" or host.endswith(".openai.azure.com"):
        dialect = replace(dialect, token_limits=dialect.token_limits[::-1])
    return replace(dialect, forces_sampling=parts.port == OLLAMA_PORT)


def request_body(endpoint: Endpoint, call: Call, *, dialect: Dialect, streams: bool = False) -> dict[str, Json]:
    """What is sent: nothing that nobody wants, because ``null`` is refused by some servers."""
    wanted: dict[str, Json] = {**_sampling(endpoint, dialect).as_fields()}
    for name in dialect.token_limits[:1]:
        wanted[name] = call.output_tokens or endpoint.max_output_tokens
    if call.schema is not None:
        wanted["response_format"] = response_format(dialect.rung, call.schema)
    if streams and dialect.streams:
        wanted |= {"stream": True, "stream_options": {"include_usage": True}}
    messages = merge_roles(call.messages) if dialect.merges_roles else list(call.messages)
    sent = {name: value for name, value in wanted.items() if value is not None and name not in dialect.omitted}
    return {"model": endpoint.model, "messages": messages, **sent}


def _sampling(endpoint: Endpoint, dialect: Dialect) -> Sampling:
    policy = endpoint.makers_sampling
    if policy == "always" or (policy == "auto" and dialect.forces_sampling):
        return endpoint.sampling.over(family_of(endpoint.model).sampling)
    return endpoint.sampling


def _remember(endpoint: Endpoint, dialect: Dialect, completion: Completion, *, learnt: bool) -> None:
    if completion.server == "ollama":
        dialect = replace(dialect, forces_sampling=True)
    if dialect == first_dialect(endpoint):
        return
    memory.learn(endpoint.base_url, endpoint.model, dialect, server=completion.server)
    if learnt:
        log.info(
            "model server understood",
            url=site_of(endpoint).url,
            model=endpoint.model,
            response_format=dialect.rung.name.lower(),
            token_limit=next(iter(dialect.token_limits), None),
            omitted=sorted(dialect.omitted),
            merges_roles=dialect.merges_roles,
        )


def pause_after(error: ModelError, *, tries: int, patience: Patience) -> float | None:
    """Seconds to wait before asking again after ``tries`` tries, ``None`` when that would not help."""
    if not error.retryable or (tries > patience.retries and not _is_loading(error)):
        return None
    pause = min(patience.first_pause * 2.0 ** min(tries - 1, 16), patience.longest_pause) * random.uniform(0.75, 1)
    asked = error.retry_after if isinstance(error, ModelRateLimited | ModelOverloaded) else None
    return max(pause, asked or 0.0) if (asked or 0.0) <= LONGEST_ASKED_PAUSE else None


def _is_loading(error: ModelError) -> bool:
    return isinstance(error, ModelOverloaded) and error.loading


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


def server_of(endpoint: Endpoint) -> Server:
    return Server(endpoint.base_url, endpoint.api_key, endpoint.patience.longest_silence)


def _offer(endpoint: Endpoint, *, site: Site, deadline: float) -> str:
    """What the server offers instead, as far as it tells."""
    try:
        body = fetch(server_of(endpoint), "/models", deadline=min(deadline, time.monotonic() + LIST_SECONDS))
    except ModelError:
        return ""
    names = [quote(model.name, site) for model in read_model_list(body)]
    if not names:
        return ""
    more = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    return f" It offers {', '.join(names[:MAX_LISTED])}{more}."
