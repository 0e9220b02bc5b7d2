"""Clients that wait cost a running stack neither threads nor connections."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice, product

import pytest

from tests.live.client import asked, unfinished, until
from tests.live.conftest import Shop

pytestmark = pytest.mark.live

WAITING = 200


def wordings() -> Iterator[str]:
    """As many templates: each is planned by itself."""
    pairs = product(["new", "old", "big", "small", "late", "early", "heavy", "light", "red", "blue"], repeat=3)
    return (" ".join(["Find the", *words]) for words in islice(pairs, WAITING))


def test_two_hundred_waiting_clients_leave_hits_quick(shop: Shop) -> None:
    client, data_dir = shop.client, shop.stack.data_dir
    assert client.ask("Refund order A-1", order_id="A-1", wait=60)[1]["status"] == "ready"
    shop.model.may_answer.clear()
    with ThreadPoolExecutor(WAITING) as crowd:
        waiting = [
            crowd.submit(client.ask, f"{wording} order B-{number}", order_id=f"B-{number}", wait=60)
            for number, wording in enumerate(wordings())
        ]
        until(lambda: unfinished(data_dir) == WAITING)
        took = []
        for number in range(20):
            started = time.monotonic()
            status, plan = client.ask(f"Refund order C-{number}", order_id=f"C-{number}")
            took.append(time.monotonic() - started)
            assert (status, plan["source"]) == (201, "exact")
        connections = asked(data_dir, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        still_waiting = unfinished(data_dir)
        shop.model.may_answer.set()
        outcomes = [future.result() for future in waiting]

    assert still_waiting == WAITING
    assert sorted(took)[len(took) // 2] < 5, took  # were they behind the others, it would be a minute
    assert connections < WAITING / 4
    finished = [client.until_finished(plan) for _, plan in outcomes]
    assert {plan["status"] for plan in finished} == {"ready"}
    assert len({plan["plan"]["tasks"][0]["input"]["order_id"] for plan in finished}) == WAITING


def test_a_client_that_waits_too_short_gets_the_address_to_poll(shop: Shop) -> None:
    shop.model.may_answer.clear()

    status, plan = shop.client.ask("Refund order A-1", order_id="A-1", wait=0.2)
    shop.model.may_answer.set()

    assert (status, plan["plan"]) == (202, None)
    assert shop.client.until_finished(plan)["status"] == "ready"
