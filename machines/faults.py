"""What befalls hosts and cables. As in :mod:`chaos.faults`, each breaks something, holds it for longer than a
lease, and returns when nothing is broken any more. What goes on meanwhile, and when a host takes part again, is
noted."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial

from chaos.faults import Fault
from chaos.rounds import hits_are_quick, plans_are_made
from machines.cluster import WEB, WORKERS, Cluster, Setup, on_hosts, start_all_on
from machines.network import Host
from machines.servers import Server, rabbitmqctl
from orra.base.leases import LEASE

HITS_MEANWHILE = "hits meanwhile after"
PLANS_MEANWHILE = "plans meanwhile after"
SERVES_AGAIN = "web host serves again after"
PLANS_AGAIN = "worker host plans again after"
NEW_PLANS = "a new worker host is started and plans after"
LEAST, MOST = LEASE.total_seconds() + 2, LEASE.total_seconds() + 5


def _nothing(cluster: Cluster) -> None:
    cluster.pause(3, 5)


def _one_of_each_is_cut_off(silently: bool) -> Callable[[Cluster], None]:
    def inject(cluster: Cluster) -> None:
        web, worker = cluster.pick(WEB), cluster.pick(WORKERS)
        with cluster.network.cut_off(web, worker, silently=silently):
            _meanwhile(cluster, hits=True, plans=True)
        cluster.note(SERVES_AGAIN, lambda: cluster.until_it_serves(web))
        cluster.note(PLANS_AGAIN, lambda: cluster.until_it_plans(worker))

    return inject


def _a_worker_has_no_database(cluster: Cluster) -> None:
    """It hears the broker, and what it takes from it is lost on it."""
    worker = cluster.pick(WORKERS)
    behind = cluster.pooler or cluster.postgres
    with cluster.network.cut_apart(worker, behind.host):
        _meanwhile(cluster, hits=True, plans=True)
    cluster.note(PLANS_AGAIN, lambda: cluster.until_it_plans(worker))


def _workers_have_no_broker(cluster: Cluster) -> None:
    workers = [cluster.host(name) for name in WORKERS]
    with cluster.network.cut_off(cluster.broker.host, silently=True):
        _meanwhile(cluster, hits=True)
    for worker in workers:
        cluster.note(f"{worker.name} plans again after", partial(cluster.until_it_plans, worker))


def _the_database_hears_no_broker(cluster: Cluster) -> None:
    """Neither asks the other anything."""
    with cluster.network.cut_apart(cluster.postgres.host, cluster.broker.host):
        _meanwhile(cluster, hits=True, plans=True)


def _the_database_is_cut_off(cluster: Cluster) -> None:
    with cluster.network.cut_off(cluster.postgres.host, silently=True):
        cluster.pause(LEAST, MOST)


def _again(server: Callable[[Cluster], Server | None], *, kill: bool) -> Callable[[Cluster], None]:
    def inject(cluster: Cluster) -> None:
        found = server(cluster)
        assert found is not None
        with found.down(kill=kill):
            cluster.pause(2, 5)

    return inject


def _rabbitmq_is_full(cluster: Cluster) -> None:
    """It reads nothing more from who sends to it."""
    rabbitmqctl(cluster.broker, "set_vm_memory_high_watermark", "absolute", "1")
    try:
        _meanwhile(cluster, hits=True)
    finally:
        rabbitmqctl(cluster.broker, "set_vm_memory_high_watermark", "0.4")


def _a_worker_host_dies(cluster: Cluster) -> None:
    """For good: another with the same name comes when all has been made without it."""
    lost = cluster.pick(WORKERS)
    cluster.in_generation()
    cluster.network.lose(lost)
    _meanwhile(cluster, hits=True, plans=True)
    _comes_anew(cluster, lost)


def _comes_anew(cluster: Cluster, lost: Host) -> None:
    host = cluster.network.add(lost.name, WORKERS[lost.name])
    start_all_on(cluster, host)
    cluster.note(NEW_PLANS, lambda: cluster.until_it_plans(host))


def _meanwhile(cluster: Cluster, *, hits: bool = False, plans: bool = False) -> None:
    """Holds what is broken, and notes how soon the others go on."""
    began = time.monotonic()
    if hits:
        cluster.noted[HITS_MEANWHILE] = hits_are_quick(cluster, began, mark="i")
    if plans:
        cluster.noted[PLANS_MEANWHILE] = plans_are_made(cluster, began, mark="q")
    held = cluster.draw.uniform(LEAST, MOST)
    time.sleep(max(0.0, held - (time.monotonic() - began)))


def _of(name: str, about: str, inject: Callable[[Cluster], None]) -> Fault:
    return Fault(name, about, on_hosts(inject), loses_work=True)


NOTHING = _of("nothing", "nothing is broken", _nothing)
EVERYWHERE = (
    NOTHING,
    _of(
        "cut_silently",
        "a web host and a worker host hear nothing, and do not know it",
        _one_of_each_is_cut_off(True),
    ),
    _of(
        "cut_unplugged",
        "a web host and a worker host have their cables pulled out",
        _one_of_each_is_cut_off(False),
    ),
    _of(
        "worker_without_database", "a worker host hears the broker and not the database", _a_worker_has_no_database
    ),
    _of("broker_cut", "the broker's host is cut off", _workers_have_no_broker),
    _of("apart", "the database's host and the broker's do not hear each other", _the_database_hears_no_broker),
    _of("database_cut", "the database's host is cut off", _the_database_is_cut_off),
    _of("broker_stopped", "the broker is stopped, and started again", _again(lambda it: it.broker, kill=False)),
    _of("broker_killed", "kill -9 of the broker, started again", _again(lambda it: it.broker, kill=True)),
    _of("worker_lost", "a worker host dies for good, in mid-generation", _a_worker_host_dies),
)
WITH_RABBITMQ = (_of("broker_full", "RabbitMQ's memory is full: it reads nothing more", _rabbitmq_is_full),)
WITH_POOLER = (
    _of("pooler_killed", "kill -9 of PgBouncer, started again", _again(lambda it: it.pooler, kill=True)),
    _of("database_stopped", "Postgres is stopped behind PgBouncer", _again(lambda it: it.postgres, kill=False)),
)
ALL = (*EVERYWHERE, *WITH_RABBITMQ, *WITH_POOLER)
SETUPS: Mapping[str, Setup] = {
    setup.name: setup
    for setup in (
        Setup("valkey", "Valkey, and Postgres itself", "valkey"),
        Setup("rabbitmq", "RabbitMQ, and Postgres itself", "rabbitmq"),
        Setup("pgbouncer", "Valkey, and Postgres behind PgBouncer in transaction mode", "valkey", pooled=True),
    )
}


def faults_of(setup: Setup) -> tuple[Fault, ...]:
    more = WITH_RABBITMQ if setup.broker == "rabbitmq" else ()
    return (*EVERYWHERE, *more, *(WITH_POOLER if setup.pooled else ()))
