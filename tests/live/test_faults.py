"""What a running stack makes of processes that die: no accepted request is lost."""

from __future__ import annotations

import os
import signal
import socket
import threading
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.conftest import SHOP
from tests.live.client import Client, until
from tests.live.conftest import StartStack
from tests.servers.scripted import Reply, Request, ScriptedServer, completion, oblige

pytestmark = pytest.mark.live


def register(client: Client) -> None:
    for name, facts in SHOP.items():
        client.request("PUT", f"/v1/services/{name}", facts)


def kill(stack_processes: dict[str, int | None], name: str) -> None:
    pid = stack_processes[name]
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


def test_entries_survive_a_restart_of_everything(start_stack: StartStack) -> None:
    with start_stack() as stack:
        client = Client(stack.url, stack.api_key)
        register(client)
        first = client.ask("Refund order A-1", order_id="A-1")[1]
        key = stack.api_key

    with start_stack() as stack:
        status, plan = Client(stack.url, key).ask("Refund order B-2", order_id="B-2")

    assert (first["source"], status, plan["source"]) == ("composer", 201, "exact")
    assert plan["plan"]["tasks"][0]["input"] == {"order_id": "B-2"}


def test_a_killed_workers_plan_is_made_by_the_next(start_stack: StartStack) -> None:
    gate = threading.Event()

    def once_slow(request: Request) -> Reply:
        gate.wait(60)
        return completion(oblige(request))

    with (
        ScriptedServer(default=once_slow) as model,
        start_stack(LLM_MODEL="slow-1", LLM_API_BASE_URL=model.url) as stack,
    ):
        client = Client(stack.url, stack.api_key)
        register(client)
        plan_id = client.ask("Refund order A-1", order_id="A-1", wait=0)[1]["id"]
        until(lambda: model.calls == 1)

        kill(dict(stack.processes), "worker")
        gate.set()

        until(lambda: client.request("GET", f"/v1/plans/{plan_id}")[1]["status"] == "ready", seconds=60)
        assert model.calls == 2


def test_requests_accepted_while_the_broker_is_down_are_planned_when_it_is_back(start_stack: StartStack) -> None:
    with start_stack() as stack:
        client = Client(stack.url, stack.api_key)
        register(client)
        assert client.ask("Refund order A-1", order_id="A-1")[1]["status"] == "ready"

        kill(dict(stack.processes), "broker")
        status, pending = client.ask("Find the laptop", query="light", wait=0)
        hit_status, hit = client.ask("Refund order B-2", order_id="B-2")

        assert (hit_status, hit["source"]) == (201, "exact")
        assert status == 202
        until(lambda: finished(client, pending["id"]), seconds=60)


def test_a_broker_that_hangs_holds_up_nobody(start_stack: StartStack) -> None:
    with start_stack() as stack:
        client = Client(stack.url, stack.api_key)
        register(client)
        assert client.ask("Refund order A-1", order_id="A-1")[1]["status"] == "ready"
        broker = dict(stack.processes)["broker"]
        assert broker is not None

        os.kill(broker, signal.SIGSTOP)
        try:
            status, pending = client.ask("Find the laptop", query="light", wait=0)
            hit_status, hit = client.ask("Refund order B-2", order_id="B-2")
        finally:
            os.kill(broker, signal.SIGCONT)

        assert (status, hit_status, hit["source"]) == (202, 201, "exact")
        until(lambda: finished(client, pending["id"]), seconds=60)


def test_clients_that_never_finish_their_bodies_hold_up_nobody(start_stack: StartStack) -> None:
    with start_stack() as stack, ExitStack() as unfinished_requests:
        client = Client(stack.url, stack.api_key)
        address = urlsplit(stack.url)
        for _ in range(50):  # more than there are threads
            connection = socket.create_connection((str(address.hostname), int(address.port or 0)))
            unfinished_requests.enter_context(connection)
            connection.sendall(
                b"POST /v1/plans HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                b"Authorization: Bearer " + stack.api_key.encode() + b"\r\nContent-Length: 100\r\n\r\n{"
            )

        assert client.request("GET", "/v1/plans")[0] == 200


def finished(client: Client, plan_id: str) -> bool:
    return client.request("GET", f"/v1/plans/{plan_id}")[1]["status"] in ("ready", "not_actionable", "failed")


def test_metrics_count_across_processes(start_stack: StartStack, data_dir: Path) -> None:
    with start_stack() as stack:
        client = Client(stack.url, stack.api_key)
        register(client)
        client.ask("Refund order A-1", order_id="A-1")
        client.ask("Refund order B-2", order_id="B-2")

        metrics = client.text("/metrics")

    assert 'orra_plans_total{source="composer",status="ready"} 1.0' in metrics
    assert 'orra_plans_total{source="exact",status="ready"} 1.0' in metrics
    assert stack.api_key not in metrics
