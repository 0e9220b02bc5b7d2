"""What tests ask of a project that refunds orders, and models that plan it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from orra.base.strictjson import Json
from tests.servers.scripted import Request, final

WORDINGS = (
    "Refund order {}",
    "Issue a refund for order {}",
    "I want a refund of order {}",
    "Refund the payment of order {}",
)
PLEASE = "Please refund the order {}"


def plan_of(service: str, params: Json) -> dict[str, Any]:
    task = {"id": "task1", "service": service, "input": {name: f"$task0.{name}" for name in params}}
    return {"tasks": [{"id": "task0", "input": params}, task], "parallel_groups": [["task1"]]}


def calling(service: str) -> Callable[[Request], dict[str, Any]]:
    """A model that plans a call of this service, whatever is asked."""
    return lambda request: plan_of(service, request.sections["params"])


def refuse(request: Request) -> dict[str, Any]:
    return final("There is nothing to be done.")
