"""What a model may be trusted with, as it was measured."""

from __future__ import annotations

from django.db import models


class ModelTrust(models.Model):
    """What came of a model's probe. See :mod:`planengine.drafting.trust`."""

    class Verdict(models.TextChoices):
        OPEN = "", "not known yet"
        TRUSTED = "trusted", "trusted with side effects"
        HELD = "held", "held to the words of the request"

    planner = models.CharField(
        primary_key=True,
        max_length=300,
        help_text="The planner's name, which tells model and prompt, and a digest of the model's address.",
    )
    verdict = models.CharField(max_length=10, choices=Verdict, blank=True, default=Verdict.OPEN)
    asked = models.PositiveIntegerField(default=0, help_text="Requests that must not be carried out.")
    wrong = models.PositiveIntegerField(default=0, help_text="Those of them for which it planned a side effect.")
    examples = models.JSONField(default=list, help_text="Some of those: what was asked, and what it chose.")
    lease_expires_at = models.DateTimeField(null=True, help_text="Until then a worker is asking it.")
    checked_at = models.DateTimeField(null=True, help_text="When the verdict was reached.")

    class Meta:
        verbose_name = "trust in a model"
        verbose_name_plural = "trust in models"
        ordering = ["planner"]

    def __str__(self) -> str:
        return f"{self.planner}: {self.get_verdict_display()}"
