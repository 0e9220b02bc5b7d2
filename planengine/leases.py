"""What a worker holds, it holds for as long as it says so: a lease that ends by itself when its process does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import structlog
from django.db import Error, connection

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=15)
RENEWAL_SECONDS = 5


@contextmanager
def kept(*leases: Callable[[], bool], name: str) -> Iterator[None]:
    """Renews the leases, in their order, until the block ends or one is lost. Each is a function that extends it
    and says whether it is still held. They run in a thread of their own, with its own connection."""
    done = threading.Event()

    def renew() -> None:
        while not done.wait(RENEWAL_SECONDS):
            try:
                if not all(extend() for extend in leases):
                    return
            except Error as error:  # there are two more tries before the lease ends
                log.warning("lease not renewed", lease=name, error=str(error))
            finally:
                connection.close()

    thread = threading.Thread(target=renew, name=f"lease-{name}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
