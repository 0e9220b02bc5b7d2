"""A small project to measure with: two services, a request for both, and the plan for it."""

from __future__ import annotations

from orra.base.strictjson import Json
from planengine.catalogue import registry
from planengine.models import Project
from planengine.requests import PlanRequest
from planengine.reuse import plan_cache

SERVICES: dict[str, dict[str, Json]] = {
    "order_lookup": {
        "type": "service",
        "description": "Find an order: who bought it and what was paid.",
        "input_schema": {
            "type": "object",
            "properties": {"order_id": {"type": "string"}},
            "required": ["order_id"],
        },
        "output_schema": {
            "type": "object",
            "properties": {"customer_id": {"type": "string"}, "amount": {"type": "number"}},
        },
        "revertible": False,
    },
    "refund_payment": {
        "type": "service",
        "description": "Give a customer the money back, and say why.",
        "input_schema": {
            "type": "object",
            "properties": {
                "customer_id": {"type": "string"},
                "amount": {"type": "number"},
                "reason": {"type": "string"},
            },
            "required": ["customer_id", "amount", "reason"],
        },
        "output_schema": {"type": "object", "properties": {"refund_id": {"type": "string"}}},
        "revertible": True,
    },
}


def request(number: int, *, wording: str = "Refund order {order_id} because it is {reason}") -> PlanRequest:
    """The same request with other values for each number."""
    params: dict[str, Json] = {"order_id": f"ORD-{number:06}", "reason": ("damaged", "late", "lost")[number % 3]}
    return PlanRequest(wording.format(**params), params)


def plan_for(asked: PlanRequest) -> Json:
    return {
        "tasks": [
            {"id": "task0", "input": dict(asked.params)},
            {"id": "task1", "service": "order_lookup", "input": {"order_id": "$task0.order_id"}},
            {
                "id": "task2",
                "service": "refund_payment",
                "input": {
                    "customer_id": "$task1.customer_id",
                    "amount": "$task1.amount",
                    "reason": "$task0.reason",
                },
            },
        ],
        "parallel_groups": [["task1"], ["task2"]],
    }


def open_project() -> Project:
    """A project with the services registered and one plan in its cache."""
    project = Project.objects.create(name="benchmarks")
    for name, facts in SERVICES.items():
        registry.register(project, name, facts)
    asked = request(0)
    vector = plan_cache.embed(plan_cache.request_for(project, asked).template.embedding_text)
    plan_cache.store(project, asked, plan_for(asked), vector=vector, planned_by="model", cost={})
    return project
