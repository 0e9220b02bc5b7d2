"""One more process of a stack, started beside those that it watches itself: as on another machine."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chaos.site import Site, rows, until
from orra.embedded.defaults import BASE_DIR
from orra.embedded.processes import child

STOP_SECONDS = 20
ALIVE = "SELECT count(*) FROM planengine_heartbeat WHERE name LIKE %s"


@contextmanager
def one_more(site: Site, *arguments: str, **environment: str) -> Iterator[Path]:
    """``orra ARGUMENTS``, as soon as it has given a sign of life, until the block ends. The file with what it
    says."""
    said = site.data_dir / f"one-more-{arguments[0]}.log"
    with (
        said.open("wb") as output,
        child(
            [sys.executable, "-m", "orra", *arguments],
            stop_seconds=STOP_SECONDS,
            cwd=BASE_DIR,
            env={**site.variables(), **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        until(lambda: process.poll() is not None or rows(site, ALIVE, f"%:{process.pid}") != [(0,)])
        if process.returncode is not None:
            raise RuntimeError(f"{arguments[0]} ended by itself:\n{said.read_text()}")
        yield said
