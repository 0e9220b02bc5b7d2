"""The questions that a check asks."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from orra.base.strictjson import Json
from planengine.catalogue.specs import Catalogue, ServiceSpec
from planengine.planners.protocol import Job

READS: Mapping[str, Json] = MappingProxyType({"readOnlyHint": True})
# No model says it of its own accord, so that who says it is held to the schema.
ODD_WORD = "quokka"
ODD_SCHEMA: Mapping[str, Json] = {
    "type": "object",
    "properties": {"colour": {"type": "string", "enum": [ODD_WORD]}},
    "required": ["colour"],
    "additionalProperties": False,
}
COLOUR = "What colour is a clear sky at noon? Answer with a JSON object whose one member is called colour."
# A server that promises an object, and no more, must give one even here.
NO_OBJECT = "What colour is a clear sky at noon? Answer with one plain English sentence, and do not use JSON."

# Longer than 4,096 tokens, which is where Ollama cuts by default on small machines.
LONG_LINES = 320
LONG = "\n".join(
    [
        f"The code word of the archive is {ODD_WORD}. A list of its shelves follows.",
        *(
            f"Shelf {number} of the archive holds the letters that were written in the year {1400 + number}."
            for number in range(LONG_LINES)
        ),
        "What is the code word of the archive? Answer with that one word.",
    ]
)
TEXTS = ("Refund the order and tell the customer", "Give the money for the order back", "Book a table for tonight")


def sample_job() -> Job:
    """A request for which two services must be called, one with what the other gives."""
    found = {"customer_id": {"type": "string"}, "amount": {"type": "number"}}
    return Job(
        action="Refund order ORD-17 because it arrived damaged",
        params={"order_id": "ORD-17", "reason": "it arrived damaged"},
        catalogue=Catalogue(
            [
                _service(
                    "find_order", "Find an order: who bought it and what was paid.", ["order_id"], found, READS
                ),
                _service(
                    "refund_customer",
                    "Refund a customer an amount, and say why.",
                    ["customer_id", "amount", "reason"],
                    {"refund_id": {"type": "string"}},
                    examples=("Refund it because {reason}",),
                ),
                _service("book_table", "Book a table in a restaurant.", ["city"], {"table": {"type": "string"}}),
            ]
        ),
    )


def _service(
    name: str,
    description: str,
    takes: list[str],
    gives: dict[str, Json],
    annotations: Mapping[str, Json] = MappingProxyType({}),
    examples: tuple[Json, ...] = (),
) -> ServiceSpec:
    fields: dict[str, Json] = {field: {"type": "number" if field == "amount" else "string"} for field in takes}
    return ServiceSpec(
        id=name,
        name=name,
        type="service",
        description=description,
        version=1,
        input_schema={"type": "object", "properties": fields, "required": list(takes)},
        output_schema={"type": "object", "properties": gives, "required": list(gives)},
        revertible=False,
        annotations=annotations,
        given_examples=examples,
    )
