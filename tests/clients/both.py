"""One way to ask either client, over a transport that a test answers for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2

from orra_client import AsyncOrra, Orra, Retries

KEY = "sk-orra-v1-nobody-may-see"
AT_ONCE = Retries(first=0.0)

Answer = Callable[[httpx2.Request], httpx2.Response]


@dataclass
class Asked:
    """Gives its answers one after the other, the last one again and again; ``requests`` are those that came."""

    answers: list[httpx2.Response | Exception | Answer]
    requests: list[httpx2.Request] = field(default_factory=list)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            return answer(request)
        return httpx2.Response(
            answer.status_code, content=answer.content, headers=answer.headers
        )  # it is sent once


@dataclass(frozen=True)
class Both:
    """``kind``: the client that is asked, :class:`Orra` or :class:`AsyncOrra`."""

    kind: type[Orra] | type[AsyncOrra]
    retries: Retries = AT_ONCE

    def ask(self, asked: Asked, method: str, *args: Any, **kwargs: Any) -> Any:
        """What the method gives; of a list or a stream everything."""
        transport = httpx2.MockTransport(asked)
        if issubclass(self.kind, Orra):
            with Orra("http://orra.test", KEY, retries=self.retries, transport=transport) as client:
                result = getattr(client, method)(*args, **kwargs)
                return list(result) if hasattr(result, "__next__") else result
        return asyncio.run(self._ask_async(transport, method, *args, **kwargs))

    async def _ask_async(self, transport: httpx2.MockTransport, method: str, *args: Any, **kwargs: Any) -> Any:
        async with AsyncOrra("http://orra.test", KEY, retries=self.retries, transport=transport) as client:
            result = getattr(client, method)(*args, **kwargs)
            return [each async for each in result] if hasattr(result, "__anext__") else await result
