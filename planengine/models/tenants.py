"""Projects, which share nothing with one another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from orra.base import ids


class Project(models.Model):
    """A tenant. Nothing crosses projects."""

    # The caller of a request is a project; these tell with which key, and as of which versions of both rows.
    is_authenticated = True
    key_id: str
    key_revoked_at: datetime | None
    key_expired: bool
    key_scopes: Sequence[str]
    key_digest: str
    row_versions: str

    class CataloguePolicy(models.TextChoices):
        DEPENDENCIES = "dependencies", "drop entries whose own services changed"
        STRICT = "strict", "drop every entry when any service changes"

    class ModelCheck(models.TextChoices):
        OFF = "off"
        ON = "on"

    id = models.CharField(primary_key=True, max_length=ids.LENGTH, default=ids.project_id, editable=False)
    name = models.CharField(max_length=100)
    created_at = models.DateTimeField(auto_now_add=True)
    catalogue_revision = models.PositiveBigIntegerField(
        default=0, editable=False, help_text="Rises with every change to the project's services."
    )
    groundings_revision = models.PositiveBigIntegerField(
        default=0,
        db_default=0,
        editable=False,
        help_text="Rises with every change to the project's groundings; 0 as long as it never had one.",
    )
    grounding_required = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Whether a request that no grounding covers is refused.",
    )
    cache_ttl_seconds = models.PositiveIntegerField(
        default=24 * 3600,
        validators=[MinValueValidator(1), MaxValueValidator(366 * 24 * 3600)],
        help_text="How long a new cache entry lives, in seconds.",
    )
    cache_max_entries = models.PositiveIntegerField(
        default=10_000,
        validators=[MaxValueValidator(1_000_000)],
        help_text="Entries kept at most; beyond it the ones unused for longest go first.",
    )
    similarity_threshold = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text="Lowest cosine similarity for a hit by meaning, 0 to 1. Empty: the embedding model's own floor, "
        "as measured or built in. "
        "1 leaves exact templates only.",
    )
    catalogue_policy = models.CharField(
        max_length=20, choices=CataloguePolicy.choices, default=CataloguePolicy.DEPENDENCIES
    )
    wrong_hit_tolerance = models.FloatField(
        default=0.01,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text="Share of hits that may be observed wrong before hits by meaning are closed.",
    )

    recheck_share = models.FloatField(
        default=0.01,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text="Share of hits that are planned again in the background and compared, 0 to 1.",
    )
    acceptance = models.JSONField(
        default=dict,
        db_default={},
        editable=False,
        help_text="How the project's own requests moved the risk that the shipped prior predicts.",
    )
    model_check = models.CharField(
        max_length=3,
        choices=ModelCheck.choices,
        default=ModelCheck.OFF,
        help_text="Whether a model is asked if a near entry means the same, where only wording is against it.",
    )
    tokens_per_day = models.PositiveBigIntegerField(
        null=True,
        blank=True,
        help_text="Tokens that planning may use per day (UTC). Empty: as many as it takes; 0: none, so that only "
        "the cache answers.",
    )
    repair = models.BooleanField(
        default=True,
        help_text="When all of a model's drafts were rejected, wire its choice of services anew, by names and "
        "types.",
    )
    event_contents = models.BooleanField(
        default=False,
        help_text="Whether a plan's events tell the model's own words too: what it thinks and writes, as it comes "
        "and when it is finished. Its reasoning is kept with the attempt then.",
    )
    semantic_closed_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="Since when hits by meaning are closed, because too many were found wrong.",
    )

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name
