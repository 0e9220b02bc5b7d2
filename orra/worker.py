"""The Celery worker as ``orra up`` runs it, without what Celery's command line brings along:
``python -m orra.worker THREADS``."""

from __future__ import annotations

import logging
import sys
from functools import partial
from typing import Any

from celery.worker.consumer import Consumer

from orra.celery import app

# However long a broker was away, a worker is back so soon after it.
MOST_SECONDS_BETWEEN_TRIES = 5


class Patient(Consumer):  # type: ignore[misc]
    """Celery's, which would wait up to half a minute between its tries to connect."""

    def ensure_connected(self, conn: Any) -> Any:
        soon = {"interval_start": 1, "interval_step": 1, "interval_max": MOST_SECONDS_BETWEEN_TRIES}
        conn.ensure_connection = partial(conn.ensure_connection, **soon)
        return super().ensure_connected(conn)


def work(threads: int) -> int:
    """Makes so many plans at a time until it is stopped. The exit code."""
    worker = app.Worker(
        pool_cls="threads",
        consumer_cls=Patient,
        concurrency=threads,
        hostname="worker@orra",
        loglevel=logging.WARNING,
        without_gossip=True,
        without_mingle=True,
        quiet=True,
    )
    worker.start()
    return int(worker.exitcode or 0)


if __name__ == "__main__":
    sys.exit(work(int(sys.argv[1])))
