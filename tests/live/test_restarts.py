"""What was learnt stays: after a restart, and after a kill, of everything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psutil
import pytest

from orra.embedded.postgres import postmaster_pid
from orra.embedded.runs import StartedStack
from tests.conftest import SHOP
from tests.live.client import Client, until
from tests.live.conftest import StartStack
from tests.live.stream import stream

pytestmark = pytest.mark.live

REQUESTS = list(stream(150, seed=7))


@dataclass(frozen=True)
class Outcome:
    """What a request got, but for ids and times."""

    source: str
    entry_id: str | None
    plan: Any

    @property
    def hit(self) -> bool:
        return self.source in ("exact", "semantic")


def replay(client: Client) -> list[Outcome]:
    return [outcome(client.ask(action, **params)[1]) for action, params in REQUESTS]


def outcome(plan: Any) -> Outcome:
    return Outcome(plan["source"], plan["cache"]["entry_id"], plan["plan"])


def hits(outcomes: list[Outcome]) -> int:
    return sum(each.hit for each in outcomes)


def stop(stack: StartedStack) -> None:
    stack.process.terminate()
    assert stack.process.wait(60) == 0


def kill(stack: StartedStack) -> None:
    """Every process at once, the database's too, and none hears of it."""
    everything = list(family(stack))
    for process in everything:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    stack.process.wait()
    until(lambda: not any(map(runs, everything)))


def family(stack: StartedStack) -> Iterator[psutil.Process]:
    database = postmaster_pid(stack.data_dir)
    assert database is not None
    for pid in (stack.process.pid, database):
        process = psutil.Process(pid)
        yield process
        yield from process.children(recursive=True)


def runs(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def test_a_replayed_stream_hits_as_often_after_every_restart(start_stack: StartStack) -> None:
    with start_stack() as stack:
        client = Client(stack.url, stack.api_key)
        client.register(SHOP)
        first = replay(client)
        without_restart = replay(client)
        kill(stack)
    again: dict[str, list[Outcome]] = {}
    ends: dict[str, Callable[[StartedStack], None]] = {"kill": stop, "stop": stop}
    for ended, end in ends.items():
        with start_stack() as stack:
            again[f"after a {ended}"] = replay(Client(stack.url, client.key))
            end(stack)

    assert 0 < hits(first) <= hits(without_restart)
    assert hits(without_restart) >= len(REQUESTS) * 3 // 4
    for when, outcomes in again.items():
        assert hits(outcomes) >= hits(without_restart), when
        assert [each.plan for each in outcomes] == [each.plan for each in without_restart], when
        assert {each.entry_id for each in outcomes} == {each.entry_id for each in without_restart}, when
