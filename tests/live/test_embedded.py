"""The embedded Postgres and Valkey through what happens to them: kills, races, moves, users."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from orra.embedded.defaults import BASE_DIR, secret
from orra.embedded.postgres import cluster_id, ensure_postgres, postmaster_pid, stop_postgres
from orra.embedded.processes import EmbeddedError
from orra.embedded.valkey import Valkey

# Process kills are survived without waiting for the disk, so most tests here do not.
start_postgres = partial(ensure_postgres, throwaway=True)


def query(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def run_python(code: str, *arguments: object, **options: object) -> subprocess.Popen[str]:
    process: subprocess.Popen[str] = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import sys\nfrom pathlib import Path\nfrom orra.embedded.postgres import *\n{code}",
        ]
        + [str(argument) for argument in arguments],
        cwd=BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        **options,  # type: ignore[call-overload]
    )
    return process


def kill_all(pid: int) -> None:
    """A server and everything it started, as a power cut would."""
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(family, timeout=10)


class TestPostgres:
    def test_it_has_vectors_and_no_port_and_is_durable(self, data_dir: Path) -> None:
        url = ensure_postgres(data_dir)
        query(url, "CREATE EXTENSION vector")
        assert query(url, "SELECT '[1,2]'::vector <-> '[1,4]'::vector") == [(2.0,)]
        settings = {str(name): str(value) for name, value in query(url, "SELECT name, setting FROM pg_settings")}
        assert settings["listen_addresses"] == ""
        assert (settings["fsync"], settings["synchronous_commit"], settings["full_page_writes"]) == ("on",) * 3
        assert settings["server_version_num"].startswith("18")

    def test_data_survives_a_stop(self, data_dir: Path) -> None:
        url = start_postgres(data_dir)
        query(url, "CREATE TABLE kept AS SELECT 7 AS number")
        before = cluster_id(url)
        stop_postgres(data_dir)
        assert postmaster_pid(data_dir) is None
        url = start_postgres(data_dir)
        assert query(url, "SELECT number FROM kept") == [(7,)]
        assert cluster_id(url) == before

    def test_a_running_server_is_adopted(self, data_dir: Path) -> None:
        starter = run_python("print(ensure_postgres(Path(sys.argv[1])), flush=True); input()", data_dir)
        assert starter.stdout is not None
        url = starter.stdout.readline().strip()
        pid = postmaster_pid(data_dir)
        starter.kill()
        starter.communicate()
        assert start_postgres(data_dir) == url
        assert postmaster_pid(data_dir) == pid

    def test_committed_rows_survive_the_death_of_every_process(self, data_dir: Path) -> None:
        query(ensure_postgres(data_dir), "CREATE TABLE kept AS SELECT 7 AS number")
        pid = postmaster_pid(data_dir)
        assert pid is not None
        kill_all(pid)
        assert query(ensure_postgres(data_dir), "SELECT number FROM kept") == [(7,)]
        assert postmaster_pid(data_dir) not in {None, pid}

    def test_a_killed_server_that_left_a_busy_process_is_replaced(self, data_dir: Path) -> None:
        url = start_postgres(data_dir)
        pid = postmaster_pid(data_dir)
        assert pid is not None
        with psycopg.connect(url) as busy:
            # A process that is stopped does not notice that its server has died.
            os.kill(busy.info.backend_pid, signal.SIGSTOP)
            psutil.Process(pid).kill()
            assert query(start_postgres(data_dir), "SELECT 1") == [(1,)]
            assert not psutil.pid_exists(busy.info.backend_pid)

    def test_a_process_id_that_now_is_another_programs_is_no_server(self, data_dir: Path) -> None:
        start_postgres(data_dir)
        pid = postmaster_pid(data_dir)
        assert pid is not None
        note = (data_dir / "postgres" / "postmaster.pid").read_text()
        kill_all(pid)
        owner = (data_dir / "postgres").stat()
        with subprocess.Popen(["sleep", "60"], user=owner.st_uid if os.geteuid() == 0 else None) as other:
            (data_dir / "postgres" / "postmaster.pid").write_text(note.replace(str(pid), str(other.pid), 1))
            assert query(start_postgres(data_dir), "SELECT 1") == [(1,)]
            assert other.poll() is None
            other.kill()

    def test_many_that_start_it_at_once_get_one_server(self, data_dir: Path) -> None:
        starters = [run_python("print(ensure_postgres(Path(sys.argv[1])))", data_dir) for _ in range(4)]
        urls = {starter.communicate(timeout=60)[0] for starter in starters}
        assert [starter.returncode for starter in starters] == [0] * 4
        assert len(urls) == 1
        servers = [
            process
            for process in psutil.process_iter(["cmdline"])
            if str(data_dir.resolve() / "postgres") in (process.info["cmdline"] or [])
        ]
        assert [server.pid for server in servers] == [postmaster_pid(data_dir)]

    def test_the_last_user_to_leave_stops_it(self, data_dir: Path) -> None:
        code = "print(use_postgres(Path(sys.argv[1])), flush=True); input()"
        first, second = run_python(code, data_dir), run_python(code, data_dir)
        for user in (first, second):
            assert user.stdout is not None
            user.stdout.readline()
        first.communicate("\n")
        assert postmaster_pid(data_dir) is not None
        second.communicate("\n")
        assert postmaster_pid(data_dir) is None

    def test_a_user_that_was_killed_does_not_count(self, data_dir: Path) -> None:
        code = "print(use_postgres(Path(sys.argv[1])), flush=True); input()"
        killed, last = run_python(code, data_dir), run_python(code, data_dir)
        for user in (killed, last):
            assert user.stdout is not None
            user.stdout.readline()
        killed.kill()
        killed.communicate()
        last.communicate("\n")
        assert postmaster_pid(data_dir) is None

    def test_a_long_path_with_odd_characters_works(self, data_dir: Path) -> None:
        deep = data_dir / "with, space & 'quote'" / ("x" * 120)
        url = start_postgres(deep)
        try:
            assert query(url, "SELECT 1") == [(1,)]
            socket_dir = Path(str(psycopg.conninfo.conninfo_to_dict(url)["host"]))
            assert stat.S_IMODE(socket_dir.stat().st_mode) == 0o700
        finally:
            stop_postgres(deep)
        shutil.rmtree(socket_dir)

    def test_several_run_side_by_side(self, data_dir: Path) -> None:
        folders = [data_dir / "one", data_dir / "two"]
        try:
            urls = [start_postgres(folder) for folder in folders]
            assert len({cluster_id(url) for url in urls}) == 2
        finally:
            for folder in folders:
                stop_postgres(folder)

    def test_what_a_killed_first_start_left_is_replaced(self, data_dir: Path) -> None:
        (data_dir / "postgres.new" / "base").mkdir(parents=True)
        (data_dir / "postgres.new" / "PG_VERSION").write_text("18")
        assert query(start_postgres(data_dir), "SELECT 1") == [(1,)]

    def test_a_server_that_cannot_start_says_why(self, data_dir: Path) -> None:
        start_postgres(data_dir)
        stop_postgres(data_dir)
        (data_dir / "postgres" / "global" / "pg_control").unlink()
        with pytest.raises(EmbeddedError, match="could not find the database system"):
            start_postgres(data_dir)

    def test_a_folder_that_cannot_be_made_is_said_in_one_line(self, data_dir: Path) -> None:
        (data_dir / "file").write_text("")
        with pytest.raises(EmbeddedError, match="ORRA_DATA_DIR"):
            start_postgres(data_dir / "file" / "data")

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
    def test_an_ordinary_user_starts_it_and_root_carries_on(self, data_dir: Path) -> None:
        user = pwd.getpwnam("nobody")
        if subprocess.run(["test", "-x", Path(sys.executable).resolve()], user=user.pw_uid).returncode:
            pytest.skip("this Python is in a folder that only root can enter")
        os.chown(data_dir, user.pw_uid, user.pw_gid)
        code = "print(use_postgres(Path(sys.argv[1]))); print(ensure_postgres(Path(sys.argv[1])))"
        options = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "env": {"HOME": str(data_dir)}}
        assert run_python(code, data_dir, **options).communicate(timeout=60)[0].count("postgresql://") == 2
        assert query(start_postgres(data_dir), "SELECT 1") == [(1,)]
        stop_postgres(data_dir)
        assert run_python(code, data_dir, **options).communicate(timeout=60)[0].count("postgresql://") == 2

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may use anyone's data")
    def test_data_of_another_user_is_refused(self, monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> None:
        start_postgres(data_dir)
        stop_postgres(data_dir)
        other = os.getuid() + 1
        monkeypatch.setattr("orra.embedded.accounts.os.geteuid", lambda: other)
        with pytest.raises(EmbeddedError, match="belongs to user"):
            start_postgres(data_dir)


def test_messages_survive_the_brokers_death(data_dir: Path) -> None:
    broker = Valkey(data_dir)
    for _ in range(2):
        with subprocess.Popen(broker.command(), cwd=broker.folder, stdout=subprocess.DEVNULL) as server:
            wait_for(broker)
            with redis.Redis(unix_socket_path=str(broker.socket)) as client:
                client.rpush("queue", "message")
                waiting = client.llen("queue")
            server.kill()
    assert waiting == 2


def test_a_broker_that_was_left_running_is_stopped(data_dir: Path) -> None:
    broker = Valkey(data_dir)
    broker.stop_remains()  # nothing to stop: harmless
    with subprocess.Popen(broker.command(), cwd=broker.folder, stdout=subprocess.DEVNULL) as server:
        wait_for(broker)
        broker.stop_remains()
        assert server.wait(60) == 0
    assert not broker.answers()


def wait_for(broker: Valkey) -> None:
    deadline = time.monotonic() + 60
    while not broker.answers():
        assert time.monotonic() < deadline, "the broker does not answer"
        time.sleep(0.01)


def test_a_secret_is_made_once_and_is_private(data_dir: Path) -> None:
    numbers = iter(range(100))
    with ThreadPoolExecutor(8) as pool:
        seen = set(pool.map(lambda _: secret(data_dir, "key", make=lambda: f"secret {next(numbers)}"), range(8)))
    assert len(seen) == 1
    assert stat.S_IMODE((data_dir / "key").stat().st_mode) == 0o600
    assert sorted(path.name for path in data_dir.iterdir()) == ["key"]
