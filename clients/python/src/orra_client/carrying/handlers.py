"""What does the work of a service: a function of the caller, or an HTTP address."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx2

from orra_client.errors import NotConfigured, OrraError
from orra_client.reading import Json

USUAL_SECONDS = 60.0
AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})


class HandlerFailed(OrraError):
    """``retryable``: trying again may help. A handler may raise it, too; any other exception counts as
    retryable."""

    def __init__(self, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.retryable = retryable


@dataclass(frozen=True)
class HttpHandler:
    """Sends a step's inputs to ``url`` as a JSON object by POST, and takes the JSON object of the answer as its
    output. An ``Idempotency-Key``, the same for each try of a step, goes with it. ``headers`` are not shown."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout: float = USUAL_SECONDS

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise NotConfigured(f"A handler must be a function or an HTTP address, not {self.url[:200]!r}.")

    async def call(self, http: httpx2.AsyncClient, inputs: Mapping[str, Json], key: str) -> Json:
        headers = {"Accept": "application/json", "Idempotency-Key": key, **self.headers}
        try:
            response = await http.post(self.url, json=inputs, headers=headers, timeout=self.timeout)
        except httpx2.TransportError as error:
            raise HandlerFailed(f"It does not answer: {error or type(error).__name__}", retryable=True) from None
        if not response.is_success:
            said = response.text[:200].strip()
            status = response.status_code
            raise HandlerFailed(
                f"It answered {status}" + (f": {said}" if said else "."), retryable=status in AGAIN
            )
        if not response.content:
            return {}
        try:
            return response.json()
        except ValueError:
            raise HandlerFailed("It answered with something other than JSON.") from None


Function = Callable[[dict[str, Any]], Any]
Handler = Function | HttpHandler | str


def checked_handlers(handlers: Mapping[str, Handler], services: set[str]) -> dict[str, Function | HttpHandler]:
    """Those of the services, addresses made handlers. Raises :class:`~orra_client.errors.NotConfigured`."""
    if missing := sorted(services - handlers.keys()):
        raise NotConfigured(f"There is no handler for {', '.join(missing)}. Nothing was done.")
    return {name: _checked(name, handlers[name]) for name in sorted(services)}


def _checked(name: str, handler: Handler) -> Function | HttpHandler:
    made = HttpHandler(handler) if isinstance(handler, str) else handler
    if not isinstance(made, HttpHandler) and not callable(made):
        raise NotConfigured(f"The handler for {name} must be a function or an HTTP address.")
    return made


async def in_its_own_way(function: Callable[..., Any], argument: Any, threads: Executor) -> Any:
    """What a function gives. An ordinary one runs in a thread, which cannot be stopped: whoever cancels waits
    until it is over, and what it gave counts."""
    if inspect.iscoroutinefunction(function):
        return await function(argument)
    context = contextvars.copy_context()
    working = asyncio.get_running_loop().run_in_executor(threads, context.run, function, argument)
    try:
        given = await asyncio.shield(working)
    except asyncio.CancelledError:
        if working.cancelled():
            raise
        given = await working
    return await given if isinstance(given, Awaitable) else given
