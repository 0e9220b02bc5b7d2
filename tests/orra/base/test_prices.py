from __future__ import annotations

from decimal import Decimal

import pytest

from orra.base.prices import Price, parse_prices


def test_prices_are_per_million_tokens() -> None:
    prices = parse_prices("gpt-x=2.5/10, qwen/QwQ-32B:q8=0.1/0.3,")

    assert prices["gpt-x"] == Price(Decimal("2.5"), Decimal("10"))
    assert prices["gpt-x"].of(1_000_000, 100_000) == Decimal("3.5")
    assert prices["qwen/QwQ-32B:q8"].of(10, 0) == Decimal("0.000001")
    assert parse_prices("") == {}


@pytest.mark.parametrize(
    "text",
    ["gpt-x", "gpt-x=", "gpt-x=1", "=1/2", "gpt-x=1/2/3", "gpt-x=-1/2", "gpt-x=1e9/2", "a=1/2,a=1/2", "a=١/2"],
)
def test_anything_else_is_told_as_such(text: str) -> None:
    with pytest.raises(ValueError, match="must be a list such as|twice"):
        parse_prices(text)
