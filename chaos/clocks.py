"""Processes of a stack whose clock is not the others': by libfaketime, where it is there."""

from __future__ import annotations

import os
import re
from pathlib import Path

from chaos.load import Load
from chaos.more import one_more
from chaos.site import Site, until

LIBRARY = "libfaketimeMT.so.1"
LISTENS = re.compile(r"listens at (\S+)")
HOURS = (-26, -1, 1, 26)


def clock_library() -> Path | None:
    """``LIBFAKETIME``, or where Debian's package has it."""
    named = os.environ.get("LIBFAKETIME", "")
    places = [Path(named)] if named else list(Path("/usr/lib").glob(f"*/faketime/{LIBRARY}"))
    return next((place for place in places if place.is_file()), None)


def clock_steps(site: Site) -> None:
    """Has a worker and a web process more take part, whose clock is right, then hours off, then right again."""
    clock = site.data_dir / "clock"
    _set(clock, 0)
    shifted = {
        "LD_PRELOAD": str(clock_library()),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    with (
        one_more(site, "worker", "--threads", "4", **shifted),
        one_more(site, "web", "--port", "0", **shifted) as said,
    ):
        until(lambda: LISTENS.search(said.read_text()))
        [address] = LISTENS.findall(said.read_text())
        with Load(address, site.key, site.book, seed=f"{site.round}c", clients=2):
            for hours in (site.draw.choice(HOURS), 0):
                _set(clock, hours)
                site.pause(2, 3)


def _set(clock: Path, hours: int) -> None:
    new = clock.with_suffix(".new")
    new.write_text(f"{hours * 3600:+d}\n")
    new.replace(clock)
