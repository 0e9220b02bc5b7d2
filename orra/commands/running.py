"""Commands that stay until they are stopped: the whole stack, and each of its processes by itself."""

from __future__ import annotations

import argparse
import os
import signal
import socket
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from orra.base import interrupts


def up(argv: Sequence[str]) -> int:
    """Start everything and stay: database, broker, web, worker, beat."""
    from orra.embedded import stack

    return stack.main(argv)


def web(argv: Sequence[str]) -> int:
    """Run one web process by itself."""
    parser = _parser("web", web, "Needs DATABASE_URL, BROKER_URL and SECRET_KEY.")
    parser.add_argument("--host", help="where to listen (ORRA_HOST, else 127.0.0.1)")
    parser.add_argument("--port", help="0 takes a free one (PORT, else 8005)")
    given = parser.parse_args(argv)
    _set("ORRA_HOST", given.host)
    _set("PORT", given.port)
    from orra.embedded.processes import EmbeddedError
    from orra.embedded.runs import Options
    from orra.embedded.stack import address_of, listening

    try:
        with listening(Options.read()) as listener:
            _prepare(listener, broker=False)
            from orra.web import serve

            print(f"orra listens at {address_of(listener)}", flush=True)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            with suppress(KeyboardInterrupt):  # the server has ended in order by then
                serve(listener)
    except EmbeddedError as error:
        raise SystemExit(f"orra cannot start: {error}") from None
    return 0


def worker(argv: Sequence[str]) -> int:
    """Run one worker by itself: it makes the plans that the cache does not have."""
    parser = _parser("worker", worker, "Needs DATABASE_URL, BROKER_URL and SECRET_KEY.")
    parser.add_argument("--threads", help="plans at a time (WORKER_CONCURRENCY, else 8)")
    given = parser.parse_args(argv)
    _set("WORKER_CONCURRENCY", given.threads)
    from orra.embedded.processes import EmbeddedError
    from orra.embedded.runs import Options

    try:
        threads = Options.read().worker_threads
    except EmbeddedError as error:
        raise SystemExit(f"orra cannot start: {error}") from None
    _prepare()
    from orra.worker import work

    return work(threads)


def beat(argv: Sequence[str]) -> int:
    """Run the beat by itself: what is due every few seconds or minutes."""
    parser = _parser("beat", beat, "Needs DATABASE_URL, BROKER_URL and SECRET_KEY. One is enough; two do no harm.")
    parser.add_argument("--schedule", help="the file that remembers what was due when (in ORRA_DATA_DIR)")
    given = parser.parse_args(argv)
    if given.schedule is not None and not os.access(Path(given.schedule).absolute().parent, os.W_OK | os.X_OK):
        parser.error(f"--schedule must name a file in a folder that can be written, not {given.schedule}.")
    _prepare()
    from orra.beat import keep_time, usual_schedule

    keep_time(given.schedule or usual_schedule())
    return 0


def _parser(name: str, command: object, needs: str) -> argparse.ArgumentParser:
    first = (command.__doc__ or "").partition("\n")[0]
    return argparse.ArgumentParser(prog=f"orra {name}", description=f"{first} {needs}")


def _set(variable: str, value: str | None) -> None:
    if value is not None:
        os.environ[variable] = value


def _prepare(listener: socket.socket | None = None, *, broker: bool = True) -> None:
    """Ends the program with one line where what it needs is not there, and waits for tables of this release.
    Without ``broker`` it can do without. ``listener`` is where it will serve."""
    interrupts.end_at_once()  # until the server takes it, there is nothing to be ended in order
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orra.settings")
    from orra.starting import check, migrated

    check(broker=broker, health_port=listener is None)
    migrated.wait(listener)
