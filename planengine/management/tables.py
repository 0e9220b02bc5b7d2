"""The tables that a command needs which is run without a server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import ProgrammingError

from orra.embedded.defaults import filled_variables


@contextmanager
def tables(*, returncode: int = 1) -> Iterator[None]:
    """Makes those of the embedded database, which may be new; another database's lack of them ends the command."""
    try:
        if "DATABASE_URL" in filled_variables():
            call_command("migrate", verbosity=0)
        yield
    except ProgrammingError as error:
        message = f"The database lacks tables. Run `manage.py migrate` first. ({error})"
        raise CommandError(message, returncode=returncode) from None
