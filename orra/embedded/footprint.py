"""What a running stack takes of the machine's memory, by the kind of its processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from orra.embedded.postgres import postmaster_pid
from orra.embedded.runs import Running

MEGABYTE = 1024 * 1024
KINDS = ("web", "worker", "beat", "loading", "supervisor", "Postgres", "broker")


def processes_of(run: Running, data_dir: Path) -> Mapping[psutil.Process, str]:
    """The processes of a stack, each with its kind: one of :data:`KINDS`. ``loading`` is the one that the others
    are forks of; a database that is somebody else's has none here."""
    kinds: dict[psutil.Process, str] = {}
    with suppress(psutil.NoSuchProcess):
        supervisor = psutil.Process(run.pid)
        kinds |= dict.fromkeys(supervisor.children(recursive=True), "loading")
        kinds[supervisor] = "supervisor"
    postmaster = postmaster_pid(data_dir)
    if postmaster is not None:
        with suppress(psutil.NoSuchProcess):
            server = psutil.Process(postmaster)
            kinds |= dict.fromkeys([server, *server.children(recursive=True)], "Postgres")
    named = {pid: name.partition("-")[0] for name, pid in run.processes.items() if pid is not None}
    return {process: named.get(process.pid, kind) for process, kind in kinds.items()}


def memory_of(run: Running, data_dir: Path) -> Mapping[str, float]:
    """Megabytes by kind, where there are any. Pages that processes share count in each for its part (PSS); where
    the system does not tell that, they count for none (USS)."""
    taken: Counter[str] = Counter()
    for process, kind in processes_of(run, data_dir).items():
        with suppress(psutil.Error):
            info = process.memory_full_info()
            taken[kind] += getattr(info, "pss", info.uss)
    return {kind: taken[kind] / MEGABYTE for kind in KINDS if taken[kind]}


def in_words(memory: Mapping[str, float]) -> str:
    """One line: all together, then each kind."""
    kinds = ", ".join(f"{kind} {megabytes:.0f}" for kind, megabytes in memory.items())
    return f"{sum(memory.values()):.0f} MB ({kinds})"
