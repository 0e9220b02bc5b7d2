"""A database that moves to another host at the same address: backed up from one host, lost, and brought back from
another, while web processes and workers go on."""

from __future__ import annotations

import time
from dataclasses import dataclass

from chaos import checks
from chaos.checks import Found
from chaos.load import Book, Load
from chaos.rounds import CLIENTS, hits_are_quick, plans_are_made
from machines import servers
from machines.cluster import Cluster

# What clients ask for before the backup, and after it.
SECONDS = 5


@dataclass(frozen=True)
class Moved:
    """Seconds, and what came of all requests, those from before the backup too."""

    backup: float
    restore: float
    hits_after: float | None
    plans_after: float | None
    megabytes: float
    found: Found

    @property
    def holds(self) -> bool:
        return self.found.holds and self.hits_after is not None and self.plans_after is not None


def move(cluster: Cluster, *, seed: int) -> Moved:
    cluster.book, cluster.round = Book(), f"{seed}m"
    with Load(cluster.stack.url, cluster.key, cluster.book, seed=f"{cluster.round}a", clients=CLIENTS):
        time.sleep(SECONDS)
    checks.until_all_ended(cluster, seconds=60)
    file = cluster.data_dir / "all.dump"
    direct = {"DATABASE_URL": cluster.postgres.url}
    began = time.monotonic()
    cluster.command(cluster.host("web-1"), "backup", str(file), **direct)
    backup = time.monotonic() - began

    cluster.network.lose(cluster.postgres.host)
    another = cluster.network.add("database", int(cluster.postgres.host.address.rpartition(".")[2]))
    cluster.postgres = servers.postgres(another, cluster.data_dir / "another-database")
    cluster.postgres.start()
    began = time.monotonic()
    cluster.command(cluster.host("worker-2"), "restore", str(file), **direct)
    over = time.monotonic()

    hits_after = hits_are_quick(cluster, over)
    plans_after = plans_are_made(cluster, over)
    with Load(cluster.stack.url, cluster.key, cluster.book, seed=f"{cluster.round}b", clients=CLIENTS):
        time.sleep(SECONDS)
    checks.until_all_ended(cluster, seconds=60)
    found = checks.check(cluster, loses_work=True)
    return Moved(backup, over - began, hits_after, plans_after, file.stat().st_size / 1e6, found)
