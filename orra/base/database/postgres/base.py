"""As Django's own, but a cursor on the server lives within a transaction only.

Outside of one, which is where forms read what can be chosen (``QuerySet.iterator``), Django would declare it to
outlast its transaction; behind a pooler the next statement may go to another session, which does not know it.
"""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    def chunked_cursor(self) -> Any:
        """All rows at once where no transaction is open."""
        return super().chunked_cursor() if self.in_atomic_block else self.cursor()
