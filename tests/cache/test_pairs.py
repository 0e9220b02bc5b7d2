"""Pairs of requests that may or must not share a plan, judged with the real embedder.

``pairs/independent.jsonl`` and ``pairs/questions.jsonl`` were written without a look at the guards' lists,
``pairs/own.jsonl`` with it. ``manage.py evaluate_cache tests/cache/pairs/own.jsonl`` shows each pair that goes
wrong.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from planengine.embeddings.embedders import get_embedder
from planengine.evaluation.cache.replay import evaluate_pairs
from planengine.evaluation.cache.rows import Pair, read_rows

PAIRS = Path(__file__).parent / "pairs"
NAMES = ("independent", "own", "questions")
LEAST_KEPT = 0.8
KINDS_TO_REJECT = {
    "negation",
    "antonym",
    "direction",
    "number-unit",
    "scope",
    "condition",
    "extra-step",
    "entity",
    "role-of-equal-values",
}
KINDS_TO_KEEP = {"paraphrase", "renamed-fields", "other-values", "role-of-equal-values"}


def read_pairs(name: str) -> list[Pair]:
    return [row for row in read_rows(PAIRS / f"{name}.jsonl", limit=None) if isinstance(row, Pair)]


@pytest.mark.django_db
@pytest.mark.parametrize("name", NAMES)
def test_what_must_not_share_a_plan_is_rejected_and_most_of_the_rest_is_kept(name: str) -> None:
    figures = evaluate_pairs(read_pairs(name), get_embedder())

    told = figures.as_dict()
    wrong = [outcome for outcome in figures.outcomes if outcome.hit and not outcome.pair.should_match]
    assert not wrong, [(outcome.pair.a.action, outcome.pair.b.action) for outcome in wrong]
    assert told["kept_rate"] >= LEAST_KEPT, told["by_category"]


def test_there_are_pairs_of_every_kind() -> None:
    pairs = [pair for name in NAMES for pair in read_pairs(name)]
    assert len(pairs) >= 400
    assert {pair.category for pair in pairs if not pair.should_match} >= KINDS_TO_REJECT
    assert {pair.category for pair in pairs if pair.should_match} >= KINDS_TO_KEEP
