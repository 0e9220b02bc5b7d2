"""Errors that mean the database is away for a while. The request or task that met one is not at fault."""

from __future__ import annotations

from django.db import InterfaceError, OperationalError

OUT_OF_REACH = (OperationalError, InterfaceError)


def brief(error: BaseException) -> str:
    """What the driver said, without the statement or the row that it may add."""
    return str(error).partition("\n")[0]
