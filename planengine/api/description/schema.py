"""How the endpoints describe themselves in OpenAPI."""

from __future__ import annotations

from typing import Any, Literal

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import force_instance
from rest_framework import serializers

from planengine.api.reading.scopes import scope_of
from planengine.api.serializers.services import MAX_SERVICES_AT_ONCE, NamedServiceSerializer

Direction = Literal["request", "response"]


class Schema(AutoSchema):
    """An answer's form is asked for by ``Accept`` alone. What may be left out of a request, because it has a
    default, is in every answer."""

    def _map_basic_serializer(self, serializer, direction: Direction = "response"):  # type: ignore[no-untyped-def]
        described = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if direction == "response":
            fields = force_instance(serializer).fields  # type: ignore[no-untyped-call]
            described["required"] = sorted(name for name in described["properties"] if _is_told(fields[name]))
        return described

    def _get_format_parameters(self) -> list[dict[str, Any]]:
        return []

    def get_auth(self) -> list[dict[str, list[str]]]:
        """Beside the key, the scope that it must have: OpenAPI 3.1's roles of a security requirement."""
        wanted = scope_of(self.view, self.method)
        return [{name: [wanted.value] if wanted else [] for name in each} for each in super().get_auth()]


def _is_told(field: serializers.Field) -> bool:  # type: ignore[type-arg]
    """Whether every answer has it: not where it is declared as ``required=False``, without a default, in a
    serializer that does not tell all (``tells_all``). Of a model's columns the answer has each."""
    serializer = field.parent
    declared = field.field_name in getattr(serializer, "_declared_fields", {})
    may_miss = declared and not field.required and not field.read_only and field.default is serializers.empty
    return not may_miss or getattr(serializer, "tells_all", False)


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "planengine.api.reading.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key of a project: `sk-orra-v1-…`. "
            "What a key may be used for are its scopes; an operation that names one takes it.",
        }


class NamedServices(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    target_class = "planengine.api.serializers.services.NamedServicesField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        service = auto_schema.resolve_serializer(NamedServiceSerializer(), direction).ref
        return {"type": "array", "minItems": 1, "maxItems": MAX_SERVICES_AT_ONCE, "items": service}
