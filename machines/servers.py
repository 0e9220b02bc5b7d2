"""What orra needs on other hosts: Postgres, a broker (Valkey or RabbitMQ), a pooler (PgBouncer). Each can be
started again on the same data."""

from __future__ import annotations

import os
import pwd
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from kombu.connection import Connection

from chaos.site import until
from machines.network import ADDRESS, LENGTH, Host
from orra.embedded.postgres import SETTINGS, ensure_postgres, programs, stop_postgres
from orra.embedded.valkey import Valkey

USER = NAME = "orra"
PASSWORD = "of-the-run-only"
RABBITMQ = Path("/usr/lib/rabbitmq/bin")
SYSTEM = "/usr/sbin"
START_SECONDS = 60


@dataclass
class Server:
    """A program on a host. ``answers``: whether it is ready at ``url``."""

    host: Host
    name: str
    command: Sequence[str]
    url: str
    folder: Path
    answers: Callable[[str], bool]
    user: tuple[int, int] | None = None
    environment: dict[str, str] = field(default_factory=dict)

    def start(self) -> None:
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC", **self.environment}
        log = self.folder / f"{self.name}.log"
        running = self.host.start(
            self.name, *self.command, log=log, folder=self.folder, environment=environment, user=self.user
        )
        until(lambda: running.poll() is not None or self.answers(self.url), seconds=START_SECONDS)
        if running.poll() is not None:
            raise RuntimeError(f"{self.name} ended by itself:\n{log.read_text(errors='replace')[-2000:]}")

    def stop(self, *, kill: bool = False) -> None:
        self.host.stop(self.name, kill=kill)

    @contextmanager
    def down(self, *, kill: bool = False) -> Iterator[None]:
        self.stop(kill=kill)
        try:
            yield
        finally:
            self.start()


def postgres(host: Host, folder: Path) -> Server:
    """With an empty database that its user owns, and pgvector in it, which a superuser must bring."""
    folder.mkdir(mode=0o755)
    data = folder / "postgres"
    local = ensure_postgres(folder)
    with psycopg.connect(local, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}'")
        connection.execute("CREATE EXTENSION vector")
        connection.execute(f"ALTER DATABASE {NAME} OWNER TO {USER}")
    stop_postgres(folder)
    with (data / "pg_hba.conf").open("a") as rules:
        rules.write(f"host all {USER} {ADDRESS.format(0)}/{LENGTH} scram-sha-256\n")
    settings = {**SETTINGS, "listen_addresses": host.address, "unix_socket_directories": ""}
    options = [option for name, value in settings.items() for option in ("-c", f"{name}={value}")]
    url = f"postgresql://{USER}:{PASSWORD}@{host.address}:5432/{NAME}"
    owner = data.stat()
    user = (owner.st_uid, owner.st_gid)
    return Server(
        host, "postgres", (str(programs() / "postgres"), "-D", str(data), *options), url, folder, _serves, user
    )


def pgbouncer(host: Host, folder: Path, database: str) -> Server:
    """In transaction mode, with fewer connections than orra has."""
    folder.mkdir(mode=0o755)
    behind = psycopg.conninfo.conninfo_to_dict(database)
    (folder / "users.txt").write_text(f'"{USER}" "{PASSWORD}"\n')
    (folder / "pgbouncer.ini").write_text(
        f"""[databases]
{NAME} = host={behind["host"]} port={behind["port"]} dbname={NAME}
[pgbouncer]
listen_addr = {host.address}
listen_port = 6432
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder / "users.txt"}
pool_mode = transaction
default_pool_size = 16
max_client_conn = 500
tcp_keepidle = 10
tcp_keepintvl = 5
tcp_keepcnt = 3
tcp_user_timeout = 15000
log_connections = 0
log_disconnections = 0
"""
    )
    url = f"postgresql://{USER}:{PASSWORD}@{host.address}:6432/{NAME}"
    nobody = pwd.getpwnam("nobody")
    command = (_program("pgbouncer"), str(folder / "pgbouncer.ini"))
    return Server(host, "pgbouncer", command, url, folder, _serves, (nobody.pw_uid, nobody.pw_gid))


def valkey(host: Host, folder: Path) -> Server:
    server = Valkey(folder)
    listens = ("--port", "6379", "--bind", host.address, "--requirepass", PASSWORD)
    url = f"redis://:{PASSWORD}@{host.address}:6379/0"
    return Server(host, "valkey", (*server.command(), *listens), url, server.folder, _takes_messages)


def rabbitmq(host: Host, folder: Path) -> Server:
    """A node of its own, with nothing of the system's service."""
    folder.mkdir(mode=0o755)
    (folder / "rabbitmq.conf").write_text(
        f"listeners.tcp.1 = {host.address}:5672\n"
        "loopback_users = none\n"
        f"default_user = {USER}\n"
        f"default_pass = {PASSWORD}\n"
        "log.console = true\n"
        "log.file = false\n"
    )
    (folder / "plugins").write_text("[].\n")
    places = {
        "HOME": str(folder),
        "RABBITMQ_NODENAME": "orra@localhost",
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
    }
    url = f"amqp://{USER}:{PASSWORD}@{host.address}:5672"
    return Server(
        host, "rabbitmq", (str(RABBITMQ / "rabbitmq-server"),), url, folder, _takes_messages, environment=places
    )


def rabbitmqctl(server: Server, *arguments: str) -> str:
    environment = {"PATH": os.environ["PATH"], **server.environment}
    return server.host.run(str(RABBITMQ / "rabbitmqctl"), *arguments, env=environment)


def missing(*, broker: str, pooled: bool) -> str:
    """Which package of Debian's is lacking, in a sentence; empty when none is."""
    if broker == "rabbitmq" and not (RABBITMQ / "rabbitmq-server").exists():
        return "it needs RabbitMQ (Debian: apt-get install rabbitmq-server; its service need not run)"
    if pooled and not _program("pgbouncer"):
        return "it needs PgBouncer (Debian: apt-get install pgbouncer; its service need not run)"
    return ""


def _program(name: str) -> str:
    return shutil.which(name, path=f"{os.environ['PATH']}:{SYSTEM}") or ""


def _serves(url: str) -> bool:
    with suppress(psycopg.OperationalError), psycopg.connect(url, connect_timeout=2):
        return True
    time.sleep(0.1)
    return False


def _takes_messages(url: str) -> bool:
    options = {"socket_timeout": 2, "socket_connect_timeout": 2}
    broker: Any = Connection(url, connect_timeout=2, transport_options=options)  # type: ignore[no-untyped-call]
    with suppress(Exception), broker:  # whatever the transport raises: it is not ready yet
        broker.ensure_connection(max_retries=0, timeout=2)
        return True
    time.sleep(0.1)
    return False
