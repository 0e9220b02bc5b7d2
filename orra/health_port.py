"""``/livez``, ``/readyz`` and ``/metrics`` of a worker or a beat, on a port of its own (``ORRA_HEALTH_PORT``), for
what watches containers. A web process answers the same on its own port; what it says before it serves is said
from here, too."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import structlog
from django.conf import settings
from django.db import connection

from orra.base.metrics import exposition
from planengine.accounting import exemplars
from planengine.api.problems import COME_BACK, CONTENT_TYPE, problem
from planengine.api.views.health import readiness

log = structlog.get_logger(__name__)

JSON = "application/json"
CLIENT_SECONDS = 5

Answer = tuple[int, str, bytes]


class Handler(BaseHTTPRequestHandler):
    timeout = CLIENT_SECONDS  # for what a client takes to say what it wants
    server_version = "orra"
    sys_version = ""
    anything_else: Answer = (404, JSON, b'{"status": "not found"}')

    def handle(self) -> None:
        with suppress(ConnectionError):  # who asked has gone
            super().handle()

    def do_GET(self) -> None:
        known = _answer(self.path.partition("?")[0], self.headers.get("Accept", ""))
        self.answer(*(known or self.anything_else))

    def answer(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Not a line for each look."""


class NotYetHandler(Handler):
    """Of a process that serves nobody yet: whatever is asked for is to be had later."""

    UPGRADED = problem(503, "database_unreachable", "The database is being upgraded. Try again in a moment.")
    anything_else = (503, CONTENT_TYPE, json.dumps(UPGRADED).encode())

    def do_POST(self) -> None:
        self.answer(*self.anything_else)

    do_PUT = do_PATCH = do_DELETE = do_POST

    def end_headers(self) -> None:
        self.send_header("Retry-After", COME_BACK["Retry-After"])
        super().end_headers()


def open_if_asked() -> ThreadingHTTPServer | None:
    """Answers from now on, in threads of its own, if a port was set. Raises OSError where it is taken."""
    if not settings.HEALTH_PORT:
        return None
    return _serve(ThreadingHTTPServer((settings.HEALTH_HOST, settings.HEALTH_PORT), Handler))


@contextmanager
def not_yet(listener: socket.socket | None) -> Iterator[None]:
    """Answers that this process serves nobody yet: on ``listener``, which stays open for whoever serves later, or
    without one on the port that was set, if one was."""
    if listener is None and not settings.HEALTH_PORT:
        yield
        return
    address = listener.getsockname()[:2] if listener else (settings.HEALTH_HOST, settings.HEALTH_PORT)
    server = ThreadingHTTPServer(address, NotYetHandler, bind_and_activate=listener is None)
    own = server.socket
    if listener is not None:
        server.socket = listener
    _serve(server)
    try:
        yield
    finally:
        server.shutdown()
        own.close()


def _serve(server: ThreadingHTTPServer) -> ThreadingHTTPServer:
    server.daemon_threads = True
    Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server


def _answer(path: str, accept: str) -> Answer | None:
    """Status, content type and body; ``None`` for what is none of the three."""
    try:
        if path == "/livez":
            return 200, JSON, b'{"status": "ok"}'
        if path == "/readyz":
            status, told = readiness()
            return status, JSON, json.dumps(told).encode()
        if path == "/metrics":  # what this process counted: the gauges of all are any web process' to tell
            body, content_type = exposition(accept, exemplars=exemplars.newest)
            return 200, content_type, body
        return None
    finally:
        connection.close()  # each look has a thread of its own
