"""A client of a running stack, and a look at its database."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

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


class Operator:
    """Somebody at the admin's pages, signed in. ``headers`` go with every request."""

    def __init__(self, url: str, name: str, password: str, **headers: str) -> None:
        self.url = url
        opener = build_opener(HTTPCookieProcessor())
        opener.addheaders = [*opener.addheaders, *headers.items()]
        self._open = opener.open
        self.get("/admin/login/")
        page = self.post("/admin/login/?next=/admin/cache/cachejob/", username=name, password=password)
        assert "Log out" in page

    def get(self, path: str) -> str:
        return self._read(self.url + path)

    def post(self, path: str, **fields: str) -> str:
        """Where it ends, sent from the page that was read last."""
        return self._read(self.url + path, urlencode({"csrfmiddlewaretoken": self._token, **fields}).encode())

    def _read(self, address: str, body: bytes | None = None) -> str:
        with self._open(address, body, timeout=120) as answer:
            self.at = str(answer.url).removeprefix(self.url)
            page = str(answer.read().decode())
        self._token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
        return page


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
