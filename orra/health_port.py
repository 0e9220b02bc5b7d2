"""``/livez``, ``/readyz`` and ``/metrics`` of a worker or a beat, on a port of its own (``ORRA_HEALTH_PORT``), for
what watches containers. A web process answers the same on its own port."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import structlog
from django.conf import settings
from django.db import connection

from orra.base.metrics import exposition
from planengine.accounting import exemplars
from planengine.api.health import readiness

log = structlog.get_logger(__name__)

JSON = "application/json"
CLIENT_SECONDS = 5


class Handler(BaseHTTPRequestHandler):
    timeout = CLIENT_SECONDS  # for what a client takes to say what it wants
    server_version = "orra"
    sys_version = ""

    def do_GET(self) -> None:
        status, content_type, body = _answer(self.path.partition("?")[0], self.headers.get("Accept", ""))
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Not a line for each look."""


def open_if_asked() -> ThreadingHTTPServer | None:
    """Answers from now on, in threads of its own, if a port was set. Raises OSError where it is taken."""
    if not settings.HEALTH_PORT:
        return None
    server = ThreadingHTTPServer((settings.HEALTH_HOST, settings.HEALTH_PORT), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server


def _answer(path: str, accept: str) -> tuple[int, str, bytes]:
    """Status, content type and body."""
    try:
        if path == "/livez":
            return 200, JSON, b'{"status": "ok"}'
        if path == "/readyz":
            status, told = readiness()
            return status, JSON, json.dumps(told).encode()
        if path == "/metrics":  # what this process counted: the gauges of all are any web process' to tell
            body, content_type = exposition(accept, exemplars=exemplars.newest)
            return 200, content_type, body
        return 404, JSON, b'{"status": "not found"}'
    finally:
        connection.close()  # each look has a thread of its own
