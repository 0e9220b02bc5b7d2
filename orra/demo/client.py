"""The plan engine's REST API as the demo uses it: JSON over one connection per call, nothing installed."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from orra.base.strictjson import Json

FINISHED = frozenset({"ready", "not_actionable", "failed"})
WAIT_SECONDS = 60
POLL_SECONDS = 0.5


class DemoStopped(Exception):
    """The demo cannot go on. The message tells why, and what to do."""


@dataclass(frozen=True)
class Timed:
    """A finished Plan and how long its client waited for it."""

    plan: dict[str, Json]
    milliseconds: float


class Client:
    """``bearer``: an API key, or the operator's token. Every method raises :class:`DemoStopped`."""

    def __init__(self, url: str, *, bearer: str = "") -> None:
        parts = urlsplit(url)
        self.url = url.rstrip("/")
        self._host = parts.netloc
        self._connection = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._bearer = bearer

    def call(self, method: str, path: str, body: Json = None) -> Json:
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if self._bearer:
            headers["Authorization"] = f"Bearer {self._bearer}"
        connection = self._connection(self._host, timeout=WAIT_SECONDS + 30)
        try:
            connection.request(method, path, None if body is None else json.dumps(body).encode(), headers)
            response = connection.getresponse()
            raw = response.read()
        except (OSError, HTTPException) as error:
            reason = str(error) or type(error).__name__
            raise DemoStopped(f"{method} {self.url}{path} got no answer: {reason}.") from None
        finally:
            connection.close()
        try:
            answer = json.loads(raw) if raw else None
        except ValueError:
            raise DemoStopped(f"{method} {self.url}{path} was answered with something other than JSON.") from None
        if response.status >= 400:
            problem = answer if isinstance(answer, dict) else {}
            said = f"{problem.get('code', 'no code')}: {problem.get('detail', 'no detail')}"
            raise DemoStopped(f"{method} {path} was refused with {response.status}, {said}")
        return answer

    def create_project(self, name: str) -> tuple[str, str]:
        """The project's id and its first API key."""
        made = self.call("POST", "/v1/projects", {"name": name})
        return made["id"], made["api_key"]

    def put_service(self, name: str, facts: Mapping[str, Json]) -> None:
        self.call("PUT", f"/v1/services/{name}", dict(facts))

    def put_grounding(self, name: str, content: Json) -> None:
        self.call("PUT", f"/v1/groundings/{name}", content)

    def ask(self, action: str, params: Mapping[str, Json], *, patience: float) -> Timed:
        """Asks for a plan and waits for its outcome, at most ``patience`` seconds."""
        listed = [{"field": field, "value": value} for field, value in params.items()]
        started = time.perf_counter()
        wait = min(patience, WAIT_SECONDS)
        plan = self.call("POST", "/v1/plans", {"action": action, "params": listed, "wait_seconds": wait})
        while plan["status"] not in FINISHED:
            if time.perf_counter() - started > patience:
                raise DemoStopped(
                    f"Plan {plan['id']} is still {plan['status']} after {patience:.0f} s. "
                    "Is a worker running, and does the model answer?"
                )
            time.sleep(POLL_SECONDS)
            plan = self.call("GET", f"/v1/plans/{plan['id']}")
        return Timed(plan, (time.perf_counter() - started) * 1000)

    def confirm(self, plan_id: str) -> None:
        """Says that a plan is right, which makes an example of it."""
        self.call("POST", f"/v1/plans/{plan_id}/report", {"verdict": "right_plan"})

    def calls_saved(self) -> int:
        return int(self.call("GET", "/v1/cache/stats")["calls_saved"])
