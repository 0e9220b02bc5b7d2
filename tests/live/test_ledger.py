"""Web processes and the database are killed under a load of hits: what was answered is there, once and right."""

from __future__ import annotations

import os
import signal

import pytest

from orra.embedded.postgres import postmaster_pid
from tests.live.conftest import Shop
from tests.live.ledger import Ledger
from tests.live.test_faults import kill

pytestmark = pytest.mark.live

REQUESTS = 2_000
AT_ONCE = 8


def test_nothing_that_was_answered_is_lost(shop: Shop) -> None:
    ledger = Ledger(shop.stack, shop.client.key, "killed")
    assert shop.client.ask("Refund order ORD-first", order_id="ORD-first", wait=60)[1]["status"] == "ready"

    def kill_database() -> None:
        database = postmaster_pid(shop.stack.data_dir)
        assert database is not None
        os.kill(database, signal.SIGKILL)

    ledger.ask(
        REQUESTS,
        at_once=AT_ONCE,
        meanwhile=(lambda: kill(shop.stack, "web-1"), kill_database, lambda: kill(shop.stack, "web-2")),
    )

    found = ledger.compare()
    assert (found.answered, found.lost, found.twice, found.wrong) == (REQUESTS, 0, 0, 0)
    assert found.exact == REQUESTS
    assert found.sent_again > 0  # else nobody noticed
