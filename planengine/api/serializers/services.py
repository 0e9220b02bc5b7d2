"""Services, their schemas included."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from orra.base.strictjson import Json
from planengine.api.serializers.strictness import StrictSerializer
from planengine.catalogue.registry import MAX_DESCRIPTION_CHARACTERS
from planengine.catalogue.schemas import SchemaInvalid, check_schema
from planengine.models import Service


@extend_schema_field({"type": "object", "additionalProperties": {}})
class SchemaField(serializers.JSONField):
    """A JSON Schema (Draft 2020-12) of type object, with local references only."""

    def to_internal_value(self, data: Json) -> Json:
        schema = super().to_internal_value(data)
        try:
            check_schema(schema)
        except SchemaInvalid as error:
            where = f"At {error.path}: " if error.path else ""
            raise serializers.ValidationError(f"{where}{error}", code="invalid_schema") from None
        return schema


class ServiceSerializer(StrictSerializer, serializers.ModelSerializer[Service]):
    type = serializers.ChoiceField(choices=Service.Type.choices, default=Service.Type.SERVICE)
    description = serializers.CharField(
        max_length=MAX_DESCRIPTION_CHARACTERS, help_text="What it does: planners choose by this."
    )
    input_schema = SchemaField()
    output_schema = SchemaField()
    revertible = serializers.BooleanField(default=False)

    class Meta:
        model = Service
        fields = (
            "id",
            "name",
            "type",
            "description",
            "input_schema",
            "output_schema",
            "revertible",
            "version",
            "created_at",
            "updated_at",
        )
        read_only_fields = ("name", "version", "created_at", "updated_at")
