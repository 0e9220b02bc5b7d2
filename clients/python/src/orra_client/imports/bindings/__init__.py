"""How imported services are called, as data that can be kept in a file, and calls made from it.

A binding is a JSON object. Of an operation::

    {"kind": "http", "operation": "GET /pets/{petId}", "method": "GET", "path": "/pets/{petId}",
     "inputs": {"petId": {"in": "path", "name": "petId"}}, "output": {"as": "json"}}

``inputs`` says of each input where it goes (``in``: path, query, header, cookie, body), what it is called there
and, where it is not OpenAPI's default, how it is written (``style``, ``explode``, ``as``). One in the body without
a ``name`` is the whole body. ``body`` has the content type, ``required``, and ``takes_others`` where inputs of
other names go into it. ``output`` says how the answer is read: ``as`` ``json``, ``text`` or ``nothing``, and
``wrap``, the member of the output that it becomes.

Of a tool of an MCP server::

    {"kind": "mcp", "tool": "add", "output": {"as": "structured"}}

CallFailed          the call was made, and there is no output
InputsRefused       the call cannot be made of these inputs
"""

from orra_client.imports.bindings.calls import Call, CallFailed, InputsRefused, call_of, output_of
from orra_client.imports.bindings.files import Bindings, dump, load
from orra_client.imports.bindings.handlers import handler, handlers, tool_handler

__all__ = [
    "Bindings",
    "Call",
    "CallFailed",
    "InputsRefused",
    "call_of",
    "dump",
    "handler",
    "handlers",
    "load",
    "output_of",
    "tool_handler",
]
