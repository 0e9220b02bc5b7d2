"""What simpler caches make of a stream, on streams so small that each figure can be counted by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from cache.requests import Request, Scope
from planengine.evaluation.cache.baselines import (
    Stream,
    Threshold,
    match_by_threshold,
    original_text,
    replay_baselines,
    replay_rule,
)
from planengine.evaluation.cache.rows import Pair
from planengine.evaluation.cache.vcache import Fit, VCache, exploration, fit
from planengine.requests import PlanRequest

SCOPE = Scope("p", embedding_model="m", planner="s")


def at(*degrees: float) -> NDArray[np.float32]:
    """Vectors in a plane: as similar as the cosine of the angle between them."""
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def stream(vectors: NDArray[np.float32], labels: Sequence[str | None]) -> Stream:
    return Stream(vectors, [""] * len(labels), labels)


class TestThreshold:
    def test_the_figures(self) -> None:
        """Of six rows the second is a hit, the third a wrong one; the fourth is far from all; for the fifth
        nothing can be done, and it is served all the same; the sixth is like the fourth."""
        figures = replay_rule(
            stream(at(0, 10, 12, 90, 5, 80), ["a", "a", "b", "b", None, "b"]), Threshold(0.95), "r"
        )

        assert (figures.n, figures.hits, figures.wrong_hits, figures.hits_of_refusable) == (5, 4, 2, 1)
        told = figures.as_dict()
        assert (told["hit_rate"], told["wrong_hit_rate"]) == (3 / 5, 2 / 4)

    def test_what_is_served_or_refused_is_not_stored(self) -> None:
        """Ten degrees apart each: the second is served from the first, the third is too far from that."""
        rule = Threshold(np.cos(np.radians(15)))

        assert replay_rule(stream(at(0, 10, 20), ["a", "a", "a"]), rule, "r").hits == 1
        assert replay_rule(stream(at(0, 10, 20), [None, "a", "a"]), rule, "r").hits == 1

    def test_only_rows_of_a_group_are_compared(self) -> None:
        rows = Stream(at(0, 0, 0), ["x", "y", "x"], ["a", "b", "a"])

        figures = replay_rule(rows, Threshold(0.95), "r")

        assert (figures.hits, figures.wrong_hits) == (1, 0)

    @given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2)), min_size=1, max_size=90), st.data())
    def test_it_is_the_rule_one_row_at_a_time(self, drawn: list[tuple[int, int]], data: st.DataObject) -> None:
        vectors = at(*(12.0 * angle + 0.001 * place for place, (angle, _) in enumerate(drawn)))
        threshold = data.draw(st.sampled_from([0.5, 0.95, 0.999]))
        labels = [str(label) for _, label in drawn]

        figures = replay_rule(stream(vectors, labels), Threshold(threshold), "r")

        assert (figures.hits, figures.wrong_hits) == self.one_by_one(labels, vectors, threshold)

    @staticmethod
    def one_by_one(labels: list[str], vectors: NDArray[np.float32], threshold: float) -> tuple[int, int]:
        stored: list[int] = []
        hits = wrong = 0
        for row, label in enumerate(labels):
            nearest = max(stored, key=lambda entry: float(vectors[entry] @ vectors[row]), default=None)
            if nearest is not None and vectors[nearest] @ vectors[row] > threshold:
                hits += 1
                wrong += labels[nearest] != label
            else:
                stored.append(row)
        return hits, wrong


def test_each_rule_is_told_of_the_same_requests() -> None:
    """The original compares raw text, which differs by the order's number; templates do not."""
    texts = ["Refund order ORD-1", "Refund order ORD-2"]
    requests = [Request(SCOPE, text, {"order_id": text[-5:]}) for text in texts]
    places: dict[str, int] = {}

    def embed(texts: Sequence[str]) -> NDArray[np.float32]:
        """Only equal texts are near each other."""
        return np.eye(8, dtype=np.float32)[[places.setdefault(text, len(places)) for text in texts]]

    found = replay_baselines(requests, ["refund", "refund"], embed)

    assert {name: figures.hits for name, figures in found.items()} == {
        "original": 0,
        "template_0.85": 1,
        "template_0.90": 1,
        "vcache_0.01": 0,
        "vcache_0.02": 0,
    }
    assert original_text(requests[0]) == "Refund order ORD-1:::order_id"


def test_pairs() -> None:
    pairs = [
        Pair(1, PlanRequest("0", {}), PlanRequest("1", {}), should_match=True, category="c"),
        Pair(2, PlanRequest("0", {}), PlanRequest("2", {}), should_match=True, category="c"),
    ]
    vectors = at(0, 8, 90)

    assert match_by_threshold(pairs, lambda texts: vectors[[int(text.split(":")[0]) for text in texts]]) == (
        True,
        False,
    )


class TestVCache:
    """The policy's promise: of all requests no more than δ are answered wrong."""

    def test_an_entry_serves_nobody_before_it_has_six_observations(self) -> None:
        rule = VCache(0.5, rows=10)
        for _ in range(3):
            rule.learn(0, 0.99, right=True)
        assert not any(rule.serves(0, 1.0, row) for row in range(10))

        rule.learn(0, 0.99, right=True)

        assert any(rule.serves(0, 1.0, row) for row in range(10))
        assert not any(rule.serves(1, 1.0, row) for row in range(10)), "another entry has learnt nothing"

    def test_what_is_planned_is_stored_only_when_the_nearest_was_wrong(self) -> None:
        assert VCache(0.1, rows=1).stores(right=False)
        assert not VCache(0.1, rows=1).stores(right=True)

    def test_the_threshold_is_where_right_and_wrong_are_even(self) -> None:
        chance = np.random.default_rng(1)
        similarities = chance.uniform(0, 1, 4000)
        right = chance.random(4000) < 1 / (1 + np.exp(-20 * (similarities - 0.7)))

        fitted = fit(np.stack([similarities, right.astype(float)], axis=1))

        assert fitted.threshold == pytest.approx(0.7, abs=0.02)
        assert fitted.slope == pytest.approx(20, rel=0.1)
        assert 0 < fitted.variance < 1e-4

    def test_what_can_be_separated_is_uncertain_all_the_same(self) -> None:
        few = fit(np.array([[0, 0], [1, 1], [0.9, 1], [0.8, 1], [0.5, 0], [0.4, 0]], float))

        assert 0.5 < few.threshold < 0.8
        assert few.variance == pytest.approx(0.035)

    @pytest.mark.parametrize("delta", [0.01, 0.1])
    def test_less_is_explored_the_more_similar_and_the_surer(self, delta: float) -> None:
        sure, unsure = Fit(0.7, 60, 1e-4), Fit(0.7, 60, 0.02)

        taus = [exploration(sure, similarity, delta=delta) for similarity in (0.5, 0.7, 0.8, 0.9)]

        assert taus == sorted(taus, reverse=True) and taus[0] > 0.85 and taus[-1] <= 0
        assert exploration(unsure, 0.9, delta=delta) > exploration(sure, 0.9, delta=delta)

    @pytest.mark.parametrize("delta", [0.02, 0.05])
    def test_the_promise_on_a_stream_that_it_was_made_for(self, delta: float) -> None:
        """One entry, and requests that are right by chance, the likelier the more similar."""
        chance, n = np.random.default_rng(7), 6000
        similarities = chance.uniform(0.5, 1, n)
        right = chance.random(n) < 1 / (1 + np.exp(-40 * (similarities - 0.75)))
        rule, hits, wrong = VCache(delta, rows=n), 0, 0
        for row, (similarity, is_right) in enumerate(zip(similarities, right, strict=True)):
            if rule.serves(0, float(similarity), row):
                hits += 1
                wrong += not is_right
            elif hits + row < 400:  # to fit six thousand times would take long and add nothing
                rule.learn(0, float(similarity), right=bool(is_right))

        assert hits > 0.2 * n
        assert wrong <= delta * n
