"""A small MCP server for tests, made with the official SDK; started as a module it speaks over stdio.

It lists its tools page by page. ``endless`` as its argument: the pages never end.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import anyio
from mcp import stdio_server
from mcp.server import Server
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)

NUMBERS = {
    "type": "object",
    "properties": {"a": {"$ref": "#/$defs/n"}, "b": {"$ref": "#/$defs/n"}},
    "required": ["a", "b"],
    "$defs": {"n": {"type": "integer"}},
}
TOOLS = (
    Tool(
        name="add",
        title="Add",
        description="Adds two numbers.",
        input_schema=NUMBERS,
        output_schema={"type": "object", "properties": {"sum": {"type": "integer"}}, "required": ["sum"]},
        annotations=ToolAnnotations(read_only_hint=True, destructive_hint=True),
    ),
    Tool(
        name="say/it",
        description="Says a text.",
        input_schema={"type": "object", "properties": {"text": {"type": "string"}}},
    ),
    Tool(name="environment", description="Tells a variable.", input_schema={"type": "object"}),
    Tool(name="fail", description="Fails.", input_schema={"type": "object", "properties": {}}),
)


async def list_tools(context: Any, params: PaginatedRequestParams | None) -> ListToolsResult:
    page = int(params.cursor) if params and params.cursor else 0
    if "endless" in sys.argv:
        return ListToolsResult(tools=[], next_cursor="0")
    last = page + 1 >= len(TOOLS)
    return ListToolsResult(tools=[TOOLS[page]], next_cursor=None if last else str(page + 1))


async def call_tool(context: Any, params: CallToolRequestParams) -> CallToolResult:
    given = params.arguments or {}
    if params.name == "add":
        total = given["a"] + given["b"]
        return CallToolResult(content=[TextContent(text=str(total))], structured_content={"sum": total})
    if params.name == "fail":
        return CallToolResult(content=[TextContent(text="no ink")], is_error=True)
    if params.name == "environment":
        return CallToolResult(content=[TextContent(text=os.environ.get("TOOLS_SECRET", "nothing"))])
    return CallToolResult(content=[TextContent(text=given["text"]), TextContent(text="!")])


def server() -> Server[Any]:
    return Server("scripted", version="1", title="Scripted", on_list_tools=list_tools, on_call_tool=call_tool)


async def main() -> None:
    made = server()
    async with stdio_server() as (incoming, outgoing):
        await made.run(incoming, outgoing, made.create_initialization_options())


if __name__ == "__main__":
    anyio.run(main)
