"""What a whole stack takes of the machine's memory, and how soon it is there: started as ``make up`` does on data
that exists, and after many requests of all kinds."""

from __future__ import annotations

import http.client
import json
import re
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from benchmarks.measuring import table
from orra.embedded.footprint import in_words, memory_of, processes_of
from orra.embedded.postgres import SETTINGS, stop_postgres
from orra.embedded.runs import Running, StartedStack, running, running_stack
from tests.conftest import SHOP
from tests.live.client import Client
from tests.live.slow_model import NOT_OURS, made_up

JUST_STARTED_MB, BUSY_MB, FLAT_MB = 450.0, 700.0, 50.0
READY_SECONDS, FIRST_HIT_MS = 5.0, 50.0
SHARED = re.compile(r"^Pss_Shmem:\s+(\d+) kB", re.MULTILINE)
CLIENTS = 8
STEPS = 5
STARTS = 2
BEGINNINGS = ("", "please ", "could you ", "now ", "today ")
WORDINGS = (
    "Refund order {}",
    "Give the customer the money back for order {}",
    "Find order {}",
    "Find what was paid for order {}",
)
# Every service comes with what its developer would have called for with it.
EXAMPLES = {"refund_payment": WORDINGS[:2], "order_lookup": WORDINGS[2:]}


@dataclass(frozen=True)
class Sizes:
    """How many requests there are before the figures that are compared, and between them."""

    first: int
    then: int


SMALL, FULL = Sizes(2_000, 10_000), Sizes(10_000, 50_000)


def run(*, full: bool) -> None:
    sizes = FULL if full else SMALL
    table.heading("Memory and start of a whole stack, on data that exists (PSS: shared pages count once)")
    with tempfile.TemporaryDirectory(prefix="orra-memory-", ignore_cleanup_errors=True) as folder:
        data_dir = Path(folder)
        try:
            key = _fill(data_dir)
            for _ in range(STARTS - 1):
                with _started(data_dir) as stack:
                    _time_first_hit(stack, key)
            with _started(data_dir) as stack:
                _time_first_hit(stack, key)
                _grow(stack, key, sizes)
        finally:
            stop_postgres(data_dir)


def _fill(data_dir: Path) -> str:
    """A project with services and cached plans; its key."""
    with running_stack(data_dir, dict.fromkeys(NOT_OURS)) as stack:
        client = Client(stack.url, stack.api_key)
        for name, facts in SHOP.items():
            examples = [wording.format("{order_id}") for wording in EXAMPLES.get(name, ())]
            client.register({name: {**facts, "examples": examples}})
        for number, wording in enumerate(WORDINGS):
            _, plan = client.ask(wording.format(f"ORD-{number}"), order_id=f"ORD-{number}")
            assert plan["status"] == "ready", plan
            client.request("POST", f"/v1/plans/{plan['id']}/report", {"verdict": "right_plan"})
        return stack.api_key


@contextmanager
def _started(data_dir: Path) -> Iterator[StartedStack]:
    began = time.perf_counter()
    with running_stack(data_dir, dict.fromkeys(NOT_OURS)) as stack:
        seconds = time.perf_counter() - began
        worked = sum(sum(process.cpu_times()[:4]) for process in _processes(stack))
        figures = (f"{seconds:.1f} s", f"{worked:.1f} s of CPU", table.verdict(seconds, READY_SECONDS))
        table.line(f"ready (≤ {READY_SECONDS:g} s)", *figures)
        yield stack


def _processes(stack: StartedStack) -> Sequence[psutil.Process]:
    return list(processes_of(_running(stack), stack.data_dir))


def _running(stack: StartedStack) -> Running:
    run = running(stack.data_dir)
    assert run is not None
    return run


def _time_first_hit(stack: StartedStack, key: str) -> None:
    """Of each of a few, on a connection of its own: web processes take turns as they like."""
    took = []
    for number in range(4):
        began = time.perf_counter()
        source = _Asker(stack.url, key).ask(_hit(number))
        took.append((time.perf_counter() - began) * 1000)
        if source not in ("exact", "semantic", "example"):
            raise RuntimeError(f"The first request after a restart was no hit but {source}.")
    figures = (f"{took[0]:.1f} ms", "then " + ", ".join(f"{each:.1f}" for each in took[1:]))
    table.line(
        f"first hit after a restart (≤ {FIRST_HIT_MS:g} ms)", *figures, table.verdict(took[0], FIRST_HIT_MS)
    )


def _grow(stack: StartedStack, key: str, sizes: Sizes) -> None:
    just_started = _memory(stack)
    _show("just started", just_started, JUST_STARTED_MB)
    _ask_all(stack, key, range(sizes.first))
    _show(f"after {sizes.first:,} requests", _memory(stack), BUSY_MB)
    each = sizes.then // STEPS
    asked, taken, apart = [], [], []
    for step in range(STEPS):
        begin = sizes.first + step * each
        _ask_all(stack, key, range(begin, begin + each))
        asked.append(begin + each)
        taken.append(sum(_show(f"after {begin + each:,}", _memory(stack), BUSY_MB).values()))
        buffers = _buffers(stack)
        apart.append(taken[-1] - buffers)
        table.line("  of it Postgres' buffers", f"{buffers:.0f} MB")
    growth = statistics.linear_regression(asked, taken).slope * sizes.then
    table.line(
        f"growth over {sizes.then:,} more (≤ {FLAT_MB:g} MB)", f"{growth:+.0f} MB", table.verdict(growth, FLAT_MB)
    )
    growth = statistics.linear_regression(asked, apart).slope * sizes.then
    told = f"{growth:+.0f} MB", table.verdict(growth, FLAT_MB)
    table.line(f"  but for Postgres' buffers, which fill up to {SETTINGS['shared_buffers']}", *told)


def _memory(stack: StartedStack) -> Mapping[str, float]:
    return memory_of(_running(stack), stack.data_dir)


def _buffers(stack: StartedStack) -> float:
    """Megabytes that Postgres' processes share."""
    kinds = processes_of(_running(stack), stack.data_dir).items()
    pages = (Path(f"/proc/{each.pid}/smaps_rollup").read_text() for each, kind in kinds if kind == "Postgres")
    return sum(int(shared[1]) for told in pages if (shared := SHARED.search(told))) / 1024


def _show(when: str, memory: Mapping[str, float], limit: float) -> Mapping[str, float]:
    table.line(f"{when} (≤ {limit:g} MB)", in_words(memory), table.verdict(sum(memory.values()), limit))
    return memory


def _ask_all(stack: StartedStack, key: str, numbers: range) -> None:
    began = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        shares = pool.map(
            lambda share: _ask_share(stack.url, key, share), (numbers[n::CLIENTS] for n in range(CLIENTS))
        )
        sources = sum(shares, Counter[str]())
    told = ", ".join(f"{source} {count:,}" for source, count in sources.most_common())
    table.line(
        f"  {len(numbers):,} requests", f"{len(numbers) / (time.perf_counter() - began):.0f}/s", f"  {told}"
    )


def _ask_share(url: str, key: str, numbers: range) -> Counter[str]:
    asker = _Asker(url, key)
    return Counter(asker.ask(_mixed(number)) for number in numbers)


def _mixed(number: int) -> dict[str, Any]:
    """Of twenty requests fourteen in known words, four in words that are new at first, one that the composer plans
    and one that it refuses for its words."""
    place, turn = number % 20, number // 20
    if place == 0:
        return _body(f"Find the {made_up(turn % 3000)} of order {{}}", turn)
    if place == 5:
        return {**_hit(number), "cache": "bypass"}
    if place < 5:
        beginning = BEGINNINGS[turn % len(BEGINNINGS)]
        return _body(f"{beginning}{WORDINGS[place - 1].lower()}", turn)
    return _hit(number)


def _hit(number: int) -> dict[str, Any]:
    return _body(WORDINGS[number % len(WORDINGS)], number)


def _body(wording: str, number: int) -> dict[str, Any]:
    order = f"ORD-{number:06}"
    return {"action": wording.format(order), "params": {"order_id": order}, "wait_seconds": 60}


class _Asker:
    """A client that keeps its connection."""

    def __init__(self, url: str, key: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def ask(self, body: Mapping[str, Any]) -> str:
        """Where the plan came from, or how it ended without one."""
        self._connection.request("POST", "/v1/plans", json.dumps(body), self._headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status not in (200, 201, 202):
            raise RuntimeError(f"The stack answers {answer.status}: {content.decode(errors='replace')[:400]}")
        plan = json.loads(content)
        return str(plan["source"] if plan["status"] == "ready" else plan["status"])
