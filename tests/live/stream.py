"""A stream of requests of a small shop: a few things to do, said in several ways, each with many values."""

from __future__ import annotations

import random
from collections.abc import Iterator

from orra.base.strictjson import Json

SAID: dict[str, tuple[str, ...]] = {
    "order_id": (
        "Refund order {}",
        "Please refund the order {}",
        "Give the customer the money back for order {}",
        "Find order {}",
        "Please find the order {}",
        "Look up order {} with its items",
    ),
    "query": (
        "Search for a used laptop",
        "Search for used laptops, please",
        "Find laptops that fit my description",
    ),
}
WORDS = ("light", "cheap", "quiet", "large", "for games", "for travelling", "with a good keyboard")


def stream(length: int, *, seed: int) -> Iterator[tuple[str, dict[str, Json]]]:
    """(action, params), always the same for a seed."""
    draw = random.Random(seed)
    while length:
        field = draw.choice(["order_id", "order_id", "query"])
        value = f"ORD-{draw.randrange(100, 1000)}" if field == "order_id" else draw.choice(WORDS)
        yield draw.choice(SAID[field]).format(value), {field: value}
        length -= 1
