"""Django's ``migrate``, one at a time on a data directory: of two that begin at once on an empty database, one
would fail. A lock in the database would do for all machines, but is never given back behind a pooler."""

from __future__ import annotations

import fcntl
import os
from typing import Any

from django.conf import settings
from django.core.management.commands.migrate import Command as Migrate

from orra.embedded.folders import make_private


class Command(Migrate):
    def handle(self, *args: Any, **options: Any) -> None:
        make_private(settings.DATA_DIR)
        lock = os.open(settings.DATA_DIR / "migrate.lock", os.O_RDONLY | os.O_CREAT, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            super().handle(*args, **options)
        finally:
            os.close(lock)
