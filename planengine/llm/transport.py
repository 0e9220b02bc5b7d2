"""HTTP under the model clients, with three promises that a read time-out alone does not give.

- **The deadline holds.** Every wait on the network (name lookup, connect, TLS, each send and each receive)
  lasts at most until the deadline set by :func:`until`: one that trickles white space for ever is left in time.
- **Size is bounded.** A body longer than :data:`MAX_BODY_BYTES` ends the call, a stream at
  :data:`MAX_STREAM_BYTES`: each of its tokens comes in an envelope of some 300 bytes.
- **Only our headers leave.** The OpenAI SDK adds headers from ``OPENAI_*`` variables; a self-hosted server must
  see none of them, so the transport sends its own list and nothing else.
"""

from __future__ import annotations

import functools
import queue
import select
import socket
import ssl
import threading
import time
import weakref
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

import httpcore2
import httpx2

MAX_BODY_BYTES = 8 * 1024 * 1024
MAX_STREAM_BYTES = 64 * 1024 * 1024
CONNECT_SECONDS = 5.0
IDLE_SECONDS = 30.0
# As many as a worker may have threads: with fewer, generations would wait for each other.
MAX_CONNECTIONS = 256

_deadline: ContextVar[float] = ContextVar("deadline")


class BodyTooLarge(Exception):
    """The server sent more than is read of one answer."""


@contextmanager
def until(deadline: float) -> Generator[None]:
    """Within it, this thread's waits on the network end by ``deadline`` (``time.monotonic`` seconds)."""
    token = _deadline.set(deadline)
    try:
        yield
    finally:
        _deadline.reset(token)


def seconds_left(at_most: float | None = None) -> float:
    """How long a wait may last now: zero or less when the deadline has passed. Raises LookupError outside of
    :func:`until`, so that no call can be made without a deadline."""
    left = _deadline.get() - time.monotonic()
    return left if at_most is None else min(left, at_most)


class BoundedTransport(httpx2.BaseTransport):
    """Sends ``headers`` besides Host, Content-Type and Content-Length, over kept-alive HTTP/1.1 connections (with
    HTTP/2 one thread's call would wait on a socket that another reads). Proxies from the environment are not used;
    ``SSL_CERT_FILE`` is, for servers with a private certificate authority."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
        self._pool = httpcore2.ConnectionPool(
            ssl_context=_certificates(),
            max_connections=MAX_CONNECTIONS,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=_Network(),
        )
        weakref.finalize(self, self._pool.close).atexit = False

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        body = request.read()
        url = request.url
        sent = httpcore2.Request(
            method=request.method,
            url=httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=[
                (b"Host", url.netloc),
                *self._headers,
                (b"Content-Type", b"application/json"),
                (b"Content-Length", str(len(body)).encode("ascii")),
            ],
            content=body,
            extensions={"timeout": {"pool": seconds_left()}},
        )
        with _translated_errors():
            received = self._pool.handle_request(sent)
        # No encoding was asked for: undone, a small body could become a huge one; left as it came, it is no JSON.
        headers = [(name, value) for name, value in received.headers if name.lower() != b"content-encoding"]
        streams = any(name.lower() == b"content-type" and b"event-stream" in value for name, value in headers)
        most = MAX_STREAM_BYTES if streams else MAX_BODY_BYTES
        return httpx2.Response(received.status, headers=headers, stream=_BoundedBody(received.stream, most, self))

    def close(self) -> None:
        self._pool.close()


@functools.cache
def _certificates() -> ssl.SSLContext:
    """Shared by all clients: reading the authorities takes 30 ms and a megabyte."""
    return httpx2.create_ssl_context()


class _BoundedBody(httpx2.SyncByteStream):
    def __init__(self, stream: Any, most: int, owner: BoundedTransport) -> None:
        self._stream = stream
        self._most = most
        self._owner = owner  # which, forgotten in the middle of an answer, would close the connection

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        with _translated_errors():
            for part in self._stream:
                size += len(part)
                if size > self._most:
                    raise BodyTooLarge
                yield part

    def close(self) -> None:
        self._stream.close()


class _Network(httpcore2.NetworkBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        give_up = time.monotonic() + seconds_left(CONNECT_SECONDS)
        problem: OSError = ConnectionError(f"{host} has no address")
        for family, kind, protocol, _, address in _look_up(host, port, give_up=give_up):
            sock = socket.socket(family, kind, protocol)
            try:
                _limit(sock, give_up - time.monotonic())
                sock.connect(address)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return _Stream(sock)
            except OSError as error:
                sock.close()
                problem = error
        if isinstance(problem, TimeoutError):
            raise httpcore2.ConnectTimeout(f"no connection within {CONNECT_SECONDS:g} s") from problem
        raise httpcore2.ConnectError(str(problem)) from problem


class _Stream(httpcore2.NetworkStream):
    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            _limit(self._sock, seconds_left(timeout))
            return self._sock.recv(max_bytes)
        except TimeoutError as error:
            raise httpcore2.ReadTimeout(str(error)) from error
        except OSError as error:
            raise httpcore2.ReadError(str(error)) from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        unsent = memoryview(buffer)
        try:
            while unsent:
                _limit(self._sock, seconds_left(timeout))
                unsent = unsent[self._sock.send(unsent) :]
        except TimeoutError as error:
            raise httpcore2.WriteTimeout(str(error)) from error
        except OSError as error:
            raise httpcore2.WriteError(str(error)) from error

    def close(self) -> None:
        self._sock.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        try:
            _limit(self._sock, seconds_left(CONNECT_SECONDS))
            return _Stream(ssl_context.wrap_socket(self._sock, server_hostname=server_hostname))
        except TimeoutError as error:
            self.close()
            raise httpcore2.ConnectTimeout(str(error)) from error
        except OSError as error:
            self.close()
            raise httpcore2.ConnectError(str(error)) from error

    def get_extra_info(self, info: str) -> Any:
        # An idle connection with something to read has been closed by the server: the pool then opens another.
        if info == "is_readable":
            poll = select.poll()  # not select.select, which fails in a process with many open files
            poll.register(self._sock, select.POLLIN)
            return bool(poll.poll(0))
        return None


def _limit(sock: socket.socket, seconds: float) -> None:
    if seconds <= 0:  # settimeout(0) would mean "do not block", not "no time left"
        raise TimeoutError("the deadline has passed")
    sock.settimeout(seconds)


def _look_up(host: str, port: int, *, give_up: float) -> list[Any]:
    """getaddrinfo with a deadline. An address needs no asking; a name may, and getaddrinfo cannot be interrupted:
    it waits in a thread of its own."""
    with suppress(OSError, UnicodeError):
        return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST))

    found: queue.SimpleQueue[list[Any] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found.put(list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
        except (OSError, UnicodeError) as error:  # UnicodeError: a label too long for a host name
            found.put(error if isinstance(error, OSError) else OSError(str(error)))

    threading.Thread(target=ask, daemon=True, name="look-up").start()
    try:
        outcome = found.get(timeout=max(give_up - time.monotonic(), 0))
    except queue.Empty:
        raise httpcore2.ConnectTimeout(f"the name {host} was not resolved in time") from None
    if isinstance(outcome, OSError):
        raise httpcore2.ConnectError(str(outcome)) from outcome
    return outcome


_translations: tuple[tuple[type[Exception], type[httpx2.TransportError]], ...] = (
    (httpcore2.ConnectTimeout, httpx2.ConnectTimeout),
    (httpcore2.WriteTimeout, httpx2.WriteTimeout),
    (httpcore2.PoolTimeout, httpx2.PoolTimeout),
    (httpcore2.TimeoutException, httpx2.ReadTimeout),
    (httpcore2.ConnectError, httpx2.ConnectError),
    (httpcore2.WriteError, httpx2.WriteError),
    (httpcore2.NetworkError, httpx2.ReadError),
    (httpcore2.RemoteProtocolError, httpx2.RemoteProtocolError),
    (httpcore2.LocalProtocolError, httpx2.LocalProtocolError),
    (httpcore2.UnsupportedProtocol, httpx2.UnsupportedProtocol),
)


@contextmanager
def _translated_errors() -> Generator[None]:
    """The SDK knows HTTPX's exceptions, not those of the layer below."""
    try:
        yield
    except tuple(source for source, _ in _translations) as error:
        target = next(target for source, target in _translations if isinstance(error, source))
        raise target(str(error)) from error
