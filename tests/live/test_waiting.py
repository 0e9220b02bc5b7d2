"""Clients that wait cost a running stack neither threads nor connections."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conftest import SHOP
from tests.live.client import Client, asked, unfinished, until
from tests.live.conftest import StartStack
from tests.servers.scripted import Reply, Request, ScriptedServer, completion, oblige

pytestmark = pytest.mark.live

WAITING = 200


def test_two_hundred_waiting_clients_leave_hits_quick(start_stack: StartStack) -> None:
    gate = threading.Event()

    def slow(request: Request) -> Reply:
        gate.wait(60)
        return completion(oblige(request))

    with (
        ScriptedServer(default=slow) as model,
        start_stack(LLM_MODEL="slow-1", LLM_API_BASE_URL=model.url) as stack,
        ThreadPoolExecutor(WAITING) as crowd,
    ):
        client = Client(stack.url, stack.api_key)
        for name, facts in SHOP.items():
            client.request("PUT", f"/v1/services/{name}", facts)
        gate.set()
        assert client.ask("Refund order A-1", order_id="A-1")[1]["status"] == "ready"
        gate.clear()

        waiting = [
            crowd.submit(client.ask, f"Find the {'very ' * number}urgent order B-{number}", order_id=f"B-{number}")
            for number in range(WAITING)
        ]
        until(lambda: unfinished(stack.data_dir) == WAITING)
        took = []
        for number in range(20):
            started = time.monotonic()
            status, plan = client.ask(f"Refund order C-{number}", order_id=f"C-{number}")
            took.append(time.monotonic() - started)
            assert (status, plan["source"]) == (201, "exact")
        connections = asked(
            stack.data_dir, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        )
        still_waiting = unfinished(stack.data_dir)
        gate.set()
        outcomes = [future.result() for future in waiting]

    assert still_waiting == WAITING
    assert sorted(took)[len(took) // 2] < 1, took
    assert connections < 40
    assert {(status, plan["status"]) for status, plan in outcomes} == {(201, "ready")}
    assert len({plan["plan"]["tasks"][0]["input"]["order_id"] for _, plan in outcomes}) == WAITING


def test_a_client_that_waits_too_short_gets_the_address_to_poll(start_stack: StartStack) -> None:
    gate = threading.Event()

    def slow(request: Request) -> Reply:
        gate.wait(60)
        return completion(oblige(request))

    with (
        ScriptedServer(default=slow) as model,
        start_stack(LLM_MODEL="slow-1", LLM_API_BASE_URL=model.url) as stack,
    ):
        client = Client(stack.url, stack.api_key)
        client.request("PUT", "/v1/services/refund_payment", SHOP["refund_payment"])

        status, plan = client.ask("Refund order A-1", order_id="A-1", wait=0.2)
        gate.set()

        assert (status, plan["plan"]) == (202, None)
        until(lambda: client.request("GET", f"/v1/plans/{plan['id']}")[1]["status"] == "ready")
