"""What is looked at before anything is started, and what the start says of who plans, who embeds, and where.

Called by the commands that stay; the stack runs ``python -m orra.starting`` in a process of its own, for its
supervisor loads neither settings nor libraries.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator

import orra.settings as settings  # a bad value ends the program here


def check(
    *, database: bool = True, broker: bool = True, makes_tables: bool = False, health_port: bool = False
) -> None:
    """Ends the program with one line that names the variable and the remedy. ``makes_tables``: the tables need not
    be there yet. ``health_port``: this process will answer on the one that is set, if one is."""
    if health_port and settings.HEALTH_PORT and (fault := _port_fault(settings.HEALTH_HOST, settings.HEALTH_PORT)):
        sys.exit(f"orra cannot start: ORRA_HEALTH_PORT {fault}")
    found = next(_faults(database=database, broker=broker, makes_tables=makes_tables), None)
    if found is not None:
        sys.exit(f"orra cannot start: {found}")


def _port_fault(host: str, port: int) -> str | None:
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        why = (error.strerror or str(error)).partition(" (")[0]  # Python adds what it did, and where
        return f"{port} of {host} cannot be used: {why}. Set it to another, or to 0 for none."
    return None


def _faults(*, database: bool, broker: bool, makes_tables: bool) -> Iterator[str]:
    if broker and not settings.BROKER_URL:
        yield "BROKER_URL is not set. Set it to the address of a broker: redis://localhost:6379/0, amqp://localhost."
    if database:
        from orra.starting.database import fault_of

        if fault := fault_of(settings.DATABASES["default"], makes_tables=makes_tables):
            yield f"DATABASE_URL {fault}"
    if broker:
        from orra.starting.broker import fault_of as fault_of_broker

        if fault := fault_of_broker(settings.BROKER_URL):
            yield f"BROKER_URL {fault}"
