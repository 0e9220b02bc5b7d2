"""Django's ``migrate``, one at a time on a data directory: of two that begin at once on an empty database, one
would fail. A lock in the database would do for all machines, but is never given back behind a pooler.

A migration that waits for a table has everybody who comes after it wait, too: so it gives up soon, is taken back,
and is tried again a little later, while what was before it has its turn.
"""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands.migrate import Command as Migrate
from django.db import OperationalError, connections

from orra.embedded.folders import make_private

LOCK_SECONDS = 2
PAUSE_SECONDS = 3.0
TRIES = 20
LOCK_NOT_AVAILABLE = "55P03"
TAKES_LOCKS = re.compile(r"\s*(?:ALTER|CREATE|DROP|LOCK|TRUNCATE|COMMENT)\b", re.IGNORECASE)


class Command(Migrate):
    def handle(self, *args: Any, **options: Any) -> None:
        make_private(settings.DATA_DIR)
        lock = os.open(settings.DATA_DIR / "migrate.lock", os.O_RDONLY | os.O_CREAT, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with connections[options["database"]].execute_wrapper(_impatiently):
                self._until_unlocked(lambda: super(Command, self).handle(*args, **options))
        finally:
            os.close(lock)

    def _until_unlocked(self, migrate: Callable[[], str | None]) -> None:
        """Migrations that were applied stay so: each try goes on after the last of them."""
        for left in reversed(range(TRIES)):
            try:
                migrate()
                return
            except OperationalError as error:
                if getattr(error.__cause__, "sqlstate", None) != LOCK_NOT_AVAILABLE:
                    raise
                if not left:
                    raise CommandError(
                        f"A table was in use for more than {LOCK_SECONDS} s, {TRIES} times in a row. The "
                        "migration was taken back. End the transaction that holds the table (the oldest "
                        "xact_start in pg_stat_activity), and run this again."
                    ) from None
                self.stderr.write(f"A table is in use: trying again in {PAUSE_SECONDS:g} s.")
                time.sleep(PAUSE_SECONDS)


def _impatiently(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    """What takes locks waits for them only so long, within a transaction: an index that is built concurrently
    may wait, because nobody waits for it."""
    connection = context["connection"]
    if connection.in_atomic_block and TAKES_LOCKS.match(sql):
        context["cursor"].execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
    return execute(sql, params, many, context)
