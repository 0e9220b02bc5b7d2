"""orra on several hosts: two for the web with two processes each, two for workers, one for the beat, one for a
model's server, one for the database, one for the broker, and where it is asked for one for a pooler."""

from __future__ import annotations

import os
import random
import re
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from chaos.model import MoodyModel
from chaos.site import Site, model_variables, project_with_a_plan, until
from machines import servers
from machines.network import Host, Network
from machines.servers import Server
from orra.embedded.defaults import BASE_DIR
from tests.live.slow_model import NOT_OURS

# Their last numbers; the clients' is the first.
DATABASE, ANOTHER_DATABASE, BROKER, POOLER = 10, 11, 20, 30
WEB = {"web-1": 41, "web-2": 42}
WORKERS = {"worker-1": 51, "worker-2": 52}
BEAT, MODEL = 60, 70
PORTS = ("8005", "8006")
THREADS = "4"


@dataclass(frozen=True)
class Setup:
    """``broker``: ``valkey`` or ``rabbitmq``; ``pooled``: PgBouncer is in between orra and Postgres."""

    name: str
    about: str
    broker: str
    pooled: bool = False


@dataclass(frozen=True)
class Hosts:
    """All of orra's processes, by host and name, as :class:`chaos.site.Stack` wants them."""

    network: Network
    data_dir: Path
    url: str

    @property
    def processes(self) -> Mapping[str, int | None]:
        return {
            f"{name} on {host.name}": process.pid if process.poll() is None else None
            for host in self.network.hosts.values()
            for name, process in host.processes.items()
        }


@dataclass(kw_only=True)
class Cluster(Site):
    """``database`` is Postgres' own address, ``url`` what orra is told. ``noted``: seconds by what took them,
    during a fault and after it."""

    network: Network
    setup: Setup
    postgres: Server
    broker: Server
    pooler: Server | None
    environment: Mapping[str, str]
    noted: dict[str, float | None] = field(default_factory=dict)

    def host(self, name: str) -> Host:
        return self.network.hosts[name]

    def pick(self, names: Mapping[str, int]) -> Host:
        return self.host(self.draw.choice([name for name in names if name in self.network.hosts]))

    def start(self, host: Host, name: str, *arguments: str) -> None:
        """``orra ARGUMENTS``, on a host of its own data directory."""
        folder = self.data_dir / host.name
        folder.mkdir(exist_ok=True)
        environment = {**self.environment, "ORRA_DATA_DIR": str(folder)}
        command = (sys.executable, "-m", "orra", *arguments)
        log = self.data_dir / f"{host.name}-{name}.log"
        host.start(name, *command, log=log, folder=BASE_DIR, environment=environment)

    def command(self, host: Host, *arguments: str, **environment: str) -> str:
        """What ``orra ARGUMENTS`` says there. Raises :class:`RuntimeError` when it fails."""
        folder = self.data_dir / host.name
        folder.mkdir(exist_ok=True)
        variables = {**self.environment, "ORRA_DATA_DIR": str(folder), **environment}
        return host.run(sys.executable, "-m", "orra", *arguments, cwd=BASE_DIR, env=variables)

    def until_it_serves(self, host: Host) -> None:
        until(lambda: all(_is_ready(f"http://{host.address}:{port}") for port in PORTS))

    def until_it_plans(self, host: Host) -> None:
        """Until its worker asks the model: somebody must be asking for plans."""
        before = len(self.model.requests)
        until(lambda: any(asked.client[0] == host.address for asked in self.model.requests[before:]), seconds=90)

    def note(self, what: str, done: Callable[[], object]) -> None:
        """How long it takes from now on; ``None`` for too long."""
        began = time.monotonic()
        self.noted[what] = None
        with suppress(TimeoutError):
            done()
            self.noted[what] = time.monotonic() - began


@contextmanager
def running_cluster(setup: Setup, folder: Path, *, seed: int) -> Iterator[Cluster]:
    folder.mkdir(mode=0o755)
    network = Network()
    try:
        with _model(network, seed) as model:
            yield _begun(setup, network, model, folder, seed)
    finally:
        network.end()


def _begun(setup: Setup, network: Network, model: MoodyModel, folder: Path, seed: int) -> Cluster:
    postgres = servers.postgres(network.add("database", DATABASE), folder / "database")
    postgres.start()
    make = servers.rabbitmq if setup.broker == "rabbitmq" else servers.valkey
    broker = make(network.add("broker", BROKER), folder / "broker")
    broker.start()
    pooler = None
    if setup.pooled:
        pooler = servers.pgbouncer(network.add("pooler", POOLER), folder / "pooler", postgres.url)
        pooler.start()
    token = secrets.token_urlsafe(32)
    environment = {
        **{name: value for name, value in os.environ.items() if name not in NOT_OURS},
        **model_variables(model),
        "DATABASE_URL": pooler.url if pooler else postgres.url,
        "BROKER_URL": broker.url,
        "SECRET_KEY": secrets.token_urlsafe(48),
        "ORRA_OPERATOR_TOKEN": token,
        "WEB_THREADS": "6",
        "MALLOC_ARENA_MAX": "2",
        "OPENBLAS_NUM_THREADS": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }
    hosts = [network.add(name, number) for name, number in (WEB | WORKERS).items()]
    addresses = [f"http://{host.address}:{port}" for port in PORTS for host in hosts if host.name in WEB]
    cluster = Cluster(
        stack=Hosts(network, folder, " ".join(addresses)),
        model=model,
        database=postgres.url,
        key="",
        project="",
        draw=random.Random(seed),
        disk=False,
        network=network,
        setup=setup,
        postgres=postgres,
        broker=broker,
        pooler=pooler,
        environment=environment,
    )
    cluster.command(cluster.host("worker-1"), "migrate")
    for host in hosts:
        start_all_on(cluster, host)
    cluster.start(network.add("beat", BEAT), "beat", "beat")
    for host in hosts:
        if host.name in WEB:
            cluster.until_it_serves(host)
    cluster.key, cluster.project = project_with_a_plan(addresses[0], token)
    return cluster


def start_all_on(cluster: Cluster, host: Host) -> None:
    if host.name in WORKERS:
        cluster.start(host, "worker", "worker", "--threads", THREADS)
        return
    for port in PORTS:
        cluster.start(host, f"web-{port}", "web", "--host", host.address, "--port", port)


@contextmanager
def _model(network: Network, seed: int) -> Iterator[MoodyModel]:
    host = network.add("model", MODEL)
    with host.inside():
        model = MoodyModel(seed=seed, host=host.address)
    with model:
        yield model


def on_hosts(inject: Callable[[Cluster], None]) -> Callable[[Site], None]:
    """A fault of several hosts as one of :mod:`chaos.faults`."""

    @wraps(inject)
    def of_a_cluster(site: Site) -> None:
        assert isinstance(site, Cluster)
        inject(site)

    return of_a_cluster


def _is_ready(url: str) -> bool:
    with suppress(URLError, OSError), urlopen(f"{url}/readyz", timeout=2) as answer:
        return bool(re.search(rb'"database": ?"ok"', answer.read()))
    time.sleep(0.1)
    return False
