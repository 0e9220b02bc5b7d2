"""API keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from planengine.api.serializers.strictness import StrictSerializer
from planengine.models import ApiKey, Scope
from planengine.models.keys import every_scope

DAY, MONTH = 24 * 3600, 30 * 24 * 3600
_NO_TIME: dict[str, Any] = {"invalid": "Must be a time such as 2027-01-31T12:00:00Z."}


class ApiKeySerializer(StrictSerializer, serializers.ModelSerializer[ApiKey]):
    """An API key without its secret."""

    scopes = serializers.ListField(
        child=serializers.ChoiceField(Scope.choices),
        default=every_scope,
        min_length=1,
        max_length=20,
        help_text="What it may be used for; everything unless it is told.",
    )
    last_used_at = serializers.SerializerMethodField(help_text="To some minutes; null: not yet.")

    class Meta:
        model = ApiKey
        fields: tuple[str, ...] = (
            "id",
            "name",
            "prefix",
            "scopes",
            "created_at",
            "expires_at",
            "revoked_at",
            "last_used_at",
        )
        read_only_fields = ("prefix", "created_at", "revoked_at")
        extra_kwargs: ClassVar = {"expires_at": {"error_messages": _NO_TIME}}

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_last_used_at(self, key: ApiKey) -> datetime | None:
        use = getattr(key, "use", None)
        return use.used_at if use is not None else None


class NewApiKeySerializer(ApiKeySerializer):
    """A key with its secret, which is shown this once."""

    api_key = serializers.CharField(read_only=True, help_text="Shown once, stored hashed.")

    class Meta(ApiKeySerializer.Meta):
        fields = (*ApiKeySerializer.Meta.fields, "api_key")


class RotationSerializer(StrictSerializer):
    """How a key is replaced."""

    overlap_seconds = serializers.IntegerField(
        default=DAY,
        min_value=0,
        max_value=MONTH,
        help_text="How long the old key stays good. 0: no longer than this request.",
    )
    expires_at = serializers.DateTimeField(
        required=False,
        allow_null=True,
        error_messages=_NO_TIME,
        help_text="Of the new key. Left out: it lives as long as the old one was to, from now on.",
    )
