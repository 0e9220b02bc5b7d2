"""An agent's side of the protocol, as far as tests of the endpoint need it: messages and headers by hand."""

from __future__ import annotations

from typing import Any

from orra.base.strictjson import Json
from tests.conftest import Api

NEWEST = "2026-07-28"
META = {
    "io.modelcontextprotocol/protocolVersion": NEWEST,
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "tests", "version": "1"},
}


def message(method: str, params: Json = None, *, id: Json = 1) -> dict[str, Json]:
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": params or {}}


def ask(api: Api, method: str, **params: Json) -> Json:
    """The result of a request in the newest revision."""
    answer = send(api, method, **params)
    assert answer.status_code == 200, answer.content
    return answer.json()["result"]


def send(api: Api, method: str, **params: Json) -> Any:
    headers = {"Mcp-Protocol-Version": NEWEST, "Mcp-Method": method}
    if (name := params.get("name", params.get("uri"))) is not None:
        headers["Mcp-Name"] = name
    return api.post("/mcp", message(method, {"_meta": META, **params}), **headers)


def call(api: Api, tool: str, **arguments: Json) -> Json:
    return ask(api, "tools/call", name=tool, arguments=arguments)
