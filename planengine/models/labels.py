"""What was seen of proposals of the votes."""

from __future__ import annotations

from django.db import models

from planengine.models.tenants import Project

# So many of a project's labels are heeded, the newest, and so many are kept.
HEEDED = 2_000
KEPT = 5_000


class Label(models.Model):
    """Whether what the examples' votes proposed for a request would have been right."""

    class Origin(models.TextChoices):
        MISS = "miss", "a miss that was planned"
        SAMPLE = "sample", "a hit that was planned again"
        REPORT = "report", "a hit that its client reported"

    project = models.ForeignKey(Project, models.CASCADE, related_name="+", db_index=False)
    origin = models.CharField(max_length=10, choices=Origin.choices)
    odds = models.FloatField(help_text="Log odds of its being wrong, as the shipped prior had it.")
    wrong = models.BooleanField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["project", "-id"], name="label_by_project"),
            models.Index(fields=["-id"], name="label_wrong", condition=models.Q(wrong=True)),
            models.Index(fields=["origin", "-id"], name="label_by_origin", condition=~models.Q(origin="miss")),
        ]

    def __str__(self) -> str:
        return f"{self.origin}: {'wrong' if self.wrong else 'right'}"
