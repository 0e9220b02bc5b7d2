"""A query that gives up rather than hold up its page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, transaction

from orra.base.database.replica import read_connection

_CANCELED = "57014"
# Gives what held before.
SET = "SELECT current_setting('statement_timeout'), set_config('statement_timeout', %s, true)"


class TooSlow(Exception):
    """The database was not done in time."""


@contextmanager
def limited(*, seconds: float) -> Iterator[None]:
    """Within it, each query has so many seconds. Raises :class:`TooSlow` when one takes longer."""
    milliseconds = int(seconds * 1000)
    connection = read_connection()
    within = connection.in_atomic_block
    try:
        with transaction.atomic(connection.alias), connection.cursor() as cursor:
            cursor.execute(SET, [str(milliseconds)])
            before, _ = cursor.fetchone()
            yield
            if within:  # else it ends with the transaction
                cursor.execute(SET, [before])
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) != _CANCELED:
            raise
        raise TooSlow from None
