"""Rows in the order of a key of several columns, read on from a place: each page costs the same, however many rows
come before it. Postgres reads an index of the same columns from there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import F, Func, QuerySet, TextField, Value
from django.db.models.lookups import GreaterThan, LessThan

Key = Sequence[str]
Place = Sequence[object]


class Row(Func):
    """Several columns, compared together."""

    function = "ROW"
    output_field = TextField()


def newest_first(rows: QuerySet[Any], key: Key, *, before: Place | None = None) -> QuerySet[Any]:
    """``rows`` from the highest ``key`` down, those below ``before`` only."""
    if before is not None:
        rows = rows.filter(LessThan(Row(*map(F, key)), Row(*map(Value, before))))
    return rows.order_by(*(f"-{column}" for column in key))


def oldest_first(rows: QuerySet[Any], key: Key, *, after: Place | None = None) -> QuerySet[Any]:
    """``rows`` from the lowest ``key`` up, those above ``after`` only."""
    if after is not None:
        rows = rows.filter(GreaterThan(Row(*map(F, key)), Row(*map(Value, after))))
    return rows.order_by(*key)
