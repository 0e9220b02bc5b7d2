"""Clients of several kinds at work on a stack, and the ledger of what they were told.

Every request has a value of its own, its token, in its action and its params. A client whose request fails sends
it again, with the same idempotency key: so whatever was answered was accepted, and must end once.
"""

from __future__ import annotations

import http.client
import json
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from zlib import crc32

from tests.live.slow_model import SYLLABLES, made_up

# What a client sends again: the server is away, or has too much to do.
AGAIN = (429, 502, 503, 504)
PAUSE = 0.05
THINKING_SECONDS = 0.02
ANSWER_SECONDS = 40.0
# Clients watch their connections as a proxy in front would.
VANISHED_SECONDS = 3
WATCHED = {"TCP_KEEPIDLE": 1, "TCP_KEEPINTVL": 1, "TCP_KEEPCNT": 2, "TCP_USER_TIMEOUT": 1000 * VANISHED_SECONDS}
FINAL_EVENTS = ("ready", "not_actionable", "failed")
# So many requests in new words share these: one leads, the others follow.
SHARE_WORDS = 3
MADE_UP = len(SYLLABLES) ** 2

WORDINGS = (
    "Please refund the order {}",
    "Give the customer the money back for order {}",
    "Refund the order {} to the customer",
    "Look up order {}",
    "Find the order {} with its items",
    "Refund order {} now, please",
    "The customer wants order {} refunded",
    "Find order {} and its customer",
)


@dataclass(frozen=True)
class Asked:
    """A request that was accepted, with the plan as the client saw it last."""

    key: str
    token: str
    kind: str
    plan: Mapping[str, Any]

    @property
    def is_finished(self) -> bool:
        return self.plan["finished_at"] is not None


@dataclass
class Book:
    """What clients were told, by idempotency key. ``faults`` are answers that nobody should get; ``sent_again``
    counts requests whose first answer did not arrive, ``given_up`` those without one in :data:`ANSWER_SECONDS`."""

    accepted: dict[str, Asked] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)
    sent_again: int = 0
    given_up: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, asked: Asked) -> None:
        """Raises nothing: what differs from what was told before is among the faults."""
        with self._lock:
            known = self.accepted.get(asked.key)
            if known is None:
                self.kinds[asked.kind] += 1
            elif known.plan["id"] != asked.plan["id"]:
                self.faults.append(f"{asked.key}: two plans, {known.plan['id']} and {asked.plan['id']}")
            elif known.is_finished and outcome(known.plan) != outcome(asked.plan):
                self.faults.append(f"{asked.key}: {known.plan['id']} ended, and ended otherwise later")
            self.accepted[asked.key] = asked

    def complain(self, text: str) -> None:
        with self._lock:
            self.faults.append(text)

    def give_up(self, text: str) -> None:
        with self._lock:
            self.given_up.append(text)

    def count_again(self) -> None:
        with self._lock:
            self.sent_again += 1


def outcome(plan: Mapping[str, Any]) -> tuple[Any, ...]:
    """What must not change once a plan has ended."""
    return tuple(plan[name] for name in ("status", "plan", "source", "finished_at"))


class GaveUp(Exception):
    """No answer in time."""


@dataclass
class Client:
    """One connection to a stack, which is opened again as often as it breaks. ``url`` may be several addresses,
    separated by spaces: whenever one gives no answer, or none now, the next is asked, from number ``at`` on."""

    url: str
    key: str
    book: Book
    seconds: float = ANSWER_SECONDS
    at: int = 0
    _connection: http.client.HTTPConnection | None = None

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """The answer, asked for again and again while the stack cannot give one. Raises :class:`GaveUp`."""
        deadline = time.monotonic() + self.seconds
        tries = 0
        while True:
            answered = self.send_once(method, path, body, headers)
            if answered is not None and answered[0] not in AGAIN:
                if answered[0] >= 500:
                    self.book.complain(f"{method} {path}: {answered[0]} {answered[1].get('code')}")
                else:
                    return answered
            self._ask_the_next()
            if time.monotonic() > deadline:
                raise GaveUp(f"{method} {path}: {answered}")
            if tries == 0:
                self.book.count_again()
            tries += 1
            time.sleep(PAUSE)

    def send_once(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> tuple[int, Any] | None:
        try:
            with self._reading(method, path, body, headers) as answer:
                content = answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            return None
        try:
            return answer.status, json.loads(content) if content else {}
        except ValueError:
            return answer.status, {"code": "no JSON"}

    def events(self, plan_id: str) -> Sequence[str]:
        """The names of a plan's events until its last one, however often the stream breaks."""
        deadline = time.monotonic() + self.seconds
        seen: list[str] = []
        last = ""
        broke = "the stream ended"
        while time.monotonic() < deadline:
            headers = {"Last-Event-ID": last} if last else {}
            try:
                with self._reading("GET", f"/v1/plans/{plan_id}/events", None, headers) as answer:
                    if answer.status == 204:
                        return seen
                    if answer.status != 200:
                        answer.read()  # else the connection takes no other request
                    for name, place in _events(answer):
                        last = place or last
                        seen.append(name)
                    if seen and seen[-1] in FINAL_EVENTS:
                        self.close()
                        return seen
                broke = f"{answer.status}"
            except (OSError, http.client.HTTPException, ValueError) as error:
                broke = repr(error)
                self.close()  # a connection that is left in the middle of an answer takes no other request
            self._ask_the_next()
            time.sleep(PAUSE)
        raise GaveUp(f"events of {plan_id}: {seen[-3:]}, and at last {broke}")

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask_the_next(self) -> None:
        if " " in self.url:
            self.close()
            self.at += 1

    @contextmanager
    def _reading(
        self, method: str, path: str, body: Any, headers: Mapping[str, str]
    ) -> Iterator[http.client.HTTPResponse]:
        if self._connection is None:
            addresses = self.url.split()
            self._connection = _connected(addresses[self.at % len(addresses)])
        own = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        self._connection.request(method, path, None if body is None else json.dumps(body), {**own, **headers})
        yield self._connection.getresponse()


def _connected(url: str) -> http.client.HTTPConnection:
    """A host that vanishes is noticed within :data:`VANISHED_SECONDS`; an answer may take longer."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=VANISHED_SECONDS)
    connection.connect()
    connection.sock.settimeout(20)
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option in WATCHED:
        if hasattr(socket, option):
            connection.sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), WATCHED[option])
    return connection


def _events(answer: http.client.HTTPResponse) -> Iterator[tuple[str, str]]:
    """Name and place of each event of a stream, until it ends."""
    name = place = ""
    for line in answer:
        text = line.decode().rstrip("\r\n")
        if text.startswith("event: "):
            name = text.removeprefix("event: ")
        elif text.startswith("id: "):
            place = text.removeprefix("id: ")
        elif not text and name:
            yield name, place
            name = place = ""


class Load:
    """So many clients, each with one request after the other until the block ends.

    with Load(url, key, book, seed="7", clients=6):
        …
    """

    def __init__(
        self,
        url: str,
        key: str,
        book: Book,
        *,
        seed: str,
        clients: int,
        client: Callable[[str, str, Book], Client] = Client,
    ) -> None:
        self.book = book
        self._stopped = threading.Event()
        self._seed = seed
        asking = [client(url, key, book) for _ in range(clients)]
        for number, each in enumerate(asking):
            each.at = number
        self._threads = [
            threading.Thread(target=self._work, args=(each, number), name=f"client {number}")
            for number, each in enumerate(asking)
        ]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _work(self, client: Client, number: int) -> None:
        draw = random.Random(f"{self._seed} {number}")
        kinds = {"hit": 8, "wording": 2, "planned": 2, "bypass": 1, "polled": 2, "heard": 1, "twice": 2}
        count = 0
        while not self._stopped.wait(THINKING_SECONDS):
            [kind] = draw.choices(list(kinds), list(kinds.values()))
            token = f"T-{self._seed}x{number}x{count}"
            try:
                KINDS[kind](client, token, draw, self._words(count))
            except GaveUp as error:
                self.book.give_up(f"{kind} {token}: {error}")
            except (AssertionError, KeyError, TypeError) as error:
                self.book.complain(f"{kind} {token}: {error!r}")
            count += 1
        client.close()

    def _words(self, count: int) -> str:
        """New ones for each few requests, and the same for all clients that are about as far."""
        return f"{made_up(crc32(self._seed.encode()) % MADE_UP)} {made_up(count // SHARE_WORDS % MADE_UP)}"


def ask(
    client: Client, kind: str, action: str, *, token: str, field: str = "order_id", wait: float = 15, **more: Any
) -> Mapping[str, Any]:
    """The plan as it is told, which is in the ledger then."""
    body = {"action": action, "params": {field: token}, "wait_seconds": wait, **more}
    status, plan = client.send("POST", "/v1/plans", body, **{"Idempotency-Key": f'"{token}"'})
    assert status in (200, 201, 202), f"{status} {plan.get('code')} {plan.get('detail')}"
    client.book.note(Asked(token, token, kind, plan))
    return dict(plan)


def look(client: Client, kind: str, token: str, plan_id: str) -> Mapping[str, Any]:
    status, plan = client.send("GET", f"/v1/plans/{plan_id}")
    assert status == 200, f"{status} {plan.get('code')}"
    client.book.note(Asked(token, token, kind, plan))
    return dict(plan)


def _hit(client: Client, token: str, draw: random.Random, words: str) -> None:
    ask(client, "hit", f"Refund order {token}", token=token)


def _wording(client: Client, token: str, draw: random.Random, words: str) -> None:
    ask(client, "wording", draw.choice(WORDINGS).format(token), token=token)


def _planned(client: Client, token: str, draw: random.Random, words: str) -> None:
    ask(client, "planned", f"Track parcel {token} for {words}", token=token, field="parcel_id")


def _bypass(client: Client, token: str, draw: random.Random, words: str) -> None:
    ask(client, "bypass", f"Refund order {token}", token=token, cache="bypass")


def _polled(client: Client, token: str, draw: random.Random, words: str) -> None:
    action = f"Track parcel {token} for {words}"
    plan = ask(client, "polled", action, token=token, field="parcel_id", wait=0)
    deadline = time.monotonic() + client.seconds
    while plan["finished_at"] is None and time.monotonic() < deadline:
        time.sleep(0.1)
        plan = look(client, "polled", token, plan["id"])


def _heard(client: Client, token: str, draw: random.Random, words: str) -> None:
    action = f"Track parcel {token} for {words}"
    plan = ask(client, "heard", action, token=token, field="parcel_id", wait=0)
    heard = client.events(plan["id"])
    assert sum(name in FINAL_EVENTS for name in heard) == 1, f"events {heard}"
    plan = look(client, "heard", token, plan["id"])
    assert plan["status"] == heard[-1], f"{plan['status']} after the event {heard[-1]}"


def _twice(client: Client, token: str, draw: random.Random, words: str) -> None:
    for _ in range(2):
        ask(client, "twice", f"Refund order {token}", token=token)


KINDS = {
    "hit": _hit,
    "wording": _wording,
    "planned": _planned,
    "bypass": _bypass,
    "polled": _polled,
    "heard": _heard,
    "twice": _twice,
}
