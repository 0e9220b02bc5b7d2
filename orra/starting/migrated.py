"""A process whose release is newer than the database's tables waits until ``orra migrate`` has run: it is there,
not ready, and takes up nothing."""

from __future__ import annotations

import socket
import time

import structlog

LOOK_SECONDS = 1.0

log = structlog.get_logger(__name__)


def wait(listener: socket.socket | None = None) -> None:
    """Returns at once where the tables are of this release or a newer one, or the database cannot be asked.
    ``listener``: a web process's, on which it answers meanwhile that it is not ready."""
    import django

    django.setup()
    from django.db import connection

    from orra import health_port
    from planengine.api.views import health

    if health.database_state() == health.PENDING:
        log.warning("the database's tables are of an older release: waiting until `orra migrate` has run")
        with health_port.not_yet(listener):
            while health.database_state() != health.OK:
                connection.close_if_unusable_or_obsolete()
                time.sleep(LOOK_SECONDS)
        log.info("the database's tables are of this release")
    connection.close()
