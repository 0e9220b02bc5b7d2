"""Projects with their settings."""

from __future__ import annotations

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from orra.base.strictjson import Json
from planengine.accounting.calibration import adjustment_of
from planengine.api.serializers.cache_stats import AcceptanceSerializer
from planengine.api.serializers.strictness import StrictSerializer
from planengine.models import Project

SETTINGS = (
    "cache_ttl_seconds",
    "cache_max_entries",
    "similarity_threshold",
    "catalogue_policy",
    "wrong_hit_tolerance",
    "recheck_share",
    "model_check",
    "tokens_per_day",
    "repair",
    "event_contents",
    "grounding_required",
)


class ProjectSerializer(StrictSerializer, serializers.ModelSerializer[Project]):
    """A project and its settings."""

    acceptance = serializers.SerializerMethodField(
        help_text="How the project's own requests moved the risk that the shipped prior predicts. It is learned, "
        "not set; `GET /v1/cache/stats` shows how well it fits (`calibration`)."
    )

    class Meta:
        model = Project
        fields: tuple[str, ...] = (
            "id",
            "name",
            *SETTINGS,
            "acceptance",
            "semantic_closed_at",
            "catalogue_revision",
            "groundings_revision",
            "created_at",
        )
        read_only_fields = ("semantic_closed_at", "catalogue_revision", "groundings_revision", "created_at")

    @extend_schema_field(AcceptanceSerializer)
    def get_acceptance(self, project: Project) -> dict[str, Json]:
        return adjustment_of(project).as_dict()

    def validate_model_check(self, wanted: str) -> str:
        if wanted == Project.ModelCheck.ON and not settings.CHECK_MODEL:
            raise serializers.ValidationError(
                "This installation has no model for it: its operator sets CHECK_MODEL.", code="no_check_model"
            )
        return wanted


class NewProjectSerializer(ProjectSerializer):
    """As it is made: with its first API key, which is shown this once."""

    api_key = serializers.CharField(read_only=True, help_text="Shown once, stored hashed.")

    class Meta(ProjectSerializer.Meta):
        fields = (*ProjectSerializer.Meta.fields, "api_key")
