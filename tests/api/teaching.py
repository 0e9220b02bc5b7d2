"""A project that was told what requests mean: the composer's plans vote once somebody said that they are right."""

from __future__ import annotations

from orra.base.strictjson import Json
from tests.conftest import Api

REFUNDS = (
    "Refund order {}",
    "Please refund the order {}",
    "Refund the order {}",
    "Give the customer the money back for order {}",
    "Please refund order {}",
)
# Not one of the above, and nothing in it is new.
REWORDED = "Please refund my order {}"


def ask(api: Api, action: str, order: str, **members: Json) -> Json:
    return api.plan(action.format(order), {"order_id": order}, **members)


def report(api: Api, plan: Json, verdict: str, **members: Json) -> Json:
    answer = api.post(f"/v1/plans/{plan['id']}/report", {"verdict": verdict, **members})
    assert answer.status_code == 200, answer.content
    return answer.json()


def teach(api: Api, *actions: str) -> None:
    """Has each planned, and says that it is right."""
    for action in actions or REFUNDS:
        teach_one(api, action.format("ORD-17"), {"order_id": "ORD-17"})


def teach_one(api: Api, action: str, params: Json) -> None:
    """Tolerates much, so that no test hangs on a risk of 2 or 4 %."""
    assert api.patch("/v1/project", {"wrong_hit_tolerance": 0.5, "recheck_share": 0}).status_code == 200
    plan = api.plan(action, params, cache="refresh")
    assert plan["status"] == "ready", plan["error"]
    report(api, plan, "right_plan")
