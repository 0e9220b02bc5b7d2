"""Pairs of requests that may or must not share a plan, judged with the real embedder, in a project that knows no
more than the first of each.

``pairs/independent.jsonl`` and ``pairs/questions.jsonl`` were written without a look at the rules.
``manage.py evaluate_cache tests/cache/pairs/own.jsonl`` shows each pair that goes wrong.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from planengine.embeddings.embedders import get_embedder
from planengine.evaluation.cache.replay import Options, judge
from planengine.evaluation.cache.rows import Pair, read_rows
from planengine.evaluation.cache.vectors import KnownVectors

PAIRS = Path(__file__).parent / "pairs"
NAMES = ("independent", "own", "questions")
LEAST_REJECTED = 0.97
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
def test_what_must_not_share_a_plan_is_rejected_and_no_values_are_mixed(name: str) -> None:
    """A plan that is made for a request, by example, shares nothing; its values have to be its own as well."""
    judged = list(judge(read_pairs(name), KnownVectors(get_embedder()), Options()))

    mixed = [pair for pair, decision, values_right in judged if decision.hit and not values_right]
    assert not mixed
    near_misses = [(pair, decision) for pair, decision, _ in judged if not pair.should_match]
    shared = [pair for pair, decision in near_misses if decision.hit and decision.entry_id]
    assert len(shared) <= (1 - LEAST_REJECTED) * len(near_misses), [(pair.a, pair.b) for pair in shared]
    kept = [pair for pair, decision, _ in judged if pair.should_match and decision.hit]
    assert kept, "nothing is served at all"


def test_there_are_pairs_of_every_kind() -> None:
    pairs = [pair for name in NAMES for pair in read_pairs(name)]
    assert len(pairs) >= 400
    assert {pair.category for pair in pairs if not pair.should_match} >= KINDS_TO_REJECT
    assert {pair.category for pair in pairs if pair.should_match} >= KINDS_TO_KEEP
