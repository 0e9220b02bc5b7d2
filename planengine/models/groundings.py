"""The groundings of a project: every version that was applied, and one of each name that holds."""

from __future__ import annotations

from django.db import models
from django.db.models import Func, Q
from pgvector.django import HalfVectorField

from orra.base import ids
from planengine.models.tenants import Project


class GroundingQuerySet(models.QuerySet["Grounding"]):
    def with_counts(self) -> GroundingQuerySet:
        """Each with ``use_case_count`` and ``constraint_count``, for lists that do not load what it says."""
        counts = {
            name: Func(f"content__{member}", function="jsonb_array_length", output_field=models.IntegerField())
            for name, member in (("use_case_count", "use_cases"), ("constraint_count", "constraints"))
        }
        return self.annotate(**counts)


class Grounding(models.Model):
    """One version of a grounding, as :class:`planengine.grounding.specs.GroundingSpec` has it. Whoever writes it
    is in :mod:`planengine.grounding.registry`, nobody else."""

    class Mode(models.TextChoices):
        ADVISORY = "advisory", "guides the model, and is reported"
        STRICT = "strict", "a plan that does not keep to it fails"

    id = models.CharField(primary_key=True, max_length=ids.LENGTH, default=ids.grounding_id, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="groundings")
    name = models.CharField(max_length=100)
    version = models.CharField(max_length=64)
    domain = models.CharField(max_length=200)
    mode = models.CharField(max_length=10, choices=Mode.choices)
    content = models.JSONField(help_text="Use cases and constraints.")
    digest = models.CharField(max_length=64, help_text="Equal for versions that say the same.")
    current = models.BooleanField(default=True, help_text="Whether this is the version that holds.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = GroundingQuerySet.as_manager()

    class Meta:
        ordering = ["name", "-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name", "version"], name="grounding_version"),
            models.UniqueConstraint(
                fields=["project", "name"], condition=Q(current=True), name="grounding_that_holds"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class UseCaseVector(models.Model):
    """The embedding of one wording of a use case, so that no process embeds it again. ``use_case`` is its place in
    the grounding, from 0; ``wording`` 0 for its action, then those of ``also``."""

    pk = models.CompositePrimaryKey("grounding", "use_case", "wording", "embedding_model")
    grounding = models.ForeignKey(Grounding, models.CASCADE, related_name="vectors")
    use_case = models.PositiveSmallIntegerField()
    wording = models.PositiveSmallIntegerField()
    embedding_model = models.TextField()
    embedding = HalfVectorField()

    def __str__(self) -> str:
        return f"{self.grounding_id} {self.use_case}.{self.wording}"
