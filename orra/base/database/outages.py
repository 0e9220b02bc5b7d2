"""Errors that mean the database is away for a while. The request or task that met one is not at fault."""

from __future__ import annotations

from django.db import InterfaceError, OperationalError

# Postgres' class of errors for what is more than it can do at all. The driver calls them operational.
_LIMIT_EXCEEDED = "54"


def is_away(error: BaseException | None) -> bool:
    """Whether the database could not be reached, or could not work for now."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    state = getattr(error.__cause__, "sqlstate", None) or ""
    return not state.startswith(_LIMIT_EXCEEDED)


def brief(error: BaseException) -> str:
    """What the driver said, without the statement or the row that it may add."""
    return str(error).partition("\n")[0]
