"""Lists from a real replica, which streams, stands still and is stopped."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django import db
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import DEFAULT_DB_ALIAS, connections
from django.test import Client

from orra.base import metrics
from orra.base.database.replica import ALIAS, Router, Standing, replica
from orra.embedded import postgres
from orra.embedded.accounts import account_for
from planengine.models import ApiKey, Project
from tests.conftest import Api
from tests.live.client import until
from tests.live.conftest import new_data_dir

PROJECTS = "/admin/planengine/project/"


@pytest.fixture(scope="module")
def standby(django_db_setup: None) -> Iterator[Path]:
    """The folder of a replica of the tests' own server."""
    if "TEST_DATABASE_URL" in os.environ:
        pytest.skip("the tests run on a server of somebody else's: no replica is made of it")
    with new_data_dir() as folder:
        _copy(connections[DEFAULT_DB_ALIAS].settings_dict["HOST"], folder / "postgres")
        yield folder


def _copy(socket_dir: str, place: Path) -> None:
    account = account_for(place, programs=[])
    os.chown(place.parent, account.uid, account.gid)
    command: list[str | Path] = [postgres.programs() / "pg_basebackup", "--pgdata", place, "--no-sync"]
    command += ["--write-recovery-conf", "--checkpoint=fast", "--host", socket_dir]
    command += ["--username", postgres.SUPERUSER]
    subprocess.run(command, cwd="/", env={"PATH": os.defpath}, check=True, **account.as_arguments())


@pytest.fixture
def streaming(
    standby: Path, django_db_blocker: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """It runs, and this process reads from it, however far it is behind. What is written is committed."""
    settings.REPLICA_LAG_SECONDS = 3600
    place = parse_qs(urlsplit(postgres.ensure_postgres(standby, throwaway=True)).query)["host"][0]
    connections.databases[ALIAS] = {**connections.databases[DEFAULT_DB_ALIAS], "HOST": place}
    monkeypatch.setattr(db.router, "routers", [Router()])
    with django_db_blocker.unblock():
        yield standby
        connections[ALIAS].close()
        del connections[ALIAS], connections.databases[ALIAS]
        replica.standing = Standing(0.0)
        for model in (Project, User, Session):
            model.objects.all().delete()
        connections[DEFAULT_DB_ALIAS].close()


def on_replica(statement: str) -> None:
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(statement)


def until_it_keeps_up() -> None:
    def keeps_up() -> bool:
        replica.look()
        return replica.standing.behind == 0

    until(keeps_up)


def reads() -> tuple[float, float]:
    """From the replica, from the primary."""
    known = [metrics.LIST_READS.labels(database)._value.get() for database in ("replica", "primary")]
    return known[0], known[1]


def operator() -> Client:
    client = Client()
    client.force_login(User.objects.get())
    return client


def test_lists_come_from_a_replica_as_long_as_it_keeps_up(streaming: Path, settings: Any) -> None:
    project, spare = (Project.objects.create(name=name) for name in ("own", "spare"))
    api = Api(ApiKey.issue(project)[1])
    User.objects.create_superuser("ada")
    writer, reader = operator(), operator()

    def ask(action: str) -> str:
        return str(api.post("/v1/plans", {"action": action}).json()["id"])

    def listed() -> list[str]:
        assert (stats := api.get("/v1/cache/stats")).status_code == 200, stats.content
        assert api.get("/v1/usage").status_code == 200
        assert api.get("/v1/cache/entries").json()["results"] == []
        return [plan["id"] for plan in api.get("/v1/plans").json()["results"]]

    first = ask("Look after the lions")
    until_it_keeps_up()
    until(lambda: listed() == [first])  # this server answers before it has written what is committed
    before = reads()
    assert listed() == [first]
    assert spare.pk in reader.get(PROJECTS).content.decode()
    assert reader.get("/admin/").status_code == 200
    assert reads() == (before[0] + 6, before[1])

    on_replica("SELECT pg_wal_replay_pause()")
    second = ask("Look after the tigers")
    writer.post(f"{PROJECTS}{spare.pk}/delete/", {"post": "yes"})
    assert api.get(f"/v1/plans/{second}").status_code == 200
    assert api.get(f"/v1/plans/{second}/events").status_code == 200
    assert listed() == [first]
    assert spare.pk not in writer.get(PROJECTS).content.decode()
    assert spare.pk in reader.get(PROJECTS).content.decode()

    replica.look()
    settings.REPLICA_LAG_SECONDS = 0
    assert listed() == [second, first]
    assert api.get("/readyz").json()["replica"].endswith(" s behind")
    assert "orra_replica_in_use 0.0" in api.get("/metrics").content.decode()

    settings.REPLICA_LAG_SECONDS = 3600
    on_replica("SELECT pg_wal_replay_resume()")
    until_it_keeps_up()
    until(lambda: listed() == [second, first])
    until(lambda: spare.pk not in reader.get(PROJECTS).content.decode())
    assert api.get("/readyz").json()["replica"] == "ok"
    assert "orra_replica_in_use 1.0" in api.get("/metrics").content.decode()

    postgres.stop_postgres(streaming)
    assert replica.is_fresh
    assert listed() == [second, first]
    assert reader.get(PROJECTS).status_code == 200
    replica.look()
    assert api.get("/readyz").json()["replica"] == "replica unreachable"
    assert listed() == [second, first]


@pytest.mark.django_db
def test_without_one_nothing_is_said_of_it() -> None:
    api = Api()

    assert "replica" not in api.get("/readyz").json()
    assert "orra_replica" not in api.get("/metrics").content.decode()
