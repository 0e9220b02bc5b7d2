"""An OpenAI-compatible model server that answers from a script, over real sockets on loopback.

    with ScriptedServer([wrong_plan, wrong_plan, right_plan]) as server:
        ...                                 # base URL: server.url
    assert server.calls == 3
    assert "task0" in server.requests[-1].prompt

A scripted reply is a plan (a dict, sent as JSON), a text (sent as the message's content as it is), a
:class:`Reply`, or a function from :class:`Request` to any of these. When the script has run out, ``default``
answers; without one, a plan that suits the request (:func:`oblige`).

By hand: ``python -m tests.servers.scripted --port 0 [--reply FILE …]``
"""

from __future__ import annotations

import argparse
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

MODEL = "scripted-1"
USAGE = {"prompt_tokens": 120, "completion_tokens": 30, "total_tokens": 150}


@dataclass(frozen=True)
class Request:
    """One request as it arrived. ``client`` is the connection's remote address, for tests of connection reuse."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    client: tuple[str, int]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def prompt(self) -> str:
        return "\n\n".join(message["content"] for message in self.json["messages"])

    @property
    def sections(self) -> dict[str, Any]:
        """The data sections of orra's prompt, decoded, by name."""
        found = re.findall(r"^(#\w+) BEGIN ([^\n]+)\n(.*?)\n\1 END \2$", self.prompt, re.MULTILINE | re.DOTALL)
        return {name.removesuffix(" of task0"): json.loads(text) for _, name, text in found}

    @property
    def choice(self) -> dict[str, str]:
        """The sections of orra's shorter prompts, which ask for services or for one option, as they stand; empty
        for another prompt."""
        ended = re.search(r"^(#[0-9a-f]{6}) end$", self.prompt, re.MULTILINE)
        if ended is None:
            return {}
        parts = re.split(rf"^{ended[1]} ", self.prompt[: ended.start()], flags=re.MULTILINE)[1:]
        return {name: text.rstrip("\n") for name, _, text in (part.partition("\n") for part in parts)}


@dataclass(frozen=True)
class Reply:
    """One answer. ``delay`` is waited first. ``pieces`` instead of a body are sent one by one, as a stream is, and
    taken as they are sent. ``then`` says how it is sent: ``send`` it whole; ``hang`` without a byte until the
    client goes; ``drop`` the connection before the status line; ``cut`` it after half of the body or the pieces;
    ``stall`` there until the client goes; ``drip`` blank lines for ever; ``flood`` white space without an end;
    ``trickle`` headers for ever."""

    status: int = 200
    body: Any = b""
    pieces: Iterable[bytes] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    then: str = "send"

    @property
    def encoded(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


Scripted = dict[str, Any] | str | Reply | Callable[[Request], "Scripted"]


def completion(
    content: Any, *, finish_reason: str | None = "stop", usage: Any = USAGE, model: str = MODEL, **message: Any
) -> Reply:
    """A chat completion. ``usage=...`` (the Ellipsis) leaves it out; ``message`` adds fields, as ``reasoning``."""
    if isinstance(content, dict):
        content = json.dumps(content)
    answer: dict[str, Any] = {
        "id": "chatcmpl-scripted",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": content, **message},
                "finish_reason": finish_reason,
            }
        ],
    }
    return Reply(body=answer if usage is ... else answer | {"usage": usage})


def thinking(plan: Any, thoughts: str = 'First {"tasks": []}? No.', *, opening: bool = True) -> Reply:
    """The plan after inline reasoning; some servers send it without the opening tag."""
    return completion(f"{'<think>' if opening else ''}{thoughts}</think>\n\n{_text(plan)}")


def fenced(plan: Any) -> Reply:
    return completion(f"Here is the plan:\n\n```json\n{_text(plan)}\n```\nAnything else?")


def failure(
    status: int, message: str = "Something went wrong", *, headers: Mapping[str, str] | None = None, **error: Any
) -> Reply:
    """An error as OpenAI nests it; ``error`` adds fields such as ``code`` and ``type``."""
    return Reply(status=status, body={"error": {"message": message, **error}}, headers=headers or {})


def delayed(reply: Scripted, seconds: float) -> Reply:
    return replace(_reply_of(reply), delay=seconds)


def final(reason: str) -> dict[str, Any]:
    return {"tasks": [{"id": "final", "input": {"error": reason}}], "parallel_groups": []}


def oblige(request: Request) -> dict[str, Any]:
    """A valid plan for orra's prompt: the one service that shares most words with the request, of those that its
    params suffice for; ``final`` when there is none."""
    if choice := request.choice:
        return _choose(choice)
    sections = request.sections
    params, wanted = sections["params"], _words(sections["request"])
    callable_ones = [spec for spec in sections["services"] if set(spec["required_inputs"]) <= params.keys()]
    if not callable_ones:
        return final("No service can be called with the given params.")
    best = max(callable_ones, key=lambda spec: len(wanted & _words(f"{spec['name']} {spec['description']}")))
    taken = {name: f"$task0.{name}" for name in params if name in best["inputs"]}
    tasks = [{"id": "task0", "input": params}, {"id": "task1", "service": best["name"], "input": taken}]
    return {"tasks": tasks, "parallel_groups": [["task1"]]}


def _choose(sections: Mapping[str, str]) -> dict[str, Any]:
    """The first option of a question; else the one service that shares most words with the request."""
    if "options" in sections:
        return {"answer": json.loads(sections["options"])[0]}
    wanted = _words(json.loads(sections["request"]))
    best = max(sections["services"].splitlines(), key=lambda line: len(wanted & _words(line)))
    return {"answer": {"services": [best.partition("(")[0]]}}


class ScriptedServer:
    """Started by ``with``, or by :meth:`start` and :meth:`stop`. Everything on it may be read from any thread.

    What a subclass may do otherwise: refuse a chat request before it reaches the script (:meth:`refuse`), say
    what is scripted in its own words (:meth:`render`), answer on other paths (:meth:`elsewhere`)."""

    def __init__(
        self,
        replies: Iterable[Scripted] = (),
        *,
        default: Scripted = oblige,
        host: str = "127.0.0.1",
        port: int = 0,
        model: str = MODEL,
    ) -> None:
        self.requests: list[Request] = []
        self.peak = 0
        self.model = model
        self._replies = list(replies)
        self._default = default
        self._busy = 0
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._sockets: set[socket.socket] = set()
        self._server = _Listener(host, port, self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """The base URL, as an operator would configure it."""
        return f"http://{self._server.server_address[0]!s}:{self.port}/v1"

    @property
    def calls(self) -> int:
        """How many chat completions were asked for."""
        return sum(request.path.endswith("/chat/completions") for request in self.requests)

    def script(self, *replies: Any) -> None:
        """Adds replies after those that are still to come."""
        with self._lock:
            self._replies.extend(replies)

    def start(self) -> ScriptedServer:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._stopping.set()
        self._server.shutdown()
        with self._lock:
            sockets = list(self._sockets)
        for sock in sockets:  # wakes handlers that read from an idle connection
            _shut(sock)
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> ScriptedServer:
        return self.start()

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def refuse(self, request: Request) -> Reply | None:
        return None

    def render(self, scripted: Scripted, request: Request) -> Reply:
        return _reply_of(scripted, request)

    def elsewhere(self, request: Request) -> Reply:
        """To a request for anything but a chat completion."""
        if request.method == "GET" and request.path.partition("?")[0] == "/v1/models":
            return Reply(body={"object": "list", "data": [{"id": self.model, "object": "model"}]})
        return failure(404, f"Unexpected path {request.path}")

    def answer(self, request: Request) -> Reply:
        with self._lock:
            self.requests.append(request)
        if request.method != "POST" or request.path.partition("?")[0] != "/v1/chat/completions":
            return self.elsewhere(request)
        return self.refuse(request) or self.render(self._next(), request)

    def _next(self) -> Scripted:
        with self._lock:
            return self._replies.pop(0) if self._replies else self._default

    def _begun(self) -> None:
        with self._lock:
            self._busy += 1
            self.peak = max(self.peak, self._busy)

    def _done(self) -> None:
        with self._lock:
            self._busy -= 1


class _Listener(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    request_queue_size = 256

    def __init__(self, host: str, port: int, owner: ScriptedServer) -> None:
        self.owner = owner
        super().__init__((host, port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self.owner._lock:
            self.owner._sockets.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self.owner._lock:
            self.owner._sockets.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is what many tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Listener
    # Buffered, so that head and body leave in one segment: else Nagle's algorithm adds 40 ms to each answer.
    wbufsize = -1

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        owner, request = self.server.owner, self._request()
        owner._begun()
        try:
            self._send(owner.answer(request))
        finally:
            owner._done()

    def _request(self) -> Request:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(self.command, self.path, headers, body, self.client_address)

    def _send(self, reply: Reply) -> None:
        stopping = self.server.owner._stopping
        stopping.wait(reply.delay)
        if reply.then in ("hang", "drop"):
            self._leave(hang=reply.then == "hang")
            return
        if reply.then == "trickle":
            self._trickle_headers()
            return
        body = reply.encoded
        endless = reply.then in ("drip", "flood")
        chunked = endless or bool(reply.pieces)
        self.send_response(reply.status)
        for name, value in ({"Content-Type": "application/json"} | dict(reply.headers)).items():
            self.send_header(name, value)
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if endless:
            self._send_blanks(b"\n" if reply.then == "drip" else b" " * 65536, pause=0.02 * (reply.then == "drip"))
        elif reply.pieces:
            self._send_pieces(reply)
        elif reply.then in ("cut", "stall"):
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            self._leave(hang=reply.then == "stall")
        else:
            self.wfile.write(body)
        self.wfile.flush()

    def _leave(self, *, hang: bool) -> None:
        stopping = self.server.owner._stopping
        while hang and not stopping.is_set() and not _gone(self.connection):
            stopping.wait(0.01)
        self.close_connection = True

    def _send_pieces(self, reply: Reply) -> None:
        whole = reply.then == "send"
        pieces = reply.pieces if whole else _first_half(reply.pieces)
        for piece in pieces:
            self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            self.wfile.flush()
        if whole:
            self.wfile.write(b"0\r\n\r\n")
        else:
            self._leave(hang=reply.then == "stall")

    def _send_blanks(self, blank: bytes, *, pause: float) -> None:
        stopping = self.server.owner._stopping
        while not stopping.is_set():
            self.wfile.write(f"{len(blank):x}\r\n".encode() + blank + b"\r\n")
            self.wfile.flush()
            stopping.wait(pause)
        self.close_connection = True

    def _trickle_headers(self) -> None:
        stopping = self.server.owner._stopping
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not stopping.wait(0.02):
            self.wfile.write(b"X-Wait: 1\r\n")
            self.wfile.flush()
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: what arrived is in ``requests``."""


def _reply_of(scripted: Scripted, request: Request | None = None) -> Reply:
    while callable(scripted):
        assert request is not None, "a reply that depends on the request cannot be prepared without one"
        scripted = scripted(request)
    return scripted if isinstance(scripted, Reply) else completion(scripted)


def _first_half(pieces: Iterable[bytes]) -> Sequence[bytes]:
    known = tuple(pieces)
    return known[: len(known) // 2]


def _text(plan: Any) -> str:
    return plan if isinstance(plan, str) else json.dumps(plan)


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]{3,}", text.lower()))


def _gone(sock: socket.socket) -> bool:
    try:
        return sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def _shut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it is closed already


def main() -> None:
    parser = argparse.ArgumentParser(description="A model server that answers from a script.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument(
        "--reply", type=Path, action="append", default=[], help="a file with an answer; repeatable"
    )
    options = parser.parse_args()
    with ScriptedServer([path.read_text() for path in options.reply], port=options.port) as server:
        print(server.url, flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
