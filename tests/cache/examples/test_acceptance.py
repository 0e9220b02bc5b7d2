"""The learned risk, and what a project makes of it."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cache.examples.acceptance import (
    MOST_SHIFT,
    NAMES,
    PARTS,
    PRIOR,
    Adjustment,
    adjust,
    log_odds,
    most_risk,
    prior,
    risk_of,
)
from cache.examples.votes import WIDEST, Numbers
from orra.base.strictjson import Json

ODDS = st.floats(-12, 12)
SHARES = st.floats(0, 1)
LABELS = st.lists(st.tuples(ODDS, st.booleans()), max_size=60)


def numbers(**changed: float) -> Numbers:
    """As they are on average."""
    return Numbers(**(dict(zip(NAMES, prior().means, strict=True)) | changed))


class TestPrior:
    def test_it_is_well_formed(self) -> None:
        stored = json.loads(PRIOR.read_text())
        assert set(stored) == {"fitted_on", "intercept", "weights", "means", "risks"}
        assert set(stored["weights"]) == set(stored["means"]) == set(NAMES)
        everything = [stored["intercept"], *stored["weights"].values(), *stored["means"].values()]
        assert all(isinstance(number, int | float) and math.isfinite(number) for number in everything)
        assert "first half" in stored["fitted_on"] or "half" in stored["fitted_on"]

    def test_risks_rise_with_tolerances_and_neither_is_none_or_all(self) -> None:
        risks = prior().risks
        assert risks
        assert all(0 < tolerance < 1 and 0 < risk < 1 for tolerance, risk in risks)
        assert list(risks) == sorted(set(risks))
        assert [risk for _, risk in risks] == sorted(risk for _, risk in risks)

    @pytest.mark.parametrize("better", ["margin", "share", "only", "described"])
    def test_a_clearer_vote_is_less_risky(self, better: str) -> None:
        most = WIDEST if better in ("margin", "described") else 1.0
        assert log_odds(numbers(**{better: most})) < log_odds(numbers(**{better: 0.0}))

    def test_new_words_are_risky(self) -> None:
        assert log_odds(numbers(new_words=1.0)) > log_odds(numbers(new_words=0.0))

    def test_what_an_ablation_leaves_out_counts_as_on_average(self) -> None:
        for part, names in PARTS.items():
            moved = numbers(**dict.fromkeys(names, 1.0))
            assert log_odds(moved, without=[part]) == pytest.approx(log_odds(numbers()))
        assert {name for names in PARTS.values() for name in names} <= set(NAMES)
        assert log_odds(numbers(), without=["refusals"]) == log_odds(numbers())


class TestMostRisk:
    @given(SHARES, SHARES)
    def test_more_tolerance_allows_more_risk(self, one: float, other: float) -> None:
        low, high = sorted((one, other))
        assert 0 <= most_risk(low) <= most_risk(high) <= 1

    def test_nothing_is_nothing_and_all_is_all(self) -> None:
        assert (most_risk(0), most_risk(1)) == (0, 1)
        assert most_risk(2) == 1

    @given(ODDS)
    def test_no_tolerance_lets_no_risk_pass(self, odds: float) -> None:
        assert risk_of(odds, Adjustment()) > most_risk(0)
        assert risk_of(odds, Adjustment()) <= most_risk(1)

    def test_what_was_measured_is_what_is_heeded(self) -> None:
        for tolerance, risk in prior().risks:
            assert most_risk(tolerance) == pytest.approx(risk)


class TestRisk:
    @given(ODDS, ODDS, LABELS)
    def test_higher_odds_stay_riskier_whatever_a_project_saw(
        self, one: float, other: float, labels: list[tuple[float, bool]]
    ) -> None:
        adjustment = adjust(labels)
        low, high = sorted((one, other))
        assert 0 < risk_of(low, adjustment) <= risk_of(high, adjustment) < 1

    def test_odds_of_any_size_have_a_risk(self) -> None:
        assert risk_of(-1e9, Adjustment()) > 0
        assert risk_of(1e9, Adjustment()) < 1


class TestAdjust:
    def test_no_labels_leave_it_as_shipped(self) -> None:
        assert adjust([]) == Adjustment()

    @given(ODDS, st.integers(1, 60))
    def test_right_ones_alone_lower_the_risk_and_wrong_ones_raise_it(self, odds: float, count: int) -> None:
        usual = risk_of(odds, Adjustment())
        assert risk_of(odds, adjust([(odds, False)] * count)) < usual
        assert risk_of(odds, adjust([(odds, True)] * count)) > usual

    @given(LABELS, ODDS)
    def test_one_more_wrong_one_lowers_no_risk_of_its_kind_and_one_more_right_one_raises_none(
        self, labels: list[tuple[float, bool]], odds: float
    ) -> None:
        before = risk_of(odds, adjust(labels))
        assert risk_of(odds, adjust([*labels, (odds, True)])) >= before - 1e-5
        assert risk_of(odds, adjust([*labels, (odds, False)])) <= before + 1e-5

    @given(LABELS)
    def test_it_is_finite_and_counts_what_it_saw(self, labels: list[tuple[float, bool]]) -> None:
        adjustment = adjust(labels)
        assert abs(adjustment.shift) <= MOST_SHIFT
        assert adjustment.labels == len(labels)

    def test_few_labels_move_little_and_many_move_much(self) -> None:
        usual = risk_of(-4.0, Adjustment())
        few, many = (risk_of(-4.0, adjust([(-4.0, True)] * count)) for count in (1, 50))
        assert usual < few < 0.25 < many

    def test_labels_that_agree_with_the_prior_hardly_move_it(self) -> None:
        labels = [(odds, False) for odds in (-4.0, -3.0, -2.0)] * 30 + [(-3.0, True)] * 5
        adjustment = adjust(labels)
        assert abs(adjustment.shift) < 0.6

    @given(LABELS)
    def test_it_is_kept_as_json(self, labels: list[tuple[float, bool]]) -> None:
        adjustment = adjust(labels)
        kept = Adjustment.from_json(json.loads(json.dumps(adjustment.as_dict())))
        assert kept.shift == pytest.approx(adjustment.shift, abs=1e-3)
        assert kept.labels == adjustment.labels

    @pytest.mark.parametrize("damaged", [None, {}, [], "x", {"shift": 1}, {"shift": "1", "labels": 1}])
    def test_anything_else_is_no_adjustment(self, damaged: Json) -> None:
        assert Adjustment.from_json(damaged) == Adjustment()
