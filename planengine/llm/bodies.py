"""What is sent to a model's server: one question, in the words that this server understands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from orra.base.strictjson import Json
from planengine.llm.dialects import Dialect, Message, merge_roles
from planengine.llm.endpoint import Endpoint
from planengine.llm.exchange import OPENAI_URL
from planengine.llm.families import Sampling, family_of
from planengine.llm.structured_output import response_format

OLLAMA_PORT = 11434


@dataclass(frozen=True)
class Call:
    """One question to a model. ``schema`` is what the answer is to be held to, where the server can do that;
    ``output_tokens`` raises the endpoint's ``max_output_tokens`` for this once."""

    messages: Sequence[Message]
    schema: Mapping[str, Json] | None = None
    output_tokens: int | None = None


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
    usual = endpoint.max_output_tokens if dialect.limits_answers else None
    for name in dialect.token_limits[:1]:
        wanted[name] = call.output_tokens or usual
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
