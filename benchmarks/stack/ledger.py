"""A load of hits while web processes and Postgres are killed again and again, and a client's ledger of it."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.measuring import table
from orra.embedded.postgres import postmaster_pid, stop_postgres
from orra.embedded.runs import StartedStack, running_stack
from tests.conftest import SHOP
from tests.live.client import Client
from tests.live.ledger import Ledger
from tests.live.slow_model import NOT_OURS

REQUESTS, ALL_REQUESTS = 20_000, 100_000
AT_ONCE = 8
KILLS = 12


def run(*, full: bool) -> None:
    count = ALL_REQUESTS if full else REQUESTS
    table.heading(f"{count:,} hits with keys of their own by {AT_ONCE} clients, while processes are killed")
    with tempfile.TemporaryDirectory(prefix="orra-ledger-", ignore_cleanup_errors=True) as folder:
        try:
            with running_stack(Path(folder), dict.fromkeys(NOT_OURS)) as stack:
                _measure(stack, count)
        finally:
            stop_postgres(Path(folder))


def _measure(stack: StartedStack, count: int) -> None:
    client = Client(stack.url, stack.api_key)
    client.register(SHOP)
    client.ask("Refund order ORD-first", order_id="ORD-first", wait=60)
    ledger = Ledger(stack, client.key, "bench")
    killed = [_killer(stack, turn) for turn in range(KILLS)]
    started = time.perf_counter()
    ledger.ask(count, at_once=AT_ONCE, meanwhile=killed)
    seconds = time.perf_counter() - started
    found = ledger.compare()
    table.line("answered", f"{found.answered:,}", f"{count / seconds:,.0f}/s")
    table.line("exact hits of them", f"{found.exact:,}")
    table.line(f"sent again, after {KILLS} kills with signal 9", f"{found.sent_again:,}")
    for name, number in (("lost", found.lost), ("stored twice", found.twice), ("wrong values", found.wrong)):
        table.line(name, f"{number:,}", table.verdict(number, 0))


def _killer(stack: StartedStack, turn: int) -> Callable[[], None]:
    """Of the first web process, the second and Postgres, in turn. They are started again by the stack."""

    def kill() -> None:
        pid = postmaster_pid(stack.data_dir) if turn % 3 == 2 else stack.processes[f"web-{turn % 3 + 1}"]
        if pid is not None:  # else it is just being started
            os.kill(pid, signal.SIGKILL)

    return kill
