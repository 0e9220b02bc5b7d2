"""Percentiles from buckets, beside those of the durations themselves."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planengine.accounting.figures.durations import LEAST, MOST, bucket_of, percentile, seconds_of

ERROR = 2 ** (1 / 8) * (1 + 1e-9)


@given(st.lists(st.floats(LEAST, MOST), min_size=1, max_size=60), st.floats(0.01, 1))
def test_a_percentile_is_at_most_a_tenth_off(durations: list[float], share: float) -> None:
    told = percentile(Counter(map(bucket_of, durations)), share)

    exact = sorted(durations)[max(0, math.ceil(share * len(durations)) - 1)]
    assert told is not None
    assert exact / ERROR <= told <= exact * ERROR


def test_of_nothing_there_is_none() -> None:
    assert percentile({}, 0.5) is None
    assert percentile({3: 0}, 0.5) is None


@pytest.mark.parametrize("seconds", [0.0, -1.0, 1e-9, 1e12, math.inf])
def test_what_no_clock_tells_stays_within_bounds(seconds: float) -> None:
    assert bucket_of(LEAST) <= bucket_of(seconds) <= bucket_of(MOST)


def test_a_bucket_stands_for_its_own_middle() -> None:
    for bucket in range(bucket_of(LEAST), bucket_of(MOST)):
        assert bucket_of(seconds_of(bucket)) == bucket
