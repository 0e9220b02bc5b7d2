from __future__ import annotations

from planengine.catalogue.field_names import stems_of, words_of


def test_a_long_text_is_read_as_a_short_one_is() -> None:
    for times in (1, 20, 1_000):
        text = "refunded orderIds, " * times
        assert words_of(text) == ("refunded", "order", "ids") * times
        assert stems_of(text) == {"refund", "order", "ids"}
