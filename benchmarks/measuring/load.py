"""Clients that keep a server busy and cost little themselves: plain sockets, kept open, prepared requests.

They run in a process of their own, so that nothing but the processor is shared with what is measured.
"""

from __future__ import annotations

import multiprocessing
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle, islice

Address = tuple[str, int]
WARM_UP = 40


@dataclass(frozen=True)
class Load:
    """``seconds`` has one entry for each request, from sending it to the end of its answer. ``asked`` counts those
    that were sent to warm up, too."""

    seconds: tuple[float, ...]
    elapsed: float
    asked: int

    @property
    def per_second(self) -> float:
        return len(self.seconds) / self.elapsed


def measure(address: Address, requests: Sequence[bytes], *, clients: int, seconds: float) -> Load:
    """Each client sends one request after the other for so long, and goes on with the first after its last.
    Raises RuntimeError on any answer but a 2xx."""
    shares = [cycle(requests[number::clients]) for number in range(clients)]
    with ThreadPoolExecutor(clients) as pool:
        warm = pool.map(lambda share: _ask(address, share, count=max(1, WARM_UP // clients)), shares)
        warmed = sum(map(len, warm))
        started = time.perf_counter()
        timings = pool.map(lambda share: _ask(address, share, until=started + seconds), shares)
        found = tuple(timing for client in timings for timing in client)
    return Load(found, time.perf_counter() - started, len(found) + warmed)


def ceiling(*, clients: int, seconds: float) -> Load:
    """What these clients reach where nothing is done for them: a thread for each sends the same bytes back."""
    listener = socket.create_server(("127.0.0.1", 0))
    with listener, ThreadPoolExecutor(2 * clients) as pool:
        stopped = threading.Event()
        for _ in range(2 * clients):  # who warms up connects by itself
            pool.submit(_send_back, listener, stopped)
        request = [prepare("GET", "/")] * clients
        with multiprocessing.get_context("spawn").Pool(1) as others:
            options = {"clients": clients, "seconds": seconds}
            load = others.apply(measure, (listener.getsockname(), request), options)
        stopped.set()
    return load


def _send_back(listener: socket.socket, stopped: threading.Event) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 1500\r\n\r\n" + b"x" * 1500
    with listener.accept()[0] as connection:
        while not stopped.is_set() and connection.recv(65_536):
            connection.sendall(answer)


def prepare(method: str, path: str, *, body: bytes = b"", headers: Sequence[str] = ()) -> bytes:
    """A request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *headers]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _ask(
    address: Address, requests: Iterator[bytes], *, until: float | None = None, count: int | None = None
) -> list[float]:
    timings = []
    with socket.create_connection(address, timeout=30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for request in islice(requests, count):
            started = time.perf_counter()
            if until is not None and started >= until:
                break
            connection.sendall(request)
            _read_answer(connection)
            timings.append(time.perf_counter() - started)
    return timings


def _read_answer(connection: socket.socket) -> None:
    received = b""
    while (end := received.find(b"\r\n\r\n")) < 0:
        received += _receive(connection)
    head = received[:end].lower()
    if not head.startswith(b"http/1.1 2"):
        raise RuntimeError(f"The server answered {received[: end + 400].decode(errors='replace')}")
    length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
    missing = end + 4 + length - len(received)
    while missing > 0:
        missing -= len(_receive(connection))


def _receive(connection: socket.socket) -> bytes:
    data = connection.recv(65_536)
    if not data:
        raise RuntimeError("The server closed the connection.")
    return data
