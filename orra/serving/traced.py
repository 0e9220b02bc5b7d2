"""A span for each request, around an ASGI app: only where traces are wanted."""

from __future__ import annotations

import re

from orra.base import tracing
from orra.serving.messages import App, Message, Receive, Send
from orra.serving.request_ids import HEADER

UNTRACED = {"/livez", "/readyz", "/metrics"}
# Of a path, what is somebody's: ids, and names after these.
ID = re.compile(r"[a-z]{1,3}_[a-z]{24}|[0-9]+")
NAMED = {"services", "groundings"}
WORD = re.compile(r"[a-z-]{1,20}")
MOST_PARTS = 5


def traced(app: App) -> App:
    """``app``, with spans while :func:`orra.base.tracing.is_on`."""

    async def application(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in UNTRACED or not tracing.is_on():
            await app(scope, receive, send)
            return
        route = route_of(scope["path"])
        told: dict[str, tracing.Value] = {"http.request.method": scope["method"], "http.route": route}
        parent = next((value for name, value in scope["headers"] if name == tracing.PARENT.encode()), b"")
        name = f"{scope['method']} {route}"
        with tracing.span(name, told, kind="server", parent=parent.decode("latin-1")) as span:

            async def send_noted(message: Message) -> None:
                if message["type"] == "http.response.start":
                    request_id = next((value for name, value in message["headers"] if name == HEADER), b"")
                    span.note(
                        {"http.response.status_code": message["status"], "orra.request.id": request_id.decode()}
                    )
                await send(message)

            await app(scope, receive, send_noted)

    return application


def route_of(path: str) -> str:
    """The path without what is somebody's own, so that there are few of them."""
    parts = path.strip("/").split("/")
    if parts[0] != "v1":
        return f"/{parts[0]}" if parts[0] in {"", "admin", "docs", "static", "mcp"} else "/{path}"
    shown = ["v1"]
    for before, part in zip(parts, parts[1:MOST_PARTS], strict=False):
        if before in NAMED:
            shown.append("{name}")
        elif ID.fullmatch(part):
            shown.append("{id}")
        else:
            shown.append(part if WORD.fullmatch(part) else "{path}")
    return "/" + "/".join(shown)
