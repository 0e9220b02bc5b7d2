"""Pairs of requests that may or must not share a plan, judged with the real embedder.

``pairs/independent.jsonl`` was written without a look at the guards. The bounds below are what the guards reach
today; whoever makes them better raises the bounds. The goal is that nothing that must not share a plan does.
``manage.py evaluate_cache tests/cache/pairs/independent.jsonl`` shows each pair that goes wrong.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from planengine.cache_evaluation.replay import evaluate_pairs
from planengine.cache_evaluation.rows import Pair, read_rows
from planengine.embeddings import get_embedder

PAIRS = Path(__file__).parent / "pairs"


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "rejected", "kept"), [("independent", 0.79, 0.44), ("own", 0.76, 0.60)])
def test_what_must_not_share_a_plan_is_rejected(name: str, rejected: float, kept: float) -> None:
    pairs = [row for row in read_rows(PAIRS / f"{name}.jsonl", limit=None) if isinstance(row, Pair)]

    figures = evaluate_pairs(pairs, get_embedder(), progress=lambda done, total: None).as_dict()

    assert figures["rejected_rate"] >= rejected, figures["by_category"]
    assert figures["kept_rate"] >= kept, figures["by_category"]
