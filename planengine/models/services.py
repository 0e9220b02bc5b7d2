"""The services of a project, which plans are made of, and what they said before."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from orra.base import ids
from planengine.models.tenants import Project


class Service(models.Model):
    """Something that does one task, as its project registered it."""

    class Type(models.TextChoices):
        AGENT = "agent"
        SERVICE = "service"

    id = models.CharField(primary_key=True, max_length=ids.LENGTH, default=ids.service_id, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="services")
    name = models.CharField(max_length=100)
    type = models.CharField(max_length=10, choices=Type.choices, default=Type.SERVICE)
    description = models.TextField()
    input_schema = models.JSONField()
    output_schema = models.JSONField()
    revertible = models.BooleanField(default=False)
    annotations = models.JSONField(
        default=dict, blank=True, db_default={}, help_text="What it says of its effects."
    )
    examples = models.JSONField(
        default=list, blank=True, db_default=[], help_text="Requests that it was made for."
    )
    capabilities = models.JSONField(
        default=list, blank=True, db_default=[], help_text="What it can do, in the words of groundings."
    )
    version = models.PositiveIntegerField(
        default=1,
        help_text="Rises whenever the service changes, but for its annotations, examples and capabilities.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="service_name_in_project")]

    def __str__(self) -> str:
        return self.name


class ServiceVersion(models.Model):
    """What a service said from a change on until the next one. See :mod:`planengine.catalogue.history`."""

    service = models.ForeignKey(Service, models.CASCADE, related_name="history", db_index=False)
    version = models.PositiveIntegerField(help_text="The service's version; a change of hints does not raise it.")
    facts = models.JSONField(help_text="All that was registered.")
    changed = models.JSONField(default=list, help_text="The names of what differs from the one before.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["service", "-id"], name="version_by_service")]

    def __str__(self) -> str:
        return f"version {self.version}"
