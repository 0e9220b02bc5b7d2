"""Hits and plans a second with one host of a kind and with two, in turns."""

from __future__ import annotations

import http.client
import json
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from machines.cluster import WEB, WORKERS, Cluster, start_all_on

SECONDS = 6.0
ROUNDS = 3
HIT_CLIENTS = 8
# More than the workers of two hosts make at once.
PLAN_CLIENTS = 16


@dataclass(frozen=True)
class Rates:
    """A second, in each round."""

    one: Sequence[float]
    two: Sequence[float]

    @property
    def ratio(self) -> float:
        return statistics.median(two / one for one, two in zip(self.one, self.two, strict=True))


def hits(cluster: Cluster, *, rounds: int = ROUNDS) -> Rates:
    """Exact hits, from clients that ask one host's processes or both hosts'."""
    every = cluster.stack.url.split()
    first = [url for url in every if urlsplit(url).hostname == cluster.host(next(iter(WEB))).address]
    one: list[float] = []
    two: list[float] = []
    for number in range(rounds):
        for urls, rates in ((first, one), (every, two)):
            rates.append(_rate(cluster, urls, clients=HIT_CLIENTS, mark=f"{number}{len(urls)}"))
    return Rates(one, two)


def plans(cluster: Cluster, *, rounds: int = ROUNDS) -> Rates:
    """Plans that only a model makes, with one worker host or with both."""
    urls = cluster.stack.url.split()
    other = cluster.host(list(WORKERS)[1])
    one: list[float] = []
    two: list[float] = []
    for number in range(rounds):
        for rates in (one, two):
            if rates is one:
                other.stop("worker")
            else:
                start_all_on(cluster, other)
            asked: dict[str, Any] = {"cache": "bypass", "wait_seconds": 20}
            mark = f"{number}p{len(two)}"
            if rates is two:  # it is there when it has made some
                waiting = threading.Thread(target=cluster.until_it_plans, args=(other,))
                waiting.start()
                while waiting.is_alive():
                    _rate(
                        cluster,
                        urls,
                        clients=PLAN_CLIENTS,
                        mark=f"{mark}w{time.monotonic_ns()}",
                        seconds=1,
                        **asked,
                    )
            rates.append(_rate(cluster, urls, clients=PLAN_CLIENTS, mark=mark, **asked))
    return Rates(one, two)


def _rate(
    cluster: Cluster, urls: Sequence[str], *, clients: int, mark: str, seconds: float = SECONDS, **more: Any
) -> float:
    """Answers with a ready plan, a second. Raises :class:`AssertionError` for any other."""
    until = time.monotonic() + seconds
    counts = [0] * clients
    began = time.monotonic()
    threads = [
        threading.Thread(
            target=_ask, args=(cluster.key, urls[at % len(urls)], f"T-{mark}x{at}", until, more, _adds(counts, at))
        )
        for at in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.monotonic() - began)


def _adds(counts: list[int], at: int) -> Callable[[], None]:
    def add() -> None:
        counts[at] += 1

    return add


def _ask(key: str, url: str, token: str, until: float, more: dict[str, Any], done: Callable[[], None]) -> None:
    address = urlsplit(url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=30)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    count = 0
    while time.monotonic() < until:
        order = f"{token}x{count}"
        body = {"action": f"Refund order {order}", "params": {"order_id": order}, **more}
        connection.request("POST", "/v1/plans", json.dumps(body), headers)
        answer = json.loads(connection.getresponse().read())
        assert answer.get("status") == "ready", answer
        count += 1
        done()
    connection.close()
