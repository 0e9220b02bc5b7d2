from __future__ import annotations

import logging
from typing import Any

import psycopg
import pytest
from celery.fixups.django import DjangoWorkerFixup
from django.db import OperationalError, connection

from orra import celery
from orra.celery import app
from planengine import tasks
from planengine.models import Plan


def test_every_tick_is_a_task_that_a_worker_knows() -> None:
    app.loader.import_default_modules()

    ticks = {entry["task"] for entry in app.conf.beat_schedule.values()}

    assert ticks and ticks <= set(app.tasks)


def test_a_worker_logs_at_the_level_that_was_set() -> None:
    root = logging.getLogger()
    before = root.level, [*root.handlers]

    app.log.setup(loglevel=logging.CRITICAL)

    assert (root.level, root.handlers) == before


@pytest.mark.django_db
@pytest.mark.parametrize("task", [tasks.sweep, tasks.tally, tasks.alert, tasks.forget_the_past])
def test_a_tick_is_left_out_while_the_database_is_away(task: Any) -> None:
    def fail(*args: Any) -> None:
        raise OperationalError("connection refused")

    with connection.execute_wrapper(fail):
        assert task() is None


@pytest.mark.django_db
def test_other_failures_are_not_hidden() -> None:
    def fail(*args: Any) -> None:
        raise ValueError("a bug")

    with connection.execute_wrapper(fail), pytest.raises(ValueError):
        tasks.sweep()


def backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    assert isinstance(pid, int)
    return pid


@pytest.mark.django_db(transaction=True)
def test_tasks_of_a_thread_share_a_connection() -> None:
    before = backend()

    DjangoWorkerFixup(app).close_database()  # what Celery does before and after each
    tasks.sweep.apply().get()

    assert backend() == before


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_broke_between_two_tasks_is_opened_again() -> None:
    count = app.task(Plan.objects.count, name="tests.count")
    broken = backend()
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [broken])

    assert count.apply().get() == 0
    assert backend() != broken


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("task, goes_back", [(tasks.generate_plan, True), (tasks.keep_made, False)])
def test_a_message_goes_back_while_the_database_is_away(
    task: Any, goes_back: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that a worker has by then, for it is acknowledged when the plan is made."""

    def fail(*args: Any) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(celery, "AWAY_SECONDS", 0.0)
    with connection.execute_wrapper(fail):
        given_up = task.apply(args=("o_none",))

    assert given_up.state == ("REJECTED" if goes_back else "SUCCESS")
    if goes_back:
        assert given_up.result.requeue
