"""What a running stack makes of processes that die: no accepted request is lost."""

from __future__ import annotations

import os
import re
import signal
import socket
from contextlib import ExitStack
from urllib.error import HTTPError
from urllib.parse import urlsplit

import pytest

from orra.embedded.postgres import postmaster_pid
from orra.embedded.runs import StartedStack, running
from tests.live.client import Client, until
from tests.live.conftest import Shop

pytestmark = pytest.mark.live


def kill(stack: StartedStack, name: str) -> None:
    pid = stack.processes[name]
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until(lambda: stack.processes.get(name) != pid)


def kill_database(stack: StartedStack) -> int:
    """The process id that it had."""
    database = postmaster_pid(stack.data_dir)
    assert database is not None
    os.kill(database, signal.SIGKILL)
    return database


def test_a_killed_workers_plan_is_made_by_the_next(shop: Shop) -> None:
    shop.model.may_answer.clear()
    plan_id = shop.client.ask("Refund order A-1", order_id="A-1", wait=0)[1]["id"]
    until(lambda: shop.model.calls == 1)

    kill(shop.stack, "worker")
    until(lambda: shop.model.calls == 2, seconds=60)
    shop.model.may_answer.set()

    until(lambda: finished(shop.client, plan_id), seconds=60)
    assert shop.client.request("GET", f"/v1/plans/{plan_id}")[1]["status"] == "ready"
    assert shop.model.calls == 2


def test_a_worker_that_is_asked_to_stop_makes_what_it_has_begun(shop: Shop) -> None:
    shop.model.may_answer.clear()
    begun = shop.client.ask("Refund order A-1", order_id="A-1", wait=0)[1]["id"]
    until(lambda: shop.model.calls == 1)
    worker = shop.stack.processes["worker"]
    assert worker is not None

    os.kill(worker, signal.SIGTERM)
    later = shop.client.ask("Find the laptop", query="light", wait=0)[1]["id"]
    shop.model.may_answer.set()

    until(lambda: finished(shop.client, begun))
    plan = shop.client.request("GET", f"/v1/plans/{begun}")[1]
    assert (plan["status"], len(plan["attempts"])) == ("ready", 1)
    until(lambda: shop.stack.processes.get("worker") != worker)
    until(lambda: finished(shop.client, later), seconds=60)
    assert shop.model.calls == 2


def test_a_plan_that_is_made_while_the_database_dies_is_made_when_it_is_back(shop: Shop) -> None:
    shop.model.may_answer.clear()
    plan_id = shop.client.ask("Refund order A-1", order_id="A-1", wait=0)[1]["id"]
    until(lambda: shop.model.calls == 1)

    database = kill_database(shop.stack)
    shop.model.may_answer.set()  # its answer comes while there is nothing to write it to

    until(lambda: postmaster_pid(shop.stack.data_dir) not in (None, database))
    until(lambda: finished_or_away(shop.client, plan_id), seconds=60)
    assert shop.client.request("GET", f"/v1/plans/{plan_id}")[1]["status"] == "ready"


def finished_or_away(client: Client, plan_id: str) -> bool:
    try:
        return finished(client, plan_id)
    except HTTPError as away:
        assert away.code == 503
        return False


def test_requests_accepted_while_the_broker_is_down_are_planned_when_it_is_back(shop: Shop) -> None:
    assert shop.client.ask("Refund order A-1", order_id="A-1", wait=60)[1]["status"] == "ready"

    kill(shop.stack, "broker")
    status, pending = shop.client.ask("Find the laptop", query="light", wait=0)
    hit_status, hit = shop.client.ask("Refund order B-2", order_id="B-2")

    assert (hit_status, hit["source"]) == (201, "exact")
    assert status == 202
    until(lambda: finished(shop.client, pending["id"]), seconds=60)


def test_a_worker_that_could_not_tell_a_lost_broker_of_all_its_tasks_takes_more(shop: Shop) -> None:
    run = running(shop.stack.data_dir)
    assert run is not None
    shop.model.may_answer.clear()
    begun = [ask_anew(shop.client, f"A-{number}") for number in range(4)]  # as many as the worker has threads
    until(lambda: shop.model.calls == 4)

    broker = shop.stack.processes["broker"]
    assert broker is not None
    os.kill(run.pid, signal.SIGSTOP)  # nobody starts the broker again
    try:
        os.kill(broker, signal.SIGKILL)
        shop.model.may_answer.set()
        until(lambda: all(finished(shop.client, plan_id) for plan_id in begun))
    finally:
        os.kill(run.pid, signal.SIGCONT)

    until(lambda: shop.stack.processes.get("broker") not in (None, broker))
    later = ask_anew(shop.client, "A-4")
    until(lambda: finished(shop.client, later), seconds=60)


def ask_anew(client: Client, order_id: str) -> str:
    """The plan's id; a model has to make it."""
    body = {"action": f"Refund order {order_id}", "params": [{"field": "order_id", "value": order_id}]}
    return str(client.request("POST", "/v1/plans", {**body, "cache": "bypass", "wait_seconds": 0})[1]["id"])


def test_a_broker_that_hangs_holds_up_nobody(shop: Shop) -> None:
    assert shop.client.ask("Refund order A-1", order_id="A-1", wait=60)[1]["status"] == "ready"
    broker = shop.stack.processes["broker"]
    assert broker is not None

    os.kill(broker, signal.SIGSTOP)
    try:
        status, pending = shop.client.ask("Find the laptop", query="light", wait=0)
        hit_status, hit = shop.client.ask("Refund order B-2", order_id="B-2")
    finally:
        os.kill(broker, signal.SIGCONT)

    assert (status, hit_status, hit["source"]) == (202, 201, "exact")
    until(lambda: finished(shop.client, pending["id"]), seconds=60)


def test_clients_that_never_finish_their_bodies_hold_up_nobody(shop: Shop) -> None:
    address = urlsplit(shop.stack.url)
    with ExitStack() as unfinished_requests:
        for _ in range(50):  # more than there are threads
            connection = socket.create_connection((str(address.hostname), int(address.port or 0)))
            unfinished_requests.enter_context(connection)
            connection.sendall(
                b"POST /v1/plans HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                b"Authorization: Bearer " + shop.client.key.encode() + b"\r\nContent-Length: 100\r\n\r\n{"
            )

        assert shop.client.request("GET", "/v1/plans")[0] == 200


def finished(client: Client, plan_id: str) -> bool:
    return client.request("GET", f"/v1/plans/{plan_id}")[1]["status"] in ("ready", "not_actionable", "failed")


def test_metrics_count_across_processes(shop: Shop) -> None:
    before = finished_by_source(shop.client)

    for order in ("A-1", "B-2", "C-3"):
        assert shop.client.ask("Refund the order", order_id=order, wait=60)[1]["status"] == "ready"

    after = finished_by_source(shop.client)
    assert {source: after[source] - before.get(source, 0) for source in ("model", "exact")} == {
        "model": 1,
        "exact": 2,
    }
    assert shop.client.key not in shop.client.text("/metrics")


def finished_by_source(client: Client) -> dict[str, float]:
    found = re.findall(r'^orra_plans_total\{source="(\w+)",status="ready"\} (\S+)$', client.text("/metrics"), re.M)
    return {source: float(count) for source, count in found}
