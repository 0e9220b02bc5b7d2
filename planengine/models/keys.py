"""API keys, by which a project's callers are known: what each may do, until when, and when it was used last."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from orra.base import ids
from orra.base.database.rows import Rows
from planengine.exceptions import BadRequest
from planengine.models.tenants import Project

KEY_PREFIX = "sk-orra-v1-"


class Scope(models.TextChoices):
    """What a key is for. Each operation of the API takes one of these, or any (`docs/keys.md`)."""

    PLAN = "plan", "ask for plans, read and report them"
    CACHE_READ = "cache:read", "see what the cache holds, does and saves"
    CACHE_WRITE = "cache:write", "evict and replay entries"
    ADMIN = "admin", "change settings, keys, services and groundings"


def every_scope() -> list[str]:
    return list(Scope.values)


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def active(self) -> ApiKeyQuerySet:
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=Now()), revoked_at=None)


class ApiKey(models.Model):
    """A project's key. The secret is shown once, when the key is made; only its digest is stored. A plain SHA-256
    is enough because the secret is 256 random bits, not something a person chose."""

    id = models.CharField(primary_key=True, max_length=ids.LENGTH, default=ids.key_id, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100, blank=True)
    prefix = models.CharField(max_length=20, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = ArrayField(
        models.CharField(max_length=20, choices=Scope.choices),
        default=every_scope,
        db_default=[*Scope.values],
        help_text="What it may be used for; everything unless said otherwise.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(
        null=True, blank=True, help_text="From when on it opens nothing. Empty: it stays good."
    )
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.prefix}…"

    @classmethod
    def issue(
        cls,
        project: Project,
        *,
        name: str = "",
        scopes: list[str] | None = None,
        expires_at: datetime | None = None,
    ) -> tuple[ApiKey, str]:
        """A new key and its secret, which is not to be had again. ``scopes``: all when none are told. Raises
        :class:`BadRequest` for a moment that is over."""
        if expires_at is not None and expires_at <= timezone.now():
            raise BadRequest(
                "`expires_at` must be in the future.", code="expires_in_the_past", pointer="/expires_at"
            )
        secret = KEY_PREFIX + secrets.token_hex(32)
        key = cls.objects.create(
            project=project,
            name=name,
            prefix=secret[: len(KEY_PREFIX) + 6],
            digest=cls.digest_of(secret),
            scopes=every_scope() if scopes is None else [each for each in Scope.values if each in scopes],
            expires_at=expires_at,
        )
        return key, secret

    @property
    def is_active(self) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > timezone.now())

    def revoke(self) -> None:
        """Nobody gets in with it any more; it stays in the list. Raises :class:`BadRequest` for the last active
        key of its project that makes others, without which everybody would be locked out."""
        with transaction.atomic():
            # Two revocations at once would each see the other's key as the one that is left.
            Project.objects.select_for_update(no_key=True).get(pk=self.project_id)
            active = ApiKey.objects.active().filter(project=self.project_id)
            if not ApiKey.objects.filter(pk=self.pk, revoked_at=None).exists():
                return
            makes_others = active.filter(scopes__contains=[Scope.ADMIN])
            if makes_others.filter(pk=self.pk).exists() and not makes_others.exclude(pk=self.pk).exists():
                message = "This is the project's last active key with the scope `admin`. Make another one first."
                raise BadRequest(message, code="last_api_key", status=409)
            self.revoked_at = timezone.now()
            self.save(update_fields=["revoked_at"])

    def rotate(self, *, overlap: timedelta, expires_at: datetime | None = None) -> tuple[ApiKey, str]:
        """A new key with the same name and scopes, and its secret; this one is good for the ``overlap`` only, or
        for less if it was to expire before. Without ``expires_at`` the new one lives as long as this one was to.
        Raises :class:`BadRequest` for a key that is not active."""
        with transaction.atomic():
            old = ApiKey.objects.select_for_update().get(pk=self.pk)
            if not old.is_active:
                message = "This key is revoked or expired, so there is nothing to go on with. Make a new one."
                raise BadRequest(message, code="api_key_not_active", status=409)
            now = timezone.now()
            if expires_at is None and old.expires_at is not None:
                expires_at = now + (old.expires_at - old.created_at)
            new, secret = ApiKey.issue(old.project, name=old.name, scopes=old.scopes, expires_at=expires_at)
            self.expires_at = min(now + overlap, old.expires_at or now + overlap)
            self.save(update_fields=["expires_at"])
        return new, secret

    @staticmethod
    def digest_of(secret: str) -> str:
        return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


class KeyUse(models.Model):
    """When a key was used last, to some minutes. A table of its own: whoever remembers a key compares its row's
    version, which an update would change."""

    key = models.OneToOneField(ApiKey, models.CASCADE, primary_key=True, related_name="use")
    used_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.key_id} at {self.used_at}"


def open_project(**facts: object) -> tuple[Project, str]:
    """A new project and the secret of its first API key, which may do everything: both, or neither."""
    with transaction.atomic():
        project = Project.objects.create(**facts)
        _, secret = ApiKey.issue(project, name="first key")
    return project, secret


CALLERS = Rows(
    Project,
    table="project",
    also=("key_id", "key_revoked_at", "key_expired", "key_scopes", "key_digest", "row_versions"),
)
CALLER = f"""
    SELECT {CALLERS.columns}, key.id, key.revoked_at, coalesce(key.expires_at <= statement_timestamp(), false),
        key.scopes, key.digest, key.xmin || ' ' || project.xmin
    FROM planengine_apikey AS key JOIN planengine_project AS project ON project.id = key.project_id
    WHERE key.digest = %s
"""


def find_caller(secret: str) -> Project | None:
    """The project whose API key this is, with ``key_id``, ``key_revoked_at``, ``key_expired``, ``key_scopes`` and
    ``key_digest``, and with ``row_versions``, another text after every change of the key or the project. Every
    request begins with it."""
    return next(iter(CALLERS.fetch(CALLER, [ApiKey.digest_of(secret)])), None)
