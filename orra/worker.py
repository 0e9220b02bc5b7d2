"""The Celery worker as ``make up`` runs it, without what Celery's command line brings along:
``python -m orra.worker THREADS``."""

from __future__ import annotations

import logging
import sys

from orra.celery import app


def main() -> None:
    worker = app.Worker(
        pool_cls="threads",
        concurrency=int(sys.argv[1]),
        hostname="worker@orra",
        loglevel=logging.WARNING,
        without_gossip=True,
        without_mingle=True,
        quiet=True,
    )
    worker.start()
    sys.exit(worker.exitcode)


if __name__ == "__main__":
    main()
