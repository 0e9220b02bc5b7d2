"""Requests that a project keeps to be planned again and again, and what came of it each time."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from orra.base import ids
from planengine.models.tenants import Project


class SavedRequest(models.Model):
    """A request with what it is expected to become. See :mod:`planengine.evaluation.regression`."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="saved_requests", db_index=False)
    name = models.CharField(max_length=200, help_text="What people call it, once in a project.")
    action = models.TextField(help_text="In words, as a client sends it.")
    params = models.JSONField(default=list, blank=True, help_text="A list of {field, value}.")
    expected = models.JSONField(
        default=list, blank=True, help_text="The calls of the plan, {service, input}; none: it is to be refused."
    )
    plan_id = models.CharField(
        max_length=ids.LENGTH, blank=True, editable=False, help_text="The plan that it was saved from."
    )
    created_by = models.CharField(max_length=150, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="saved_request_name_in_project")]

    def __str__(self) -> str:
        return self.name

    @property
    def params_by_field(self) -> dict[str, object]:
        return {param["field"]: param["value"] for param in self.params}


class RegressionRun(models.Model):
    """All saved requests of a project, planned against its services and planner of then."""

    class Status(models.TextChoices):
        QUEUED = "queued", "waits for a worker"
        RUNNING = "running", "running"
        FINISHED = "finished", "finished"

    project = models.ForeignKey(Project, models.CASCADE, related_name="+", db_index=False)
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    planner = models.CharField(max_length=300, blank=True, help_text="Who plans: as the worker has it.")
    created_by = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    enqueued_at = models.DateTimeField(null=True, help_text="When a worker was last told of it.")
    lease_token = models.PositiveIntegerField(default=0, help_text="How often a worker has taken it up.")
    lease_expires_at = models.DateTimeField(null=True)
    taken_up = models.PositiveIntegerField(default=0, help_text="The same since its last result.")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["project", "-id"], name="run_by_project"),
            models.Index(fields=["id"], name="run_unfinished", condition=~Q(status="finished")),
        ]

    def __str__(self) -> str:
        return f"run {self.pk}"

    @property
    def is_finished(self) -> bool:
        return self.status == self.Status.FINISHED


class RegressionResult(models.Model):
    """What a saved request became in a run; it is there, without a verdict, from the run's beginning."""

    class Verdict(models.TextChoices):
        WAITING = "", "not planned yet"
        SAME = "same", "as expected"
        CHANGED = "changed", "changed"
        REFUSED = "refused", "refused"
        FAILED = "failed", "failed"

    run = models.ForeignKey(RegressionRun, models.CASCADE, related_name="results", db_index=False)
    saved = models.ForeignKey(SavedRequest, models.SET_NULL, null=True, related_name="results")
    name = models.CharField(max_length=200)
    verdict = models.CharField(max_length=10, choices=Verdict, blank=True, default=Verdict.WAITING)
    expected = models.JSONField(default=list, help_text="What was expected then.")
    got = models.JSONField(null=True, help_text="What it became, as expectations are written; null: nothing.")
    differences = models.JSONField(default=list, help_text="In words.")
    code = models.CharField(max_length=100, blank=True)
    message = models.TextField(blank=True)
    seconds = models.FloatField(null=True)
    prompt_tokens = models.PositiveIntegerField(null=True)
    completion_tokens = models.PositiveIntegerField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["run", "saved"], name="result_per_saved_request")]

    def __str__(self) -> str:
        return f"{self.name}: {self.get_verdict_display()}"
