"""The Celery app. Messages carry a row's id and nothing else; every tick may run twice without harm."""

from __future__ import annotations

import os
from typing import Any

import structlog
from celery import Celery, Task
from celery.signals import beat_init, worker_ready

from orra.base.outages import brief, is_away

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orra.settings")

log = structlog.get_logger(__name__)


class PatientTask(Task):  # type: ignore[misc]
    """A task that gives up quietly while the database is away: one log line instead of a traceback every other
    second. The next tick does its work, and the sweep picks up plans."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return self.run(*args, **kwargs)
        except Exception as error:
            if not is_away(error):
                raise
            log.warning("database unreachable", task=self.name, arguments=args, error=brief(error))
            return None


app = Celery("orra", task_cls=PatientTask)
app.set_default()  # in every thread: Celery's "current app" is one per thread
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    # Ticks that no worker took are not worth taking later: else a worker would begin with a day's worth of them.
    name: {"task": task, "schedule": seconds, "options": {"expires": max(10.0, min(seconds, 60.0))}}
    for name, task, seconds in (
        ("plans: take up what was lost", "planengine.tasks.sweep", 2.0),
        ("plans: add them to the tallies", "planengine.tasks.tally", 60.0),
        ("alerts: judge and tell", "planengine.tasks.alert", 60.0),
        ("plans: forget the past", "planengine.tasks.forget_the_past", 600.0),
        ("cache: delete expired entries", "cache.tasks.delete_expired", 60.0),
        ("cache: keep projects under their cap", "cache.tasks.enforce_caps", 60.0),
        ("cache: take up jobs", "cache.tasks.take_up_jobs", 10.0),
        ("cache: keep indexes by meaning", "cache.tasks.keep_vector_indexes", 120.0),
    )
}


@worker_ready.connect  # type: ignore[untyped-decorator]
def _worker_is_alive(**_: Any) -> None:
    _keep_heartbeat("worker")


@beat_init.connect  # type: ignore[untyped-decorator]
def _beat_is_alive(**_: Any) -> None:
    _keep_heartbeat("beat")


def _keep_heartbeat(kind: str) -> None:
    from planengine.lifecycle import heartbeats  # the models are there by now

    heartbeats.keep(kind)
