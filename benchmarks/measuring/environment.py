"""A database, and a web process like the product's, that exist for the length of a run."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orra.embedded.postgres import leave_postgres, use_postgres
from orra.embedded.processes import child, die_with_parent

START_SECONDS = 60
Address = tuple[str, int]


@contextmanager
def fresh_database() -> Iterator[Path]:
    """Django, set up on an empty embedded Postgres whose writes are as durable as in earnest. Gives the folder."""
    with tempfile.TemporaryDirectory(prefix="orra-bench-", ignore_cleanup_errors=True) as folder:
        data_dir = Path(folder)
        for name in [name for name in os.environ if name.startswith(("LLM_", "EMBEDDINGS_", "ORRA_"))]:
            del os.environ[name]  # another model or planner would make the figures another machine's
        os.environ.update(
            ORRA_DATA_DIR=folder,
            DATABASE_URL=use_postgres(data_dir),
            BROKER_URL="memory://",
            SECRET_KEY="only for measuring, and only for as long as it takes to measure",
            DJANGO_SETTINGS_MODULE="benchmarks.measuring.settings",
            SLOW_STATEMENT_MS="0",  # filling a table takes long, and is none of what is measured
        )
        try:
            _set_up_django()
            yield data_dir
        finally:
            _close_connections()
            leave_postgres(data_dir)


@contextmanager
def web_process() -> Iterator[Address]:
    """One web process as ``make up`` starts it, on a free port of the loopback interface."""
    with serving() as (address, _):
        yield address


@contextmanager
def serving() -> Iterator[tuple[Address, int]]:
    """As :func:`web_process`, with its process id."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command = [sys.executable, "-m", "orra.web", str(listener.fileno())]
        with (
            tempfile.TemporaryFile() as output,
            child(
                command,
                stop_seconds=10,
                pass_fds=[listener.fileno()],
                stdout=output,
                stderr=output,
                preexec_fn=die_with_parent(signal.SIGTERM),
            ) as server,
        ):
            try:
                address: Address = listener.getsockname()
                _wait_until_up(address)
                yield address, server.pid
            except Exception:
                output.seek(0)
                sys.stderr.buffer.write(output.read()[-4000:])
                raise


def _set_up_django() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def _close_connections() -> None:
    from django.db import connections

    connections.close_all()


def _wait_until_up(address: Address) -> None:
    # The socket listens already: the request waits in it until the process has started.
    connection = http.client.HTTPConnection(*address, timeout=START_SECONDS)
    connection.request("GET", "/livez")
    status = connection.getresponse().status
    connection.close()
    if status != 200:
        raise RuntimeError(f"The web process answers /livez with {status}.")
