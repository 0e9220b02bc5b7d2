"""Projects that ask for the same at the same time, of the same processes, each get their own."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.api.tenants import services_of
from tests.live.client import Client
from tests.live.conftest import Shop
from tests.servers.scripted import Request

pytestmark = pytest.mark.live

TOKENS = ("quokka", "wombat", "dingo")
ORDERS = [f"A-{number}" for number in range(1, 9)]
WORDINGS = ("Refund the order", "Refund order {}", "Please refund the order {}")


def refund(request: Request) -> dict[str, Any]:
    """The plan of who asks: with the constant that its own service demands."""
    sections = request.sections
    [service] = [spec for spec in sections["services"] if spec["name"].startswith("refund")]
    constants = {name: shape["const"] for name, shape in service["inputs"].items() if "const" in shape}
    values = {**sections["params"], **constants}
    task = {"id": "task1", "service": service["name"], "input": {name: f"$task0.{name}" for name in values}}
    return {"tasks": [{"id": "task0", "input": values}, task], "parallel_groups": [["task1"]]}


def ask(client: Client, action: str, order: str) -> Any:
    """Twice with one key, as after a time-out; the key is the same in every project."""
    body = {"action": action.format(order), "params": {"order_id": order}, "wait_seconds": 60}
    first, again = (
        client.request("POST", "/v1/plans", body, **{"Idempotency-Key": f"{action} {order}"})[1] for _ in range(2)
    )
    assert first["id"] == again["id"]
    return client.until_finished(again)


def test_projects_that_ask_for_the_same_at_once_get_their_own(shop: Shop) -> None:
    shop.model.says = refund
    clients = {token: shop.another_project(services_of(token, "urgent")) for token in TOKENS}
    asked = [(token, action, order) for action in WORDINGS for order in ORDERS for token in TOKENS]
    random.Random(3).shuffle(asked)

    with ThreadPoolExecutor(24) as pool:
        made = list(pool.map(lambda each: ask(clients[each[0]], *each[1:]), asked))

    entries = {token: entries_of(client) for token, client in clients.items()}
    for (token, _, order), plan in zip(asked, made, strict=True):
        assert plan["status"] == "ready", plan
        assert plan["plan"]["tasks"][0]["input"] == {"order_id": order, "tenant": token}
        assert plan["cache"]["entry_id"] is None or plan["cache"]["entry_id"] in entries[token]
    assert len({plan["id"] for plan in made}) == len(asked)
    assert_nothing_foreign(clients, entries)
    assert len(TOKENS) <= shop.model.calls < len(asked)  # they share, but only with themselves


def entries_of(client: Client) -> Mapping[str, Any]:
    return {entry["id"]: entry for entry in client.request("GET", "/v1/cache/entries")[1]["results"]}


def assert_nothing_foreign(clients: Mapping[str, Client], entries: Mapping[str, Mapping[str, Any]]) -> None:
    for token, client in clients.items():
        foreign = [each for each in TOKENS if each != token]
        foreign += [entry_id for other in foreign for entry_id in entries[other]]
        shown = [client.request("GET", path)[1] for path in ("/v1/plans", "/v1/services", "/v1/cache/entries")]
        assert token in json.dumps(shown)
        assert [each for each in foreign if each in json.dumps(shown)] == []
