"""The Celery app. Messages carry a row's id and nothing else; every tick may run twice without harm."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orra.settings")

app = Celery("orra")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# Ticks that no worker took are not worth taking later: else a worker would begin with a day's worth of them.
TICK = {"expires": 60.0}
app.conf.beat_schedule = {
    "plans: take up what was lost": {"task": "planengine.tasks.sweep", "schedule": 5.0, "options": TICK},
    "cache: delete expired entries": {"task": "cache.tasks.delete_expired", "schedule": 60.0, "options": TICK},
    "cache: keep projects under their cap": {
        "task": "cache.tasks.enforce_caps",
        "schedule": 60.0,
        "options": TICK,
    },
}
