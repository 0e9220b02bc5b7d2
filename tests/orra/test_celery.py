from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError, connection

from orra.celery import app
from planengine import tasks


def test_every_tick_is_a_task_that_a_worker_knows() -> None:
    app.loader.import_default_modules()

    ticks = {entry["task"] for entry in app.conf.beat_schedule.values()}

    assert ticks and ticks <= set(app.tasks)


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
