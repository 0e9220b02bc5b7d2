"""The calibrated similarity floors of embedding models."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q


class CalibratedFloor(models.Model):
    """The similarity floor that was measured for an embedding model. See
    :mod:`planengine.embeddings.calibration`."""

    embedding_model = models.TextField(primary_key=True, help_text="The embedder's name, as in the cache's scope.")
    floor = models.FloatField(
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text="Lowest cosine similarity for a hit by meaning, where a project sets none of its own.",
    )
    tolerance = models.FloatField(help_text="The share of wrong hits that it was measured to stay within.")
    measured_on = models.TextField(help_text="The file that it was measured on.")
    measured = models.JSONField(help_text="What was seen at this floor.")
    measured_at = models.DateTimeField()

    class Meta:
        ordering = ["embedding_model"]
        constraints = [
            models.CheckConstraint(name="floor_is_a_similarity", condition=Q(floor__gte=0, floor__lte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.embedding_model}: {self.floor}"
