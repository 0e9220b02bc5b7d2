"""The Celery worker as ``orra up`` runs it, without what Celery's command line brings along:
``python -m orra.worker THREADS``."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from celery.worker.consumer import Consumer

from orra.celery import app

# However long a broker was away, a worker is back so soon after it.
MOST_SECONDS_BETWEEN_TRIES = 5


class Patient(Consumer):  # type: ignore[misc]
    """Celery's, which would wait up to half a minute between its tries to connect, and for ever once a Redis that
    was lost took none of its acknowledgements: each message of which it did not hear holds a place, and with all
    places held it asks for no more, and so does not meet the broken connection."""

    def ensure_connected(self, conn: Any) -> Any:
        soon = {"interval_start": 1, "interval_step": 1, "interval_max": MOST_SECONDS_BETWEEN_TRIES}
        conn.ensure_connection = partial(conn.ensure_connection, **soon)
        return super().ensure_connected(conn)

    def call_soon_ack(self, p: Callable[..., None], *args: Any, **kwargs: Any) -> Any:
        return super().call_soon_ack(partial(self._tell, p), *args, **kwargs)

    def _tell(self, tell: Any, *args: Any, **kwargs: Any) -> None:
        """``tell`` is a method of a message, which acknowledges or rejects it, and only logs where the broker is
        lost. That is raised here, in the loop, which then connects anew: all places are free again. Of a message
        that came over an earlier connection nobody waits to hear."""
        tell(*args, **kwargs)
        message, taking = tell.__self__, getattr(self.task_consumer, "channel", None)
        if message.channel is taking and not message.acknowledged:
            raise ConnectionResetError("the broker could not be told what became of a message")


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
