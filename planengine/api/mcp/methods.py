"""What clients ask for, by the method that a message names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from rest_framework.request import Request

from orra.base.strictjson import Json
from orra.serving.arrivals import arrived_at
from planengine.api.mcp import resources, tools
from planengine.api.mcp.messages import METHOD_NOT_FOUND, Fault, Message
from planengine.api.mcp.tools import Called
from planengine.api.mcp.versions import HANDSHAKE, SELF_CONTAINED, SUPPORTED, agreed
from planengine.api.reading.authentication import project_of
from planengine.api.reading.scopes import check_scope
from planengine.models import Project, Scope

SERVER: Final[Json] = {"name": "orra", "title": "orra, the plan engine", "version": "1"}
CAPABILITIES: Final[Json] = {"tools": {}, "resources": {}}
INSTRUCTIONS = (
    "orra turns requests in natural language into validated execution plans over this project's services. Call "
    "`plan` with what is to be done and its values, and carry out the plan that it answers: it calls no service "
    "itself. Where a plan is wrong, say so with `report_wrong_plan`, so that it does not come back."
)
# For so long an answer that does not change between upgrades may be kept. Every other is good for once.
UNCHANGING_MS = 3_600_000


@dataclass(frozen=True)
class Asked:
    """A request of an agent, with who sent it."""

    message: Message
    version: str
    request: Request

    @property
    def project(self) -> Project:
        return project_of(self.request)


def answered(asked: Asked) -> Called:
    """Raises :class:`Fault` for what cannot be answered with a result."""
    known = FIRST if asked.version in HANDSHAKE else SINCE
    method = known.get(asked.message.method)
    if method is None:
        methods = ", ".join(known)
        raise Fault(METHOD_NOT_FOUND, f"There is no such method. Methods are: {methods}.", status=404)
    called = method(asked)
    if asked.version in SELF_CONTAINED:
        named = {"_meta": {"io.modelcontextprotocol/serverInfo": SERVER}, "resultType": "complete"}
        return Called({**called.result, **named, **_good_for(asked.message.method)}, called.waits_for)
    return called


def _good_for(method: str) -> dict[str, Json]:
    if method == "tools/call":
        return {}
    kept = method not in ("resources/list", "resources/read")
    return {"ttlMs": UNCHANGING_MS if kept else 0, "cacheScope": "private"}


def _initialize(asked: Asked) -> Called:
    version = agreed(asked.message.params.get("protocolVersion"))
    told = {"capabilities": CAPABILITIES, "serverInfo": SERVER, "instructions": INSTRUCTIONS}
    return Called({"protocolVersion": version, **told})


def _discover(asked: Asked) -> Called:
    return Called(
        {"supportedVersions": list(SUPPORTED), "capabilities": CAPABILITIES, "instructions": INSTRUCTIONS}
    )


def _ping(asked: Asked) -> Called:
    return Called({})


def _list_tools(asked: Asked) -> Called:
    return Called({"tools": [tool.as_json() for tool in tools.TOOLS.values()]})


def _call_tool(asked: Asked) -> Called:
    tool = tools.named(asked.message.params.get("name"))
    check_scope(asked.project, tool.scope)
    arguments = asked.message.params.get("arguments", {})
    at = arrived_at(asked.request.META.get("asgi.scope", {}))
    return tools.call(tool, asked.project, arguments, arrived_at=at)


def _list_resources(asked: Asked) -> Called:
    check_scope(asked.project, Scope.PLAN)
    cursor = asked.message.params.get("cursor")
    return Called(resources.newest_plans(asked.project, cursor, request=asked.request))


def _list_templates(asked: Asked) -> Called:
    return Called({"resourceTemplates": resources.TEMPLATES})


def _read_resource(asked: Asked) -> Called:
    check_scope(asked.project, Scope.PLAN)
    uri = asked.message.params.get("uri")
    return Called(resources.read(asked.project, uri, version=asked.version))


_BOTH: Mapping[str, Callable[[Asked], Called]] = {
    "tools/list": _list_tools,
    "tools/call": _call_tool,
    "resources/list": _list_resources,
    "resources/templates/list": _list_templates,
    "resources/read": _read_resource,
}
FIRST = {"initialize": _initialize, "ping": _ping, **_BOTH}
SINCE = {"server/discover": _discover, **_BOTH}
