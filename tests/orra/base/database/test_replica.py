"""What is read from a replica, and what of the primary whatever there is. A real replica is in ``tests/live``."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections
from structlog.testing import capture_logs

from orra.base.database import replica as module
from orra.base.database.replica import ALIAS, Replica, Router, Standing
from planengine.models import Plan


@pytest.fixture
def named(settings: Any, django_db_setup: None, django_db_blocker: Any) -> Iterator[Callable[..., Replica]]:
    """``named(HOST=…)``: a replica at such a place, else where the primary is. Nothing is written."""
    settings.REPLICA_LAG_SECONDS = 5

    def name(**place: str) -> Replica:
        connections.databases[ALIAS] = {**connections.databases["default"], **place}
        return Replica()

    with django_db_blocker.unblock():
        yield name
        for alias in (ALIAS, DEFAULT_DB_ALIAS):
            connections[alias].close()
    del connections[ALIAS], connections.databases[ALIAS]


def fresh(replica: Replica) -> Replica:
    replica.standing = Standing(time.monotonic(), behind=0.0)
    return replica


def reading() -> str:
    return Router().db_for_read(Plan)


def test_without_one_everything_is_the_primarys() -> None:
    replica = Replica()

    assert not replica.is_there
    assert replica.read(reading) == "default"


@pytest.mark.parametrize(
    ("place", "fault"),
    [
        ({}, "no replica of DATABASE_URL"),  # the primary itself
        ({"NAME": "postgres"}, "no replica of DATABASE_URL"),
        ({"NAME": "there is none"}, "replica unreachable"),
        ({"HOST": "/nowhere"}, "replica unreachable"),
    ],
)
def test_what_is_no_replica_is_told_once_and_not_read(
    named: Callable[..., Replica], place: dict[str, str], fault: str
) -> None:
    replica = named(**place)
    with capture_logs() as logs:
        replica.look()
        replica.look()

    assert str(replica.standing) == fault
    assert replica.read(reading) == "default"
    assert [(line["event"], line["replica"]) for line in logs] == [("lists are read from the primary", fault)]


def test_rows_of_plans_and_cache_are_read_there_and_rights_are_not(named: Callable[..., Replica]) -> None:
    replica = fresh(named())

    assert replica.read(reading) == ALIAS
    assert replica.read(lambda: module.read_connection().alias) == ALIAS
    assert replica.read(lambda: Router().db_for_read(User)) == "default"
    assert replica.read(lambda: Router().db_for_write(Plan, instance=Plan())) == "default"
    assert reading() == module.read_connection().alias == "default"
    assert not Router().allow_migrate(ALIAS, "planengine")


def test_how_far_it_is_behind_is_told_by_the_newest_note_that_it_has_come_to(
    named: Callable[..., Replica],
) -> None:
    replica = named()
    replica._notes.extend([(100.0, 10), (101.0, 20), (102.0, 30)])

    assert replica._behind(30, 102.0).behind == 0
    assert replica._behind(29, 102.0).behind == 1
    assert replica._behind(9, 102.0) == Standing(102.0, fault="more than 2 s behind")


def test_one_that_was_not_looked_at_for_long_is_too_old(named: Callable[..., Replica]) -> None:
    replica = named()
    replica.standing = Standing(time.monotonic() - 60, behind=0.0)

    assert not replica.is_fresh
    assert str(replica.standing) == "60 s behind"
    assert replica.read(reading) == "default"


def test_what_fails_there_or_will_not_do_is_asked_of_the_primary(named: Callable[..., Replica]) -> None:
    replica = fresh(named())

    def fail_there() -> str:
        if reading() == ALIAS:
            raise OperationalError("it is gone")
        return reading()

    assert replica.read(fail_there) == "default"
    assert replica.read(reading, will_do=lambda answer: answer == "default") == "default"
    with pytest.raises(ZeroDivisionError):
        replica.read(lambda: str(1 // 0))
    assert reading() == "default"
