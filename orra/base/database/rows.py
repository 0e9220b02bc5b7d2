"""Model instances read from hand-written SQL statements.

Django's ``raw`` finds out at every call which columns came and what becomes of each. That is more work than the
statement itself where every request runs it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Model

M = TypeVar("M", bound=Model)


class Rows(Generic[M]):
    """Reads these fields of a model, all when none are named; the others are deferred. ``also`` are attributes for
    what a statement selects after :attr:`columns`."""

    def __init__(self, model: type[M], *names: str, table: str = "", also: Sequence[str] = ()) -> None:
        self._model = model
        # In the model's order, as ``from_db`` wants them.
        self._fields = [field for field in model._meta.concrete_fields if not names or field.name in names]
        if unknown := set(names) - {field.name for field in self._fields}:
            raise ValueError(f"{model.__name__} has no field {min(unknown)}.")
        self._names = [field.attname for field in self._fields]
        self._also = also
        self.columns = ", ".join(f"{table or model._meta.db_table}.{field.column}" for field in self._fields)

    @cached_property
    def _converters(self) -> list[tuple[int, Any, Any]]:
        return [
            (at, convert, field.cached_col)
            for at, field in enumerate(self._fields)
            for convert in field.get_db_converters(connection)
        ]

    def fetch(self, statement: str, params: Sequence[Any]) -> list[M]:
        with connection.cursor() as cursor:
            cursor.execute(statement, params)
            return [self._instance(list(row)) for row in cursor.fetchall()]

    def _instance(self, values: list[Any]) -> M:
        for at, convert, column in self._converters:
            values[at] = convert(values[at], column, connection)
        instance = self._model.from_db(connection.alias, self._names, values[: len(self._names)])
        for name, value in zip(self._also, values[len(self._names) :], strict=True):
            setattr(instance, name, value)
        return instance
