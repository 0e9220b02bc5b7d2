"""How the endpoints describe themselves in OpenAPI."""

from __future__ import annotations

from typing import Any, Literal

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers

from planengine.api.problems import CONTENT_TYPE
from planengine.api.scopes import scope_of
from planengine.api.serializers.services import MAX_SERVICES_AT_ONCE, NamedServiceSerializer

Direction = Literal["request", "response"]


class Problem(serializers.Serializer):  # type: ignore[type-arg]
    """RFC 9457: what went wrong, with a stable code."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="Stable; meant for programs.")
    detail = serializers.CharField(help_text="What is wrong and what to do.")
    pointer = serializers.CharField(required=False, help_text="JSON pointer of the faulty part of the request.")
    problems = serializers.ListField(child=serializers.DictField(), required=False)
    how_to_fix = serializers.ListField(child=serializers.CharField(), required=False)


class Schema(AutoSchema):
    """Every endpoint may also answer with a problem; its form is asked for by ``Accept`` alone."""

    def _get_format_parameters(self) -> list[dict[str, Any]]:
        return []

    def get_auth(self) -> list[dict[str, list[str]]]:
        """Beside the key, the scope that it must have: OpenAPI 3.1's roles of a security requirement."""
        wanted = scope_of(self.view, self.method)
        return [{name: [wanted.value] if wanted else [] for name in each} for each in super().get_auth()]

    def _get_response_bodies(self, direction: Direction = "response"):  # type: ignore[no-untyped-def]
        responses = super()._get_response_bodies(direction)
        component = self.resolve_serializer(Problem(), direction).ref
        responses["default"] = {
            "description": "What went wrong.",
            "content": {CONTENT_TYPE: {"schema": component}},
        }
        return responses


def refuse_unknown_members(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """A postprocessing hook: what is sent to the API has the members that are described and no others."""
    for name, component in result["components"]["schemas"].items():
        if name.endswith("Request") and component.get("type") == "object":
            component["additionalProperties"] = False
    return result


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "planengine.api.authentication.ApiKeyAuthentication"
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
