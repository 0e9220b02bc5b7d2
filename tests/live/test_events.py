"""Clients listen to plans of a running stack: across its processes, after a cut, after a restart, in numbers."""

from __future__ import annotations

import http.client
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from typing import Any
from urllib.parse import urlsplit

import pytest

from orra.embedded.runs import StartedStack
from tests.conftest import SHOP
from tests.live.client import WHOLE_PLANS, Client, asked, until
from tests.live.conftest import StartStack
from tests.servers.scripted import Reply, Request, ScriptedServer, completion, oblige

pytestmark = pytest.mark.live

LISTENING = 200
WHOLE = ["queued", "cache", "attempt_started", "answered", "ready"]


class Gate:
    """A model that answers when it is let."""

    def __init__(self) -> None:
        self.open = threading.Event()

    def __call__(self, request: Request) -> Reply:
        self.open.wait(60)
        return completion(oblige(request))


THOUGHT = ("First I look at the order 😀, ", "then I refund it.")


class Thinking:
    """A model that thinks aloud, and goes on when it is let."""

    def __init__(self) -> None:
        self.open = threading.Event()

    def __call__(self, request: Request) -> Reply:
        def pieces() -> Iterator[bytes]:
            yield piece(reasoning_content=THOUGHT[0])
            self.open.wait(60)
            yield piece(reasoning_content=THOUGHT[1])
            yield piece(content=json.dumps(oblige(request)))
            yield piece(finish="stop")
            yield b"data: [DONE]\n\n"

        return Reply(pieces=pieces(), headers={"Content-Type": "text/event-stream"})


def piece(*, finish: str | None = None, **delta: str) -> bytes:
    return b"data: %s\n\n" % json.dumps({"choices": [{"delta": delta, "finish_reason": finish}]}).encode()


class Stream:
    """One connection that listens to a plan. ``last`` is the id of the last event that came, ``data`` what it
    tells."""

    def __init__(self, client: Client, plan_id: str, *, after: str = "") -> None:
        address = urlsplit(client.url)
        self._connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=60)
        headers = {"Authorization": f"Bearer {client.key}", "Accept": "text/event-stream"}
        if after:
            headers["Last-Event-ID"] = after
        self._connection.request("GET", f"/v1/plans/{plan_id}/events", headers=headers)
        self._answer = self._connection.getresponse()
        self.status = self._answer.status
        self.last = after
        self.data: Any = None

    def __iter__(self) -> Iterator[str]:
        """The events' names as they come, until the server ends the stream."""
        fields: dict[str, str] = {}
        while line := self._answer.readline().decode():
            name, _, value = line.rstrip("\n").partition(": ")
            if value:
                fields[name] = value
            elif "event" in fields:
                self.last = fields.get("id", self.last)
                self.data = json.loads(fields["data"])
                yield fields["event"]
                fields = {}

    def close(self) -> None:
        self._connection.close()


def listen(client: Client, plan_id: str, *, after: str = "") -> list[str]:
    with closing(Stream(client, plan_id, after=after)) as stream:
        return [] if stream.status == 204 else list(stream)


def heard(stream: Stream, *, until: str) -> list[str]:
    names = []
    for name in stream:
        names.append(name)
        if name == until:
            return names
    raise AssertionError(f"the stream ended after {names}")


def register(client: Client) -> None:
    for name, facts in SHOP.items():
        client.request("PUT", f"/v1/services/{name}", facts)


def pending(client: Client, order: str, *, action: str = "Refund order {}") -> str:
    status, plan = client.ask(action.format(order), order_id=order, wait=0)
    assert status == 202
    return str(plan["id"])


def test_a_client_hears_all_of_it_through_cuts_and_restarts(start_stack: StartStack) -> None:
    gate = Gate()
    with ScriptedServer(default=gate) as model:
        variables = {"LLM_MODEL": "slow-1", "LLM_API_BASE_URL": model.url, "WEB_CONCURRENCY": "2", **WHOLE_PLANS}
        with start_stack(**variables) as stack:
            client = Client(stack.url, stack.api_key)
            register(client)
            plan_id = pending(client, "A-1")

            with closing(Stream(client, plan_id)) as first:
                assert heard(first, until="attempt_started") == WHOLE[:3]
            with closing(Stream(client, plan_id, after=first.last)) as second:
                kill_web_processes(stack)
                with suppress(http.client.HTTPException, OSError):
                    assert list(second) == []
            until(lambda: ready(client))
            with closing(Stream(client, plan_id, after=second.last)) as third:
                gate.open.set()
                assert list(third) == WHOLE[3:]
            assert listen(client, plan_id, after=third.last) == []

        with start_stack(**variables) as stack:
            client = Client(stack.url, stack.api_key)
            assert listen(client, plan_id) == WHOLE
            assert listen(client, plan_id, after=first.last) == WHOLE[3:]


def test_words_are_heard_while_they_come_by_any_process_and_not_unless_wanted(start_stack: StartStack) -> None:
    thinking = Thinking()
    with (
        ScriptedServer(default=thinking) as model,
        start_stack(LLM_MODEL="slow-1", LLM_API_BASE_URL=model.url, WEB_CONCURRENCY="2", **WHOLE_PLANS) as stack,
    ):
        client = Client(stack.url, stack.api_key)
        register(client)
        client.request("PATCH", "/v1/project", {"event_contents": True})
        plan_id = pending(client, "A-1")

        with closing(Stream(client, plan_id)) as first:
            heard(first, until="progress")
            assert first.data["reasoning"] == {"from": 0, "text": THOUGHT[0]}
        kill_web_processes(stack)
        until(lambda: ready(client))
        with closing(Stream(client, plan_id, after=first.last)) as second:
            assert heard(second, until="progress") == ["progress"]
            assert second.data["reasoning"] == {"from": 0, "text": THOUGHT[0]}
            thinking.open.set()
            heard(second, until="answered")
            assert second.data["reasoning"] == {"from": 0, "text": "".join(THOUGHT)}
            assert json.loads(second.data["answer"]["text"])["parallel_groups"] == [["task1"]]
            assert list(second) == ["ready"]

        client.request("PATCH", "/v1/project", {"event_contents": False})
        with closing(Stream(client, plan_id)) as third:
            heard(third, until="answered")
            assert not {"reasoning", "answer"} & third.data.keys()


def kill_web_processes(stack: StartedStack) -> None:
    for name in ("web-1", "web-2"):
        web = stack.processes[name]
        assert web is not None
        os.kill(web, signal.SIGKILL)


def ready(client: Client) -> bool:
    try:
        return bool(client.request("GET", "/readyz")[0] == 200)
    except OSError:
        return False


def test_a_follower_hears_of_its_leader(start_stack: StartStack) -> None:
    gate = Gate()
    with (
        ScriptedServer(default=gate) as model,
        start_stack(LLM_MODEL="slow-1", LLM_API_BASE_URL=model.url, **WHOLE_PLANS) as stack,
    ):
        client = Client(stack.url, stack.api_key)
        register(client)
        pending(client, "A-1")
        until(lambda: model.calls == 1)
        follower = pending(client, "B-2")

        with closing(Stream(client, follower)) as stream:
            names = heard(stream, until="following")
            if "attempt_started" not in names:
                names += heard(stream, until="attempt_started")
            gate.open.set()
            names += list(stream)

        assert names[:2] == ["queued", "cache"]
        assert names[-1] == "ready"
        assert listen(client, follower) == ["queued", "cache", "ready"]


def test_two_hundred_listeners_leave_hits_quick(start_stack: StartStack) -> None:
    gate = Gate()
    with (
        ScriptedServer(default=gate) as model,
        start_stack(LLM_MODEL="slow-1", LLM_API_BASE_URL=model.url, **WHOLE_PLANS) as stack,
        ThreadPoolExecutor(LISTENING) as crowd,
    ):
        client = Client(stack.url, stack.api_key)
        register(client)
        gate.open.set()
        assert client.ask("Refund order A-1", order_id="A-1")[1]["status"] == "ready"
        gate.open.clear()
        plans = [
            pending(client, f"B-{n}", action=f"Find the {'very ' * n}urgent order {{}}") for n in range(LISTENING)
        ]
        began = threading.Semaphore(0)

        def hear(plan_id: str) -> list[str]:
            with closing(Stream(client, plan_id)) as stream:
                names = heard(stream, until="cache")
                began.release()
                return names + list(stream)

        listening = [crowd.submit(hear, plan_id) for plan_id in plans]
        for _ in range(LISTENING):
            assert began.acquire(timeout=60)
        took = []
        for number in range(20):
            started = time.monotonic()
            status, plan = client.ask(f"Refund order C-{number}", order_id=f"C-{number}")
            took.append(time.monotonic() - started)
            assert (status, plan["source"]) == (201, "exact")
        connections = asked(
            stack.data_dir, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        )
        web = stack.processes["web-1"]
        threads = len(os.listdir(f"/proc/{web}/task"))
        still_listening = sum(not future.done() for future in listening)
        gate.open.set()
        outcomes: list[Any] = [future.result() for future in listening]

    print(f"hits beside {LISTENING} listeners: median {sorted(took)[len(took) // 2] * 1000:.1f} ms")
    assert still_listening == LISTENING
    assert sorted(took)[len(took) // 2] < 5, took  # were they behind the others, it would be a minute
    assert connections < 40
    assert threads < LISTENING
    assert {names[-1] for names in outcomes} == {"ready"}
