"""What models cost, as the operator says: ``LLM_PRICES="gpt-x=2.5/10/0.25, qwen3-32b=0.1/0.3"``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

MILLION = 1_000_000
_AMOUNT = re.compile(r"\d{1,9}(\.\d{1,9})?", re.ASCII)


@dataclass(frozen=True)
class Price:
    """Per million tokens, in whatever currency the operator thinks in. ``cached`` is for the tokens of a prompt
    that the server had in its cache; ``None``: they cost what the others do."""

    prompt: Decimal
    completion: Decimal
    cached: Decimal | None = None

    def of(self, prompt_tokens: int, completion_tokens: int, *, cached: int = 0) -> Decimal:
        """``cached`` of the prompt's tokens were in the server's cache."""
        cached = min(cached, prompt_tokens)
        cheaper = self.prompt if self.cached is None else self.cached
        prompt = self.prompt * (prompt_tokens - cached) + cheaper * cached
        return (prompt + self.completion * completion_tokens) / MILLION


def parse_prices(text: str) -> dict[str, Price]:
    """Prices by the model's configured name. Raises ``ValueError``, in words for an operator."""
    prices: dict[str, Price] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        model, _, amounts = part.rpartition("=")
        model = model.strip()
        told = [amount.strip() for amount in amounts.split("/")]
        if not model or len(told) not in (2, 3) or not all(map(_AMOUNT.fullmatch, told)):
            raise ValueError(
                "must be a list such as model-a=2.5/10, model-b=0.1/0.3/0.05 (prompt, completion, and cached "
                f"prompt tokens), and {part!r} is not of it."
            )
        if model in prices:
            raise ValueError(f"names {model!r} twice.")
        prices[model] = Price(*map(Decimal, told))
    return prices
