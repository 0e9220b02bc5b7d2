"""Many projects at mixed rates on one stack, one of which floods the workers: how long the others wait."""

from __future__ import annotations

import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

from benchmarks.measuring import table
from orra.embedded.postgres import stop_postgres
from orra.embedded.runs import StartedStack, running_stack
from tests.live.client import WHOLE_PLANS, Client
from tests.live.slow_model import NOT_OURS, SERVICES, SlowServer, made_up
from tests.servers.profiles import VLLM_NEW

PROJECTS, ALL_PROJECTS = 12, 50
REQUESTS, ALL_REQUESTS = 1_000, 10_000
FLOOD, WHOLE_FLOOD = 300, 2_000
WAITING = 200
WORKERS, MODEL_SECONDS = 8, 0.1
AT_ONCE = 8
# Of the others' requests, so many are hits; the rest is planned, each by itself.
SHARE_OF_HITS = 0.9
MOST_SECONDS, ALL_SECONDS = 120, 900


@dataclass
class Seen:
    """What clients got: milliseconds by kind, statuses, and what nobody should get."""

    milliseconds: dict[str, list[float]] = field(default_factory=lambda: {"hit": [], "planned": []})
    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, kind: str, milliseconds: float, status: int) -> None:
        with self.lock:
            self.statuses[status] += 1
            if status < 400:
                self.milliseconds[kind].append(milliseconds)
            elif status != 429:
                self.faults.append(f"{kind}: {status}")


def run(*, full: bool) -> None:
    projects, requests, flood, seconds = (
        (ALL_PROJECTS, ALL_REQUESTS, WHOLE_FLOOD, ALL_SECONDS)
        if full
        else (PROJECTS, REQUESTS, FLOOD, MOST_SECONDS)
    )
    table.heading(
        f"{requests:,} requests of {projects} projects at mixed rates, {WORKERS} plans at once, "
        f"{MODEL_SECONDS:g} s for each; during the second half one more project asks for {flood:,}"
    )
    with (
        tempfile.TemporaryDirectory(prefix="orra-fair-", ignore_cleanup_errors=True) as folder,
        SlowServer(seconds=MODEL_SECONDS) as server,
    ):
        variables = {
            **dict.fromkeys(NOT_OURS),
            "LLM_MODEL": VLLM_NEW.model,
            "LLM_API_BASE_URL": server.url,
            **WHOLE_PLANS,
            "WORKER_CONCURRENCY": str(WORKERS),
            "PLANNING_WAITING": str(WAITING),
            "ORRA_OPEN_REGISTRATION": "1",
        }
        try:
            with running_stack(Path(folder), variables) as stack:
                _measure(stack, projects=projects, requests=requests, flood=flood, seconds=seconds)
        finally:
            stop_postgres(Path(folder))


def _measure(stack: StartedStack, *, projects: int, requests: int, flood: int, seconds: float) -> None:
    clients = [_project(stack, number) for number in range(projects)]
    flooding = _project(stack, projects)
    # Rates as they are in practice: a few projects ask for most.
    turns = random.Random(7).choices(clients, [1 / (1 + number) for number in range(projects)], k=requests)
    alone, beside = Seen(), Seen()
    half = len(turns) // 2
    _ask_all(alone, turns[:half], first=0, until=time.monotonic() + seconds / 2)
    stop = threading.Event()
    flooded = Seen()
    flooder = threading.Thread(target=_flood, args=(flooded, flooding, flood, stop))
    flooder.start()
    _ask_all(beside, turns[half:], first=half, until=time.monotonic() + seconds / 2)
    stop.set()
    flooder.join()
    for kind in ("hit", "planned"):
        for name, seen in (("alone", alone), ("beside the flood", beside)):
            spread = table.Spread.of(seen.milliseconds[kind])
            figures = (f"p50 {spread.p50:.0f} ms", f"p95 {spread.p95:.0f} ms", f"{len(seen.milliseconds[kind]):,}")
            table.line(f"{kind}, {name}", *figures)
    told = ", ".join(f"{status}: {count:,}" for status, count in sorted(flooded.statuses.items()))
    table.line("the flood was answered", told)
    refused = alone.statuses[429] + beside.statuses[429]
    table.line("others refused with 429", f"{refused:,}", table.verdict(refused, 0))
    faults = [*alone.faults, *beside.faults, *flooded.faults]
    table.line("errors other than 429", f"{len(faults):,}", table.verdict(len(faults), 0))
    for fault in faults[:5]:
        table.line(f"  {fault}")


def _project(stack: StartedStack, number: int) -> Client:
    made = Client(stack.url, stack.api_key).request("POST", "/v1/projects", {"name": f"project {number}"})[1]
    client = Client(stack.url, made["api_key"])
    client.register(SERVICES)
    _ask(Seen(), "hit", client, "Track parcel P-0", "P-0")
    return client


def _ask_all(seen: Seen, turns: Sequence[Client], *, first: int, until: float) -> None:
    draw = random.Random(first)

    def ask(number: int, client: Client, is_hit: bool) -> None:
        parcel = f"P-{number}"
        if time.monotonic() >= until:
            return
        if is_hit:
            _ask(seen, "hit", client, f"Track parcel {parcel}", parcel)
        else:
            _ask(seen, "planned", client, f"Track parcel {parcel} for {made_up(number)}", parcel)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        asking = [
            pool.submit(ask, number, client, draw.random() < SHARE_OF_HITS)
            for number, client in enumerate(turns, start=first)
        ]
        for each in asking:
            each.result()


def _flood(seen: Seen, client: Client, count: int, stop: threading.Event) -> None:
    """One after the other without waiting for any, as a client does that only goes on when it is refused."""
    for number in range(count):
        if stop.is_set():
            return
        action = f"Track parcel F-{number} for {made_up(number % 3000)}"
        if _ask(seen, "planned", client, action, f"F-{number}", wait=0, cache="bypass") == 429:
            stop.wait(0.1)


def _ask(seen: Seen, kind: str, client: Client, action: str, parcel: str, *, wait: int = 60, **more: Any) -> int:
    body = {"action": action, "params": {"parcel_id": parcel}, "wait_seconds": wait, **more}
    started = time.perf_counter()
    try:
        status, plan = client.request("POST", "/v1/plans", body)
    except HTTPError as error:
        status, plan = error.code, {}
        error.close()
    except OSError as error:
        status, plan = 599, {"error": {"code": type(error).__name__}}
    if status < 400 and wait and plan.get("status") != "ready":
        with seen.lock:
            seen.faults.append(f"{kind}: {plan.get('status')} {(plan.get('error') or {}).get('code')}")
    seen.note(kind, (time.perf_counter() - started) * 1000, status)
    return status
