"""What tests of flights share: requests that can fly together, and what workers do meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from orra.base.strictjson import Json
from planengine.lifecycle import plans
from planengine.lifecycle.worker import work_on
from planengine.models import Flight, Plan
from tests.conftest import Api, object_schema
from tests.servers.scripted import Request, Scripted, oblige

ITEMS = {
    "type": "service",
    "description": "Move items of an order to another box.",
    "input_schema": object_schema("order_id count", order_id="string", count="integer"),
    "output_schema": object_schema("box", box="string"),
    "revertible": True,
}


def ask(api: Api, order: str, *, action: str = "Refund order {}", **members: Json) -> str:
    """The id of a plan that is asked for, and that nobody works on yet."""
    body = {"action": action.format(order), "params": {"order_id": order}, **members}
    answer = api.post("/v1/plans", body)
    assert answer.status_code == 202, answer.content
    return str(answer.json()["id"])


def ask_to_move(api: Api, order: str) -> str:
    """A request whose plan cannot be traced: which 5 became the count?"""
    return ask(api, order, action="Move 5 of 5 items of order {}")


def move(request: Request) -> dict[str, Any]:
    task0 = {**request.sections["params"], "count": 5}
    task1 = {"id": "task1", "service": "move_items", "input": {name: f"$task0.{name}" for name in task0}}
    return {"tasks": [{"id": "task0", "input": task0}, task1], "parallel_groups": [["task1"]]}


def meanwhile(*steps: Callable[[], object], then: Scripted = oblige) -> Callable[[Request], Scripted]:
    """A model's answer, during which other workers take these steps."""

    def reply(request: Request) -> Scripted:
        try:
            for step in steps:
                step()
        finally:
            connection.close()
        return then(request) if callable(then) else then

    return reply


def work(*plan_ids: str) -> None:
    """What workers do with these messages, and with those that come of them."""
    queue = list(plan_ids)
    while queue:
        queue.extend(work_on(queue.pop(0)))


def get(api: Api, plan_id: str) -> Json:
    return api.get(f"/v1/plans/{plan_id}").json()


def lose_the_leader() -> None:
    """Its process is gone, and its leases have run out."""
    past = timezone.now() - timedelta(seconds=1)
    Flight.objects.update(lease_expires_at=past)
    Plan.objects.filter(status="planning").update(lease_expires_at=past)


def swept() -> list[str]:
    """What the sweep finds of plans that have waited for a while."""
    long_ago = timezone.now() - timedelta(seconds=10)
    Plan.objects.filter(status="pending").update(created_at=long_ago)
    return list(plans.lost_plans(timezone.now()))
