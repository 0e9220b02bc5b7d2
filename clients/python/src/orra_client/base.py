"""What both clients are: where the engine is, with which key, and what httpx is asked to send."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit

import httpx2

from orra_client.calls.call import NO_BODY, Call
from orra_client.errors import NotConfigured, UnexpectedAnswer
from orra_client.exchange import NoReply, Retries

USUAL_URL = "http://localhost:8005"
CONNECT_SECONDS, READ_SECONDS = 5.0, 30.0
USUAL_RETRIES = Retries()


class Base:
    """``base_url`` and ``api_key``: if not given, what ``ORRA_URL`` and ``ORRA_API_KEY`` say; without either the
    address is :data:`USUAL_URL`. ``timeout``: for how many seconds nothing may come from the engine, beyond the
    time for which a call waits on purpose. Raises :class:`~orra_client.errors.NotConfigured`."""

    def __init__(
        self,
        base_url: str | None = None,
        api_key: str | None = None,
        *,
        timeout: float = READ_SECONDS,
        retries: Retries = USUAL_RETRIES,
    ) -> None:
        self.base_url = _checked_url(base_url or os.environ.get("ORRA_URL", "").strip() or USUAL_URL)
        self._key = _checked_key(os.environ.get("ORRA_API_KEY", "") if api_key is None else api_key)
        self._timeout, self.retries = timeout, retries

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_url!r})"

    def arguments_of(self, call: Call[Any]) -> dict[str, Any]:
        """What httpx is asked to send."""
        if call.authorized and not self._key:
            raise NotConfigured("There is no API key: set ORRA_API_KEY, or give the client one as `api_key`.")
        headers = {"Accept": "application/json", **call.headers}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        return {
            "method": call.method,
            "url": self.base_url + call.path,
            "params": dict(call.query) or None,
            "json": None if call.body is NO_BODY else call.body,
            "headers": headers,
            "timeout": httpx2.Timeout(self._timeout + call.seconds, connect=CONNECT_SECONDS),
        }

    def without_reply(self, error: httpx2.TransportError) -> NoReply:
        """Why nobody answered, without what was sent."""
        if isinstance(error, httpx2.SSEError):
            raise UnexpectedAnswer("The answer is no stream of events. Is this the engine's address?") from None
        reason = (
            "it took too long"
            if isinstance(error, httpx2.TimeoutException)
            else str(error) or type(error).__name__
        )
        sent = not isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout)
        return NoReply(f"{self.base_url} does not answer: {reason}. Is the engine running there?", sent)


def _checked_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and parts.hostname and not (parts.query or parts.fragment)
        if not fits or parts.port == 0:
            raise ValueError
    except ValueError:
        raise NotConfigured(f"The engine's address must be like {USUAL_URL}, not {url[:200]!r}.") from None
    if parts.username is not None:
        raise NotConfigured(
            "The engine's address must not hold a user or a password: the key is given as `api_key`."
        )
    return url.rstrip("/").removesuffix("/v1")


def _checked_key(key: str) -> str:
    if not all("!" <= letter <= "~" for letter in key.strip()):
        raise NotConfigured("The API key has characters that no key has. Copy it again, in one line.")
    return key.strip()
