"""The Celery app. Messages carry a row's id and nothing else; every tick may run twice without harm."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import structlog
from celery import Celery, Task
from celery.exceptions import Reject
from celery.signals import beat_init, setup_logging, worker_init, worker_ready, worker_shutdown
from django.db import close_old_connections
from structlog.contextvars import bound_contextvars

from orra.base import tracing
from orra.base.brokers import ANSWER_SECONDS
from orra.base.database.outages import brief, is_away
from orra.serving.request_ids import answered

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orra.settings")

log = structlog.get_logger(__name__)


# Before a message goes back: without it a worker would do nothing else.
AWAY_SECONDS = 1.0
# The header of a message that has the id of the request it was sent for.
REQUEST = "orra_request"


class PatientTask(Task):  # type: ignore[misc]
    """A task whose log lines have the id of the request that it was sent for. While the database is away it gives
    up quietly: one log line instead of a traceback every other second. The next tick does a tick's work; the
    message of a task that is acknowledged late goes back to the broker, for a worker whose database is there."""

    def apply_async(self, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
        headers = {**(options.pop("headers", None) or {}), **_carried()}
        return super().apply_async(args, kwargs, headers=headers, confirm_timeout=ANSWER_SECONDS, **options)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        request = self.request.get(REQUEST)
        sent = {
            "messaging.system": "celery",
            "messaging.operation.name": "process",
            "messaging.destination.name": self.name,
            "orra.request.id": request,
        }
        parent = self.request.get(tracing.PARENT) or ""
        with (
            bound_contextvars(**({"request": request} if request else {})),
            tracing.span(self.name, sent, kind="consumer", parent=parent),
        ):
            return self._run_patiently(*args, **kwargs)

    def _run_patiently(self, *args: Any, **kwargs: Any) -> Any:
        if not self.request.called_directly:
            close_old_connections()  # what broke, not what works: opening one takes longer than many a task
        try:
            return self.run(*args, **kwargs)
        except Exception as error:
            if not is_away(error):
                raise
            log.warning("database unreachable", task=self.name, arguments=args, error=brief(error))
            if self.acks_late and not self.request.called_directly:
                time.sleep(AWAY_SECONDS)
                raise Reject("the database is away", requeue=True) from None
            return None


def _carried() -> dict[str, str]:
    """What a message has besides a task's arguments."""
    request = answered.get()
    return {REQUEST: request, **tracing.carried()} if request else {}


app = Celery("orra", task_cls=PatientTask)
app.set_default()  # in every thread: Celery's "current app" is one per thread
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# Else Celery closes the connection before and after every task.
app.conf["CELERY_DB_REUSE_MAX"] = sys.maxsize
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


@setup_logging.connect  # type: ignore[untyped-decorator]
def _keep_logging(**_: Any) -> None:
    """What the settings have set up stays: without a receiver Celery gives the root logger a level of its own."""


@worker_ready.connect  # type: ignore[untyped-decorator]
def _worker_is_alive(**_: Any) -> None:
    _tell_of("worker")


@worker_init.connect  # type: ignore[untyped-decorator]
def _worker_traces(**_: Any) -> None:
    if tracing.is_wanted():
        tracing.begin()


@worker_shutdown.connect  # type: ignore[untyped-decorator]
def _worker_has_traced(**_: Any) -> None:
    tracing.end()


@beat_init.connect  # type: ignore[untyped-decorator]
def _beat_is_alive(**_: Any) -> None:
    _tell_of("beat")


def _tell_of(kind: str) -> None:
    from orra import health_port
    from planengine.lifecycle import heartbeats  # the models are there by now

    heartbeats.keep(kind)
    health_port.open_if_asked()
