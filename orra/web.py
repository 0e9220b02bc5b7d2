"""One web process: ``python -m orra.web FILE`` on a socket that it inherits under this number, so that any number
of them share a port."""

from __future__ import annotations

import gc
import socket
import sys

import uvicorn

GRACE_SECONDS = 3
# A request makes thousands of objects and leaves no cycles: looking for them after every 700 is in vain.
OBJECTS_BETWEEN_COLLECTIONS = 20_000


def serve(listener: socket.socket) -> None:
    """Until it is stopped."""
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    config = uvicorn.Config(
        "orra.asgi:application",
        log_config=None,  # Django's settings configure logging
        access_log=False,
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
