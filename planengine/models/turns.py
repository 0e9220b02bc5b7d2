"""When each project had its last turn with the workers."""

from __future__ import annotations

from django.db import models

from planengine.models.tenants import Project


class Turn(models.Model):
    """Of one project; see :mod:`planengine.lifecycle.turns`. A table of its own, because whoever remembers a
    project compares its row's version."""

    project = models.OneToOneField(Project, models.CASCADE, primary_key=True, related_name="+")
    taken_at = models.DateTimeField(help_text="When a worker last took up a plan of it.")

    def __str__(self) -> str:
        return f"{self.project_id} at {self.taken_at}"
