from __future__ import annotations

from orra.celery import app


def test_every_tick_is_a_task_that_a_worker_knows() -> None:
    app.loader.import_default_modules()

    ticks = {entry["task"] for entry in app.conf.beat_schedule.values()}

    assert ticks and ticks <= set(app.tasks)
