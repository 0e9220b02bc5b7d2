"""The Celery worker as ``orra up`` runs it, without what Celery's command line brings along:
``python -m orra.worker THREADS``."""

from __future__ import annotations

import logging
import sys

from orra.celery import app


def work(threads: int) -> int:
    """Makes so many plans at a time until it is stopped. The exit code."""
    worker = app.Worker(
        pool_cls="threads",
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
