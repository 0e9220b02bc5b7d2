"""The tools of an MCP server as services."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from orra_client.imports.documents import Document
from orra_client.imports.making import made
from orra_client.imports.names import Named, names_for
from orra_client.imports.openapi.hints import HINTS
from orra_client.imports.schemas import Reader, Room
from orra_client.imports.services import (
    MOST_TITLE_CHARACTERS,
    Imported,
    ImportFailed,
    Json,
    Refusal,
    Refused,
    Service,
)
from orra_client.imports.texts import joined, plain

MOST_TOOLS = 10_000
MOST_DESCRIPTION = 600
SECONDS = 30.0
MISSING = "MCP's SDK is not installed: pip install 'orra-client[mcp]'."
_TEXT = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}


def read_tools(
    tools: Sequence[Mapping[str, Json]],
    *,
    title: str = "",
    prefix: str = "",
    known: Mapping[str, str] | None = None,
    rooms: tuple[Room, Room] | None = None,
    reached_at: Mapping[str, Json] | None = None,
) -> Imported:
    """``tools``: as ``tools/list`` has them (``name``, ``description``, ``inputSchema``, …)."""
    services, refusals = list[Service](), list[Refusal]()
    usable: dict[str, Mapping[str, Json]] = {}
    for tool in tools:
        name = tool.get("name")
        if not isinstance(name, str) or not name or name in usable:
            why = "Another tool has its name, too." if name in usable else "It has no name."
            refusals.append(Refusal(str(name)[:80], "malformed", why))
        else:
            usable[name] = tool
    names = names_for((Named(name, name) for name in usable), prefix=prefix, known=known)
    for name, tool in usable.items():
        try:
            services.append(_service(tool, names[name], rooms))
        except Refused as refused:
            refusals.append(Refusal(name, refused.code, refused.reason))
    there = frozenset(names.values())
    return Imported(title, len(tools), services, refusals, names=there, reached_at=reached_at or {})


def _service(tool: Mapping[str, Json], name: str, rooms: tuple[Room, Room] | None) -> Service:
    notes: list[str] = []
    given = tool.get("inputSchema")
    if not isinstance(given, dict):
        raise Refused("malformed", "It has no input schema.")
    inputs = Reader(Document(given))
    if inputs.types(given) != {"object"}:
        raise Refused("malformed", "Its input schema describes no object.")
    outputs, output, how = _output(tool.get("outputSchema"), notes)
    return made(
        name=name,
        origin=str(tool["name"]),
        description=_description(tool),
        inputs=(inputs, _closed(inputs, given)),
        outputs=(outputs, output),
        annotations=_annotations(tool, notes),
        binding={"kind": "mcp", "tool": tool["name"], "output": how},
        notes=notes,
        rooms=rooms,
    )


def _closed(reader: Reader, schema: dict[str, Json]) -> dict[str, Json]:
    """A tool that says nothing of its inputs has none; a service that says nothing would take any."""
    said = reader.level(schema).said
    return schema if said.keys() - {"type", "description"} else {"type": "object", "properties": {}}


def _output(given: Json, notes: list[str]) -> tuple[Reader, dict[str, Json], dict[str, Json]]:
    if not isinstance(given, dict):
        notes.append("It describes no output: its output is what it says, as 'text'.")
        return Reader(Document(_TEXT)), _TEXT, {"as": "text"}
    reader = Reader(Document(given))
    if reader.types(given) == {"object"}:
        return reader, given, {"as": "structured"}
    notes.append("Its output is no object, for all that is said: here it is 'value'.")
    wrapped = {"type": "object", "properties": {"value": given}, "required": ["value"]}
    return reader, wrapped, {"as": "structured", "wrap": "value"}


def _annotations(tool: Mapping[str, Json], notes: list[str]) -> dict[str, Json]:
    """Those that orra knows, which are MCP's. Of a tool that changes nothing it says nothing to call it
    destructive."""
    given = tool.get("annotations")
    given = given if isinstance(given, dict) else {}
    result = {hint: given[hint] for hint in HINTS if isinstance(given.get(hint), bool)}
    if result.get("readOnlyHint") is True and result.pop("destructiveHint", False) is True:
        notes.append("It says that it changes nothing and that it destroys: the latter is left out.")
    title = plain(tool.get("title") or given.get("title"), MOST_TITLE_CHARACTERS)
    return result | ({"title": title} if title else {})


def _description(tool: Mapping[str, Json]) -> str:
    told = plain(tool.get("description"), MOST_DESCRIPTION)
    return told or joined(plain(tool.get("title"), 300), "", MOST_DESCRIPTION) or str(tool["name"])


# --- asking a server


async def list_tools(server: Any) -> tuple[str, list[dict[str, Json]]]:
    """A server's name and all its tools. ``server``: whatever the SDK's ``Client`` takes. Raises
    :class:`ImportFailed`."""
    client_class, sdk_error = _sdk()
    try:
        async with client_class(server, read_timeout_seconds=SECONDS) as client:
            info = client.server_info
            return (getattr(info, "title", None) or getattr(info, "name", "") or ""), await _pages(client)
    except ImportFailed:
        raise
    except sdk_error as error:
        raise ImportFailed(f"The MCP server refused: {error}") from None
    except (OSError, TimeoutError, ExceptionGroup) as error:
        raise ImportFailed(f"The MCP server cannot be reached or does not answer: {_innermost(error)}") from None


async def _pages(client: Any) -> list[dict[str, Json]]:
    tools: list[dict[str, Json]] = []
    cursor, seen = None, set[str]()
    while True:
        page = await client.list_tools(cursor=cursor)
        tools.extend(tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in page.tools)
        cursor = page.next_cursor
        if not cursor:
            return tools
        if cursor in seen or len(tools) > MOST_TOOLS:
            raise ImportFailed("The MCP server's list of tools does not end.")
        seen.add(cursor)


def command_server(command: Sequence[str], environment: Mapping[str, str]) -> Any:
    """A server that is started, and spoken to over its standard input and output, once. Of this process's
    environment it has what the SDK hands on, and ``environment``; what it complains of goes to standard error."""
    _sdk()
    from mcp import StdioServerParameters, stdio_client

    started = StdioServerParameters(command=command[0], args=list(command[1:]), env=dict(environment) or None)
    return stdio_client(started, errlog=sys.__stderr__ or sys.stderr)


def http_server(url: str, headers: Mapping[str, str]) -> Any:
    """A server that is reached over streamable HTTP, once."""
    _sdk()
    return _streams(url, headers) if headers else url


@asynccontextmanager
async def _streams(url: str, headers: Mapping[str, str]) -> AsyncIterator[Any]:
    import httpx2
    from mcp.client.streamable_http import streamable_http_client

    async with (
        httpx2.AsyncClient(headers=dict(headers), timeout=SECONDS) as client,
        streamable_http_client(url, http_client=client) as streams,
    ):
        yield streams


def _sdk() -> tuple[Any, type[Exception]]:
    try:
        from mcp import Client, MCPError
    except ModuleNotFoundError:
        raise ImportFailed(MISSING) from None
    return Client, MCPError


def _innermost(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error) or type(error).__name__
