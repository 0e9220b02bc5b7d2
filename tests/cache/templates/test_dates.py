from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cache.templates.dates import dates, only_date
from cache.templates.literals import find_literals, spellings

FORMS = ("{:%Y-%m-%d}", "{:%Y/%m/%d}", "{:%d/%m/%Y}", "{:%m/%d/%Y}", "{:%d.%m.%Y}", "{:%B %d, %Y}", "{:%d %b %Y}",
         "{0.year}年{0.month}月{0.day}日", "{0.day} de maio de {0.year}", "{0.day}. Mai {0.year}")  # fmt: skip


@given(st.dates(min_value=date(1000, 1, 1)), st.sampled_from(FORMS))
def test_a_written_date_is_among_the_readings(day: date, form: str) -> None:
    day = day.replace(month=5) if "Mai" in form or "maio" in form else day
    text = form.format(day)
    assert day in dates(text)
    (literal,) = find_literals(f"on {text}, please")
    assert (literal.kind, f"on {text}, please"[literal.start : literal.end]) == ("date", text)
    assert ("iso" in spellings("date", text)) == (len(dates(text)) == 1)


@pytest.mark.parametrize("text", ["", "next Friday", "May 2031", "2031-02-30", "05/06/31", "31/31/2031", "1" * 99])
def test_what_names_no_day(text: str) -> None:
    assert dates(text) == () and only_date(text) is None


@given(st.text(st.sampled_from("0123456789/-. Maydeofj年月日")) | st.text())
def test_reading_never_raises(text: str) -> None:
    assert len(dates(text)) <= 2


def test_a_plan_with_a_date_gets_the_next_ones_in_its_form() -> None:
    assert spellings("date", "2031-05-06") == {"iso": "2031-05-06", "raw": "2031-05-06"}
    assert spellings("date", "6 May 2031")["iso"] == "2031-05-06"
    assert "iso" not in spellings("date", "05/06/2031")
