"""Tools of MCP servers as services."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
import uvicorn

from orra_client.imports import mcp
from orra_client.imports.bindings import CallFailed, tool_handler
from orra_client.imports.services import Imported, ImportFailed, Service
from tests.clients.imports.documents import accepted

Json = Any
EMPTY = {"type": "object", "properties": {}}


def tool(**said: Json) -> dict[str, Json]:
    return {"name": "t", "description": "Does it.", "inputSchema": EMPTY, **said}


def read(*tools: Mapping[str, Json], **more: Any) -> Imported:
    return accepted(mcp.read_tools(tools, **more))


def read_one(**said: Json) -> Service:
    [service] = read(tool(**said)).services
    return service


def test_a_tool_becomes_a_service() -> None:
    service = read_one(
        name="find_pet",
        title="Find pet",
        inputSchema={
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": {"pet": {"$ref": "#/$defs/Pet"}},
            "required": ["pet"],
            "$defs": {"Pet": {"type": "object", "properties": {"name": {"type": "string"}}}},
        },
        outputSchema={"type": "object", "properties": {"id": {"type": "integer"}}},
        annotations={"readOnlyHint": True, "openWorldHint": False, "unknown": 1, "idempotentHint": "yes"},
    )
    assert service.name == "find_pet"
    assert service.facts == {
        "description": "Does it.",
        "input_schema": {
            "type": "object",
            "properties": {"pet": {"type": "object", "properties": {"name": {"type": "string"}}}},
            "required": ["pet"],
        },
        "output_schema": {"type": "object", "properties": {"id": {"type": "integer"}}},
        "annotations": {"readOnlyHint": True, "openWorldHint": False, "title": "Find pet"},
    }
    assert service.binding == {"kind": "mcp", "tool": "find_pet", "output": {"as": "structured"}}


def test_a_tool_without_an_output_schema_gives_text() -> None:
    service = read_one()
    assert service.facts["output_schema"]["properties"] == {"text": {"type": "string"}}
    assert service.binding["output"] == {"as": "text"}
    assert any("'text'" in note for note in service.notes)


def test_an_output_that_is_no_object_is_wrapped() -> None:
    service = read_one(outputSchema={"type": "array", "items": {"type": "string"}})
    assert list(service.facts["output_schema"]["properties"]) == ["value"]
    assert service.binding["output"] == {"as": "structured", "wrap": "value"}


def test_a_tool_that_says_nothing_of_its_inputs_has_none() -> None:
    assert read_one(inputSchema={"type": "object"}).facts["input_schema"] == EMPTY
    open_schema = {"type": "object", "additionalProperties": True}
    assert read_one(inputSchema=open_schema).facts["input_schema"] == {
        "type": "object",
        "additionalProperties": {},
    }


def test_annotations_that_contradict_each_other_do_so_no_more() -> None:
    service = read_one(annotations={"readOnlyHint": True, "destructiveHint": True})
    assert service.facts["annotations"] == {"readOnlyHint": True}
    assert any("destroys" in note for note in service.notes)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"inputSchema": None}, "malformed"),
        ({"inputSchema": {"type": "array"}}, "malformed"),
        ({"name": ""}, "malformed"),
        ({"inputSchema": {**EMPTY, "$ref": "https://example.org/schema"}}, "remote_reference"),
    ],
)
def test_tools_that_cannot_be_services(said: Json, code: str) -> None:
    assert [refusal.code for refusal in read(tool(**said)).refusals] == [code]


def test_of_two_tools_with_one_name_the_second_is_refused() -> None:
    imported = read(tool(), tool())
    assert (len(imported.services), len(imported.refusals)) == (1, 1)


# --- a server over stdio


def scripted(*arguments: str, **environment: str) -> Any:
    pytest.importorskip("mcp")
    command = [sys.executable, "-m", "tests.clients.imports.scripted_tools", *arguments]
    return mcp.command_server(command, {"PYTHONPATH": os.pathsep.join(sys.path), **environment})


def call_each(
    server: Callable[[], Any], calls: Sequence[tuple[str, dict[str, Json]]]
) -> tuple[Imported, list[Json]]:
    """The tools of a server, and what calls of them give, over one connection each."""

    async def ask() -> tuple[Imported, list[Json]]:
        from mcp import Client

        title, tools = await mcp.list_tools(server())
        imported = mcp.read_tools(tools, title=title)
        bindings = {service.name: service.binding for service in imported.services}
        given: list[Json] = []
        async with Client(server()) as client:
            for name, inputs in calls:
                try:
                    given.append(await tool_handler(bindings[name], client)(inputs))
                except CallFailed as failed:
                    given.append(str(failed))
        return imported, given

    return asyncio.run(ask())


def test_a_server_s_tools_are_listed_to_the_last_page_and_called() -> None:
    imported, given = call_each(
        lambda: scripted(TOOLS_SECRET="handed on"),
        [
            ("add", {"a": 2, "b": 3}),
            ("say.it", {"text": "hello"}),
            ("environment", {}),
            ("fail", {}),
        ],
    )
    accepted(imported)
    assert imported.title == "Scripted"
    assert [service.name for service in imported.services] == ["add", "say.it", "environment", "fail"]
    assert given == [{"sum": 5}, {"text": "hello\n!"}, {"text": "handed on"}, "The tool 'fail' failed: no ink"]


def test_a_list_that_does_not_end_is_refused() -> None:
    with pytest.raises(ImportFailed, match="does not end"):
        asyncio.run(mcp.list_tools(scripted("endless")))


@pytest.mark.parametrize("command", [["/nowhere/tools"], [sys.executable, "-c", "print('no MCP')"]])
def test_a_command_that_is_no_server_is_told_as_such(command: list[str]) -> None:
    pytest.importorskip("mcp")
    with pytest.raises(ImportFailed, match="cannot be reached or does not answer|refused"):
        asyncio.run(mcp.list_tools(mcp.command_server(command, {})))


def test_without_the_sdk_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mcp", None)
    with pytest.raises(ImportFailed, match=r"pip install 'orra-client\[mcp\]'"):
        mcp.command_server(["tools"], {})


# --- a server over HTTP


def guarded(app: Any) -> Any:
    async def answer(scope: Json, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and dict(scope["headers"]).get(b"x-key") != b"secret":
            await send({"type": "http.response.start", "status": 401, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})
            return
        await app(scope, receive, send)

    return answer


async def listed_over_http(headers: Mapping[str, str]) -> list[str]:
    from tests.clients.imports.scripted_tools import server

    with socket.create_server(("127.0.0.1", 0)) as listener:
        host, port = listener.getsockname()
        app = guarded(server().streamable_http_app())
        serving = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on"))
        task = asyncio.create_task(serving.serve(sockets=[listener]))
        try:
            url = f"http://{host}:{port}/mcp"
            _, tools = await mcp.list_tools(mcp.http_server(url, headers))
            return [tool["name"] for tool in tools]
        finally:
            serving.should_exit = True
            await task


def test_a_server_over_http_is_asked_with_headers() -> None:
    pytest.importorskip("mcp")
    assert asyncio.run(listed_over_http({"X-Key": "secret"})) == ["add", "say/it", "environment", "fail"]


@pytest.mark.parametrize("headers", [{}, {"X-Key": "wrong"}])
def test_a_server_over_http_that_refuses_is_told_as_such(headers: Mapping[str, str]) -> None:
    pytest.importorskip("mcp")
    with pytest.raises(ImportFailed) as failed:
        asyncio.run(listed_over_http(headers))
    assert "wrong" not in str(failed.value)
