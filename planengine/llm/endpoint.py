"""Where a model is, and how it is asked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2

from planengine.llm.exchange import OPENAI_URL, Server
from planengine.llm.families import Sampling
from planengine.llm.patience import Patience
from planengine.llm.refusals import Site, site_at
from planengine.llm.structured_output import LADDER, Rung


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
    url = endpoint.base_url or OPENAI_URL
    parts = urlsplit(url)
    hint = ""
    if not re.search(r"/v\d+\w*(/|$)|/openai", parts.path):
        hint = f" The base URL {parts.scheme}://{parts.netloc}{parts.path} may need /v1 at its end."
    return site_at(url, "/chat/completions", model=endpoint.model, key=endpoint.api_key, hint=hint)


def server_of(endpoint: Endpoint) -> Server:
    return Server(endpoint.base_url, endpoint.api_key, endpoint.patience.longest_silence)
