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


def test_cached_tokens_of_a_prompt_have_a_price_of_their_own_or_the_prompts() -> None:
    prices = parse_prices("a=2/10/0.5, b=2/10")

    assert prices["a"].of(1_000_000, 0, cached=400_000) == Decimal("1.4")
    assert prices["b"].of(1_000_000, 0, cached=400_000) == Decimal("2")
    assert prices["a"].of(10, 0, cached=1_000_000) == prices["a"].of(10, 0, cached=10)


@pytest.mark.parametrize(
    "text",
    ["a", "a=", "a=1", "=1/2", "a=1/2/3/4", "a=1/2/", "a=-1/2", "a=1e9/2", "a=1/2,a=1/2", "a=١/2"],
)
def test_anything_else_is_told_as_such(text: str) -> None:
    with pytest.raises(ValueError, match="must be a list such as|twice"):
        parse_prices(text)
