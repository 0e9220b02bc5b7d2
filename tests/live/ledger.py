"""A client's ledger: what a stack said it had done, held against what its database has."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count as numbers
from typing import Any
from urllib.parse import urlsplit

import psycopg

from orra.embedded.postgres import ensure_postgres
from orra.embedded.runs import StartedStack
from tests.live.client import until

# What a client sends again, with the same key: the server is away for a moment.
AGAIN = (502, 503, 504)
MOST_TRIES = 200
PAUSE = 0.1
STORED = """
    SELECT id, idempotency_key, params->0->>'value', plan->'tasks'->0->'input'->>'order_id', action, source
    FROM planengine_plan WHERE idempotency_key LIKE %s
"""


@dataclass(frozen=True)
class Compared:
    """``sent_again``: requests whose first answer did not arrive. ``lost`` were answered and are not stored,
    ``twice`` are stored more than once for a key, ``wrong`` have another request's values."""

    answered: int
    sent_again: int
    exact: int
    lost: int
    twice: int
    wrong: int


@dataclass
class Ledger:
    """Requests of one project, each with a value and an idempotency key of its own."""

    stack: StartedStack
    key: str
    name: str
    answers: dict[str, str] = field(default_factory=dict)  # ids of plans, by key
    sent_again: int = 0
    wrong: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, count: int, *, at_once: int, meanwhile: Sequence[Callable[[], object]] = ()) -> None:
        """Asks for so many plans. What is to be done ``meanwhile`` is done in order, after equal shares of them.
        Raises AssertionError for any answer but a plan."""
        asked = numbers()
        lock = threading.Lock()

        def go_on() -> None:
            with self._connection() as connection:
                while True:
                    with lock:
                        number = next(asked)
                    if number >= count:
                        return
                    self._ask(connection, f"ORD-{self.name}-{number}")

        with ThreadPoolExecutor(at_once) as pool:
            asking = [pool.submit(go_on) for _ in range(at_once)]
            for turn, do in enumerate(meanwhile, start=1):
                self._until(count * turn // (len(meanwhile) + 1), asking)
                do()
            for each in asking:
                each.result()

    def _until(self, answered: int, asking: Sequence[Future[None]]) -> None:
        until(lambda: len(self.answers) >= answered or any(map(_failed, asking)), seconds=600)

    def compare(self) -> Compared:
        """With the rows."""
        stored: dict[str, list[tuple[str, str, str, str, str]]] = {}
        with psycopg.connect(ensure_postgres(self.stack.data_dir)) as connection:
            for plan_id, key, *row in connection.execute(STORED, [f"ORD-{self.name}-%"]):
                stored.setdefault(key, []).append((plan_id, *row))
        rows = [(key, *row) for key, found in stored.items() for row in found]
        ids = {key: {plan_id for plan_id, *_ in found} for key, found in stored.items()}
        return Compared(
            answered=len(self.answers),
            sent_again=self.sent_again,
            exact=sum(source == "exact" for *_, source in rows),
            lost=sum(plan_id not in ids.get(key, ()) for key, plan_id in self.answers.items()),
            twice=sum(len(found) > 1 for found in stored.values()),
            wrong=self.wrong + sum(not _is_own(key, *values) for key, _, *values, _ in rows),
        )

    @contextmanager
    def _connection(self) -> Iterator[http.client.HTTPConnection]:
        address = urlsplit(self.stack.url)
        connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=60)
        try:
            yield connection
        finally:
            connection.close()

    def _ask(self, connection: http.client.HTTPConnection, key: str) -> None:
        body = json.dumps({"action": f"Refund order {key}", "params": {"order_id": key}, "wait_seconds": 30})
        headers = {
            "Authorization": f"Bearer {self.key}",
            "Content-Type": "application/json",
            "Idempotency-Key": f'"{key}"',
        }
        for tries in range(MOST_TRIES):
            with self._lock:
                self.sent_again += tries == 1
            try:
                connection.request("POST", "/v1/plans", body, headers)
                answer = connection.getresponse()
                told = json.load(answer)
            except (OSError, http.client.HTTPException, ValueError):
                connection.close()
                threading.Event().wait(PAUSE)
                continue
            if answer.status in AGAIN:
                threading.Event().wait(PAUSE)
                continue
            assert answer.status in (200, 201), told
            filled = told["plan"]["tasks"][0]["input"]["order_id"]
            with self._lock:
                self.answers[key] = told["id"]
                self.wrong += not _is_own(key, told["params"][0]["value"], filled, told["action"])
            return
        raise AssertionError(f"{key} got no answer in {MOST_TRIES} tries.")


def _is_own(key: str, value: Any, filled: Any, action: Any) -> bool:
    return value == filled == key and str(action).endswith(f" {key}")


def _failed(asking: Future[None]) -> bool:
    return asking.done() and asking.exception() is not None
