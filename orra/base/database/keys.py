"""Rows in the order of a key of several columns, read on from a place: each page costs the same, however many rows
come before it. Postgres reads an index of the same columns from there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import F, Func, QuerySet, TextField, Value
from django.db.models.lookups import GreaterThan, GreaterThanOrEqual, LessThan, LessThanOrEqual

Key = Sequence[str]
Place = Sequence[object]


class Row(Func):
    """Several columns, compared together."""

    function = "ROW"
    output_field = TextField()


def newest_first(
    rows: QuerySet[Any], key: Key, *, before: Place | None = None, down_to: Place | None = None
) -> QuerySet[Any]:
    """``rows`` from the highest ``key`` down, those below ``before`` only, ``down_to`` the last."""
    if before is not None:
        rows = rows.filter(LessThan(_columns(key), _values(before)))
    if down_to is not None:
        rows = rows.filter(GreaterThanOrEqual(_columns(key), _values(down_to)))
    return rows.order_by(*(f"-{column}" for column in key))


def oldest_first(
    rows: QuerySet[Any], key: Key, *, after: Place | None = None, up_to: Place | None = None
) -> QuerySet[Any]:
    """``rows`` from the lowest ``key`` up, those above ``after`` only, ``up_to`` the last."""
    if after is not None:
        rows = rows.filter(GreaterThan(_columns(key), _values(after)))
    if up_to is not None:
        rows = rows.filter(LessThanOrEqual(_columns(key), _values(up_to)))
    return rows.order_by(*key)


def _columns(key: Key) -> Row:
    return Row(*map(F, key))


def _values(place: Place) -> Row:
    return Row(*map(Value, place))
