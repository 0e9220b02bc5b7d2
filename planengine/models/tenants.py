"""Projects, which share nothing with one another, and the API keys that identify them."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.utils import timezone

from orra.base import ids
from orra.base.rows import Rows
from planengine.exceptions import BadRequest

KEY_PREFIX = "sk-orra-v1-"


class Project(models.Model):
    """A tenant. Nothing crosses projects."""

    # The caller of a request is a project; these tell with which key, and as of which versions of both rows.
    is_authenticated = True
    key_id: str
    key_revoked_at: datetime | None
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

    @classmethod
    def open(cls, **facts: object) -> tuple[Project, str]:
        """A new project and the secret of its first API key: both, or neither."""
        with transaction.atomic():
            project = cls.objects.create(**facts)
            _, secret = ApiKey.issue(project, name="first key")
        return project, secret


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def active(self) -> ApiKeyQuerySet:
        return self.filter(revoked_at=None)


class ApiKey(models.Model):
    """A project's key. The secret is shown once, when the key is made; only its digest is stored. A plain SHA-256
    is enough because the secret is 256 random bits, not something a person chose."""

    id = models.CharField(primary_key=True, max_length=ids.LENGTH, default=ids.key_id, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100, blank=True)
    prefix = models.CharField(max_length=20, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.prefix}…"

    @classmethod
    def issue(cls, project: Project, *, name: str = "") -> tuple[ApiKey, str]:
        """A new key and its secret, which is not to be had again."""
        secret = KEY_PREFIX + secrets.token_hex(32)
        key = cls.objects.create(
            project=project, name=name, prefix=secret[: len(KEY_PREFIX) + 6], digest=cls.digest_of(secret)
        )
        return key, secret

    def revoke(self) -> None:
        """Nobody gets in with it any more; it stays in the list. Raises :class:`BadRequest` for the last active
        key of its project, which would lock everybody out."""
        with transaction.atomic():
            # Two revocations at once would each see the other's key as the one that is left.
            Project.objects.select_for_update(no_key=True).get(pk=self.project_id)
            active = ApiKey.objects.active().filter(project=self.project_id)
            if not active.filter(pk=self.pk).exists():
                return
            if not active.exclude(pk=self.pk).exists():
                message = "This is the project's last active key. Make another one first."
                raise BadRequest(message, code="last_api_key", status=409)
            self.revoked_at = timezone.now()
            self.save(update_fields=["revoked_at"])

    @staticmethod
    def digest_of(secret: str) -> str:
        return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


CALLERS = Rows(Project, table="project", also=("key_id", "key_revoked_at", "key_digest", "row_versions"))
CALLER = f"""
    SELECT {CALLERS.columns}, key.id, key.revoked_at, key.digest, key.xmin || ' ' || project.xmin
    FROM planengine_apikey AS key JOIN planengine_project AS project ON project.id = key.project_id
    WHERE key.digest = %s
"""


def find_caller(secret: str) -> Project | None:
    """The project whose API key this is, with ``key_id``, ``key_revoked_at``, ``key_digest``, and with
    ``row_versions``, another text after every change of the key or the project. Every request begins with it."""
    return next(iter(CALLERS.fetch(CALLER, [ApiKey.digest_of(secret)])), None)
