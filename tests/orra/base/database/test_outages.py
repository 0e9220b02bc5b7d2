from __future__ import annotations

import pytest
from django.db import InterfaceError, OperationalError, connection

from orra.base.database.outages import is_away


def test_a_connection_that_is_lost_is_an_outage() -> None:
    assert is_away(OperationalError("server closed the connection unexpectedly"))
    assert is_away(InterfaceError("connection already closed"))
    assert not is_away(ValueError("no"))
    assert not is_away(None)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("statement", "away"),
    [
        ("SELECT array_fill(1, ARRAY[16001])::real[]::vector::halfvec", False),  # more than a vector may have
        ("DO $$ BEGIN RAISE EXCEPTION 'going down' USING ERRCODE = '57P01'; END $$", True),
        ("DO $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '53100'; END $$", True),
    ],
)
def test_a_limit_that_is_exceeded_is_none(statement: str, away: bool) -> None:
    with pytest.raises(OperationalError) as caught, connection.cursor() as cursor:
        cursor.execute(statement)
    assert is_away(caught.value) is away
