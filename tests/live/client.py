"""A client of a running stack, and a look at its database."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psycopg

from orra.embedded.postgres import ensure_postgres

# A stack whose model is asked for whole plans and believed, as its script answers.
WHOLE_PLANS = {"LLM_PLANNING": "full", "LLM_TRUST": "trusted"}


class Client:
    def __init__(self, url: str, key: str) -> None:
        self.url, self.key = url, key

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        request = urllib.request.Request(self.url + path, method=method)
        request.add_header("Authorization", f"Bearer {self.key}")
        request.add_header("Content-Type", "application/json")
        for name, value in headers.items():
            request.add_header(name, value)
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(request, data, timeout=120) as answer:
            return answer.status, json.load(answer)

    def register(self, services: Mapping[str, Any]) -> None:
        for name, facts in services.items():
            self.request("PUT", f"/v1/services/{name}", facts)

    def text(self, path: str) -> str:
        with urllib.request.urlopen(self.url + path, timeout=120) as answer:
            return str(answer.read().decode())

    def ask(self, action: str, *, wait: float = 30, **params: Any) -> tuple[int, Any]:
        return self.request("POST", "/v1/plans", {"action": action, "params": params, "wait_seconds": wait})

    def until_finished(self, plan: Any) -> Any:
        """The Plan as it ends, where the wait of its request ended before."""
        until(lambda: self.request("GET", f"/v1/plans/{plan['id']}")[1]["finished_at"], seconds=60)
        return self.request("GET", f"/v1/plans/{plan['id']}")[1]


def until(condition: Callable[[], object], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


def unfinished(data_dir: Path) -> int:
    return asked(data_dir, "SELECT count(*) FROM planengine_plan WHERE status IN ('pending', 'planning')")


def asked(data_dir: Path, query: str) -> int:
    with psycopg.connect(ensure_postgres(data_dir)) as connection:
        [count] = connection.execute(query).fetchone() or (0,)
    return int(count)
