"""A small catalogue that the tests of planning share, and short ways to write drafts for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from orra.base.strictjson import Json
from planengine.catalogue.specs import Catalogue, ServiceSpec

TEXT: Json = {"type": "string"}
NUMBER: Json = {"type": "number"}


def an_object(
    properties: Mapping[str, Json], required: Sequence[str] | None = None, **more: Json
) -> dict[str, Json]:
    """A schema; everything is required unless said otherwise."""
    wanted = list(properties) if required is None else list(required)
    return {"type": "object", "properties": dict(properties), "required": wanted, **more}


def a_service(
    name: str,
    takes: Mapping[str, Json],
    gives: Mapping[str, Json],
    *,
    required: Sequence[str] | None = None,
    annotations: Mapping[str, Json] | None = None,
    examples: Sequence[Json] = (),
) -> ServiceSpec:
    return ServiceSpec(
        id=f"s_{name}",
        name=name,
        type="service",
        description=f"Does {name}.",
        version=1,
        input_schema=an_object(takes, required),
        output_schema=an_object(gives),
        revertible=False,
        annotations=annotations or {},
        given_examples=tuple(examples),
    )


def with_input_schema(service: ServiceSpec, schema: Json) -> ServiceSpec:
    """The same service, taking what a schema of any form describes."""
    return replace(service, input_schema=schema)


READS: Json = {"readOnlyHint": True}

find_order = a_service(
    "find-order", {"orderId": TEXT}, {"total": NUMBER, "customerId": TEXT, "items": {}}, annotations=READS
)
find_customer = a_service("find-customer", {"customerId": TEXT}, {"email": TEXT, "name": TEXT}, annotations=READS)
refund = a_service(
    "refund",
    {
        "orderId": TEXT,
        "amount": {"type": "number", "minimum": 0},
        "reason": {"type": "string", "enum": ["damaged", "late", "other"]},
        "currency": {"type": "string", "default": "EUR"},
        "express": {"type": "boolean"},
    },
    {"refundId": TEXT},
    required=["orderId", "amount"],
)
notify = a_service("notify", {"email": TEXT, "text": TEXT}, {"sent": {"type": "boolean"}}, required=["email"])
search = a_service("search-laptops", {"query": TEXT}, {"offers": {"type": "array", "items": TEXT}})

shop = Catalogue([find_order, find_customer, refund, notify, search])


def a_draft(task0: Json, *tasks: tuple[str, Json]) -> dict[str, Json]:
    """``a_draft({…}, ("find-order", {…}), …)``: task0 with that input, then task1, task2, …"""
    numbered = enumerate(tasks, start=1)
    return {
        "tasks": [
            {"id": "task0", "input": task0},
            *(
                {"id": f"task{number}", "service": service, "input": inputs}
                for number, (service, inputs) in numbered
            ),
        ],
        "parallel_groups": [],
    }
