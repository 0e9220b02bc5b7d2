"""Functions that call a service: its inputs go in, its output comes out."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from orra_client.imports.bindings.calls import Call, CallFailed, call_of, output_of
from orra_client.imports.bindings.files import Bindings
from orra_client.imports.services import Json

MOST_BYTES = 20 * 1024 * 1024

Inputs = dict[str, Json]
Output = dict[str, Json]
Handler = Callable[[Inputs], Output] | Callable[[Inputs], Awaitable[Output]]


class HttpClient(Protocol):
    """What is used of a client of httpx2 (or httpx), sync or async: who calls, with which keys, is its matter."""

    @property
    def request(self) -> Callable[..., Any]: ...


class ToolCaller(Protocol):
    """What is used of the MCP SDK's client, entered."""

    def call_tool(self, name: str, arguments: dict[str, Any] | None = None) -> Awaitable[Any]: ...


def handlers(bindings: Bindings, client: HttpClient, *, base_url: str | None = None) -> dict[str, Handler]:
    """A handler for each HTTP service of a file. ``base_url`` wins over the one that the file has."""
    base = base_url if base_url is not None else bindings.base_url
    return {
        name: handler(binding, base, client)
        for name, binding in bindings.services.items()
        if binding["kind"] == "http"
    }


def handler(binding: Mapping[str, Json], base_url: str, client: HttpClient) -> Handler:
    """A function that takes the inputs of a service and returns its output, made with ``client``; of an async
    client, a coroutine function. :func:`orra_client.run` takes both. What the client raises goes through; else it
    raises :class:`~orra_client.imports.bindings.calls.InputsRefused` or
    :class:`~orra_client.imports.bindings.calls.CallFailed`."""
    base = base_url.rstrip("/")
    if not base.startswith(("http://", "https://")):
        raise ValueError(f"The base URL must begin with http:// or https://, not {base_url[:80]!r}.")

    def call(inputs: Inputs) -> Output:
        made = call_of(binding, inputs)
        return _output(binding, client.request(made.method, base + made.target, **_sent(made)))

    async def call_async(inputs: Inputs) -> Output:
        made = call_of(binding, inputs)
        return _output(binding, await client.request(made.method, base + made.target, **_sent(made)))

    return call_async if inspect.iscoroutinefunction(client.request) else call


def _sent(call: Call) -> dict[str, Any]:
    sent: dict[str, Any] = {"headers": {"Accept": "application/json, text/*;q=0.5", **call.headers}}
    if call.parts:
        sent["files"] = [(name, (None, text)) for name, text in call.parts]
    elif call.content is not None:
        sent["content"] = call.content
    return sent


def _output(binding: Mapping[str, Json], response: Any) -> Output:
    content: bytes = response.content
    if len(content) > MOST_BYTES:
        raise CallFailed(
            f"{binding['operation']} answered with more than {MOST_BYTES:,} bytes.", status=response.status_code
        )
    return output_of(binding, response.status_code, content)


def tool_handler(binding: Mapping[str, Json], client: ToolCaller) -> Callable[[Inputs], Awaitable[Output]]:
    """The same for a tool of an MCP server."""

    async def call(inputs: Inputs) -> Output:
        result = await client.call_tool(binding["tool"], dict(inputs))
        texts = [part.text for part in result.content if getattr(part, "type", "") == "text"]
        if result.is_error:
            raise CallFailed(f"The tool {binding['tool']!r} failed: {' '.join(texts)[:500]}")
        how = binding["output"]
        if how["as"] == "text":
            return {"text": "\n".join(texts)}
        value = result.structured_content
        if "wrap" in how:
            return {how["wrap"]: value}
        if not isinstance(value, dict):
            raise CallFailed(f"The tool {binding['tool']!r} gave no structured output, which it describes.")
        return value

    return call
