"""The state of the circuit breaker, by model endpoint."""

from __future__ import annotations

from django.db import models


class Breaker(models.Model):
    """Whether a model's endpoint is asked at all. See :mod:`planengine.drafting.breaker`."""

    endpoint = models.CharField(
        primary_key=True, max_length=64, help_text="The model, and a digest of its address."
    )
    failures = models.PositiveIntegerField(default=0, help_text="In a row.")
    retry_at = models.DateTimeField(null=True, help_text="Until then it is left alone. Empty: it is asked.")

    def __str__(self) -> str:
        return self.endpoint
