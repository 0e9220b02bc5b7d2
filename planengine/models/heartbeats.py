"""Which processes are at work, wherever they run."""

from __future__ import annotations

from django.db import models


class Heartbeat(models.Model):
    """One process, or the ticks that go through beat, broker and worker. See
    :mod:`planengine.lifecycle.heartbeats`."""

    class Kind(models.TextChoices):
        WEB = "web"
        WORKER = "worker"
        BEAT = "beat"
        TICKS = "ticks", "ticks, from the beat through the broker to a worker"

    name = models.CharField(primary_key=True, max_length=200, help_text="What it is, its host, its process id.")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField(help_text="When it was last alive.")

    class Meta:
        ordering = ["kind", "-seen_at", "name"]

    def __str__(self) -> str:
        return self.name
