"""Leases: a worker holds something only as long as it keeps renewing it, so a lease ends by itself when its
process does.

One thread renews all leases of a process over one connection, and exists only while there are any: fifty plans
that wait for a model cost one thread and one connection more, not fifty.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

import structlog
from django.db import connection, transaction

log = structlog.get_logger(__name__)

# A lost worker's plan waits for the rest of its lease. A worker that lives may miss three renewals, or pause that
# long, before it loses what it holds; and then the fencing token keeps it from doing harm.
LEASE = timedelta(seconds=6)
RENEWAL_SECONDS = 1.5
# Who waits for a locked row keeps the other leases waiting.
LOCK_MILLISECONDS = 200


@contextmanager
def kept(*leases: Callable[[], bool], name: str) -> Iterator[None]:
    """Renews the leases, in their order, until the block ends or one is lost. Each is a function that extends it
    and says whether it is still held. None is called after the block."""
    held = _Held(leases, name)
    _keeper.keep(held)
    try:
        yield
    finally:
        _keeper.leave(held)


class _Held:
    """What one block holds. ``missed``: how often in a row it could not be renewed."""

    def __init__(self, leases: Sequence[Callable[[], bool]], name: str) -> None:
        self.missed = 0
        self._leases = leases
        self._name = name
        self._over = False
        self._renewing = threading.Lock()

    def end(self) -> None:
        with self._renewing:
            self._over = True

    def renew(self) -> None:
        with self._renewing:
            if self._over:
                return
            try:
                self._over = not all(_extended(extend) for extend in self._leases)
                self.missed = 0
            except Exception as error:  # there are more tries before the lease ends, and other leases to renew
                self.missed += 1
                if self.missed > 1:  # once is nothing: a worker's last transaction may hold the row
                    log.warning("lease not renewed", lease=self._name, error=str(error))
                connection.close()


class _Keeper:
    """The leases of this process and the thread that renews them."""

    def __init__(self) -> None:
        self._held: set[_Held] = set()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def keep(self, held: _Held) -> None:
        with self._changed:
            self._held.add(held)
            if self._thread is None or not self._thread.is_alive():  # in a forked process it is not
                self._thread = threading.Thread(target=self._run, name="leases", daemon=True)
                self._thread.start()

    def leave(self, held: _Held) -> None:
        with self._changed:
            self._held.discard(held)
            self._changed.notify()
        held.end()

    def _run(self) -> None:
        try:
            while held := self._next_round():
                for each in held:
                    each.renew()
        finally:
            connection.close()

    def _next_round(self) -> Sequence[_Held]:
        """What is to be renewed now, what was hard to renew last; empty when nothing is left to do."""
        with self._changed:
            if self._changed.wait_for(lambda: not self._held, timeout=RENEWAL_SECONDS):
                self._thread = None
            return sorted(self._held, key=lambda held: held.missed)


_keeper = _Keeper()


def _extended(extend: Callable[[], bool]) -> bool:
    """In a transaction of its own, within which waits for locks are short."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {LOCK_MILLISECONDS}")
        return extend()
