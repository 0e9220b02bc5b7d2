"""What Prometheus is told of flights."""

from __future__ import annotations

from typing import Any

import pytest

from orra.base import metrics
from tests.conftest import Api
from tests.planengine.in_flight import ITEMS, ask, ask_to_move, lose_the_leader, meanwhile, move, work
from tests.servers.scripted import ScriptedServer, failure

pytestmark = pytest.mark.django_db(transaction=True)

EVENTS = ("led", "joined", "passed_on", "taken_over", "landed", "failed")


def counts() -> dict[str, float]:
    samples = [sample for metric in metrics.FLIGHTS.collect() for sample in metric.samples]
    found = {sample.labels["event"]: sample.value for sample in samples if sample.name.endswith("_total")}
    return {event: found.get(event, 0) for event in EVENTS}


def since(before: dict[str, float]) -> dict[str, float]:
    return {event: int(now - before[event]) for event, now in counts().items() if now != before[event]}


def test_a_flight_that_fails(api: Api, server: ScriptedServer) -> None:
    before = counts()
    first, second = ask(api, "A-1"), ask(api, "B-2")
    server.script(meanwhile(lambda: work(second), then=failure(401, "Unauthorized")))

    work(first)

    assert since(before) == {"led": 1, "joined": 1, "failed": 1}


def test_a_flight_whose_worker_is_lost(api: Api, server: ScriptedServer) -> None:
    before = counts()
    first, second = ask(api, "A-1"), ask(api, "B-2")
    server.script(meanwhile(lambda: work(second), lose_the_leader, lambda: work(second)))

    work(first)

    assert since(before) == {"led": 1, "joined": 1, "taken_over": 1, "landed": 1}


def test_a_turn_in_a_lane(api: Api, server: ScriptedServer, settings: Any) -> None:
    settings.PLANNING_LANES = 1
    api.put("/v1/services/move_items", ITEMS)
    server.script(*[move])
    work(ask_to_move(api, "A-0"))
    before = counts()
    first, second = ask_to_move(api, "A-1"), ask_to_move(api, "B-2")
    server.script(meanwhile(lambda: work(second), then=move), move)

    work(first)

    assert since(before) == {"led": 1, "joined": 1, "passed_on": 1, "landed": 1}
