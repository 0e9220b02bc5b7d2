"""Web processes and the database are killed under a load of hits: what was answered is there, once and right."""

from __future__ import annotations

import pytest

from tests.live.conftest import Shop
from tests.live.ledger import Ledger
from tests.live.test_faults import kill, kill_database

pytestmark = pytest.mark.live

REQUESTS = 2_000
AT_ONCE = 8


def test_nothing_that_was_answered_is_lost(shop: Shop) -> None:
    ledger = Ledger(shop.stack, shop.client.key, "killed")
    assert shop.client.ask("Refund order ORD-first", order_id="ORD-first", wait=60)[1]["status"] == "ready"

    ledger.ask(
        REQUESTS,
        at_once=AT_ONCE,
        meanwhile=(
            lambda: kill(shop.stack, "web-1"),
            lambda: kill_database(shop.stack),
            lambda: kill(shop.stack, "web-2"),
        ),
    )

    found = ledger.compare()
    assert (found.answered, found.lost, found.twice, found.wrong) == (REQUESTS, 0, 0, 0)
    assert found.exact == REQUESTS
    assert found.sent_again > 0  # else nobody noticed
