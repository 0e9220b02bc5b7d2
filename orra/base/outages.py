"""The database being away: no fault of what was asked of it, and over some time."""

from __future__ import annotations

from django.db import InterfaceError, OperationalError

OUT_OF_REACH = (OperationalError, InterfaceError)


def brief(error: BaseException) -> str:
    """What the driver said, without the statement or the row that it may add."""
    return str(error).partition("\n")[0]
