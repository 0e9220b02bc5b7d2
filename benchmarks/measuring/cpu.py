"""What processes used of the processor, from ``/proc``: user and system time together."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
# Fields of /proc/PID/stat, counted from the one after the name: own user and system time, and that of children
# that have ended and were waited for.
OWN, ENDED_CHILDREN = (11, 12), (13, 14)


@dataclass(frozen=True)
class Used:
    """Seconds of processor time, of the web process and of all of Postgres."""

    web: float
    postgres: float

    def since(self, before: Used) -> Used:
        return Used(self.web - before.web, self.postgres - before.postgres)


def read(*, web: int, postgres: int) -> Used:
    """What the process ``web`` and the server whose first process is ``postgres`` have used until now, with what
    their children did, and backends that have ended since."""
    return Used(_of_tree(web), _of_tree(postgres))


def postmaster(data_dir: Path) -> int:
    """The first process of the embedded Postgres of a data directory."""
    return int((data_dir / "postgres" / "postmaster.pid").read_text().split()[0])


def _of_tree(pid: int) -> float:
    process = psutil.Process(pid)
    return sum(map(_of, [pid, *(child.pid for child in process.children(recursive=True))]))


def _of(pid: int) -> float:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile, and its parent knows
        return 0.0
    fields = stat.rpartition(")")[2].split()
    return _seconds(fields[place] for place in (*OWN, *ENDED_CHILDREN))


def _seconds(ticks: Iterable[str]) -> float:
    return sum(map(int, ticks)) / TICKS_PER_SECOND
