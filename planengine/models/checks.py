"""Plans that were checked: which were right and which wrong."""

from __future__ import annotations

from django.db import models

from planengine.models.plans import Plan
from planengine.models.tenants import Project

MAX_NOTE_CHARACTERS = 2_000


class HitCheck(models.Model):
    """Whether a Plan was right: a hit that was planned again, or any Plan that somebody reported."""

    class Origin(models.TextChoices):
        SAMPLE = "sample", "planned again"
        REPORT = "report", "reported by the client"

    class Verdict(models.TextChoices):
        RIGHT = "right"
        WRONG = "wrong"
        UNDECIDED = "undecided"

    project = models.ForeignKey(Project, models.CASCADE, related_name="hit_checks", db_index=False)
    plan = models.ForeignKey(Plan, models.CASCADE, related_name="checks", db_index=False)
    origin = models.CharField(max_length=10, choices=Origin.choices)
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    note = models.TextField(blank=True, default="", db_default="", help_text="What the client says of it.")
    settled = models.BooleanField(default=False, help_text="Hits by meaning were reopened since: counts no more.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["plan", "origin"], name="check_per_plan")]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="check_latest"),
            models.Index(
                fields=["verdict", "-created_at", "-id"],
                name="check_not_right",
                condition=~models.Q(verdict="right"),
            ),
            models.Index(
                fields=["-created_at", "-id"], name="check_reported", condition=models.Q(origin="report")
            ),
            models.Index(fields=["-created_at", "-id"], name="check_settled", condition=models.Q(settled=True)),
            models.Index(fields=["project", "settled", "origin", "verdict"], name="check_by_project"),
            models.Index(fields=["origin", "created_at"], include=["project", "verdict"], name="check_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id}: {self.verdict}"
