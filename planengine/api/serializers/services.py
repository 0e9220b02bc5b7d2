"""Services, their schemas included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from orra.base.strictjson import Json
from planengine.api.serializers.problems import ProblemSerializer
from planengine.api.serializers.requests import PARAMS
from planengine.api.serializers.strictness import StrictSerializer
from planengine.catalogue.annotations import HINTS, MAX_TITLE_CHARACTERS, TITLE, check_annotations
from planengine.catalogue.capabilities import MAX_CAPABILITIES, MAX_CAPABILITY_CHARACTERS, check_capabilities
from planengine.catalogue.errors import RegistrationInvalid
from planengine.catalogue.examples import MAX_EXAMPLES, MAX_TEXT_CHARACTERS, check_examples
from planengine.catalogue.registry import MAX_DESCRIPTION_CHARACTERS, NAME_PATTERN
from planengine.catalogue.schemas import check_input_schema, check_schema, compile_input_schema
from planengine.models import Service

OUTCOMES = ("created", "changed", "unchanged", "refused")
ANNOTATIONS = {
    "type": "object",
    "properties": {
        **{name: {"type": "boolean", "description": says} for name, says in HINTS.items()},
        TITLE: {"type": "string", "maxLength": MAX_TITLE_CHARACTERS, "description": "A name for people."},
    },
    "additionalProperties": False,
}
EXAMPLE = {
    "oneOf": [
        {
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_TEXT_CHARACTERS,
            "description": "Its `{field}` places name inputs of the service.",
        },
        {
            "type": "object",
            "properties": {
                "action": {"type": "string", "minLength": 1, "maxLength": MAX_TEXT_CHARACTERS},
                "params": PARAMS,
            },
            "required": ["action"],
            "additionalProperties": False,
            "description": "As a request has them; the params are inputs of the service.",
        },
    ]
}
MAX_SERVICES_AT_ONCE = 500
ATOMIC, EACH = "atomic", "each"
CAPABILITIES = {
    "type": "array",
    "maxItems": MAX_CAPABILITIES,
    "items": {"type": "string", "minLength": 1, "maxLength": MAX_CAPABILITY_CHARACTERS},
    "example": ["verify refund eligibility"],
}


class CheckedField(serializers.JSONField):
    """JSON that ``check`` raises :class:`RegistrationInvalid` for."""

    check: Callable[[Json], None]

    def to_internal_value(self, data: Json) -> Json:
        value = super().to_internal_value(data)
        try:
            self.check(value)
        except RegistrationInvalid as error:
            raise _refusal(error) from None
        return value


@extend_schema_field(
    {
        "type": "object",
        "properties": {"type": {"const": "object"}},
        "required": ["type"],
        "additionalProperties": {},
    }
)
class SchemaField(CheckedField):
    """A JSON Schema (Draft 2020-12, or as OpenAPI 3.0 writes it) of type object, with local references only."""

    check = staticmethod(check_schema)


class InputSchemaField(SchemaField):
    """The same, and without inputs that no request could give."""

    check = staticmethod(check_input_schema)


@extend_schema_field(ANNOTATIONS)
class AnnotationsField(CheckedField):
    """What a service says of its effects."""

    check = staticmethod(check_annotations)


@extend_schema_field(CAPABILITIES)
class CapabilitiesField(CheckedField):
    """What a service can do."""

    check = staticmethod(check_capabilities)


@extend_schema_field({"type": "array", "maxItems": MAX_EXAMPLES, "items": EXAMPLE})
class ExamplesField(serializers.JSONField):
    """Documents the examples; :class:`ServiceSerializer` checks them against the inputs."""


class ServiceSerializer(StrictSerializer, serializers.ModelSerializer[Service]):
    """A service: what it takes, what it gives, and what it does to the world."""

    type = serializers.ChoiceField(choices=Service.Type.choices, default=Service.Type.SERVICE.value)
    description = serializers.CharField(
        max_length=MAX_DESCRIPTION_CHARACTERS, help_text="What it does: planners choose by this."
    )
    input_schema = InputSchemaField()
    output_schema = SchemaField()
    revertible = serializers.BooleanField(default=False)
    annotations = AnnotationsField(
        default=dict,
        help_text="What it says of its effects, as MCP's tool annotations do. Not given: it has side effects and "
        "may be destructive. A change raises no version.",
    )
    examples = ExamplesField(
        default=list,  # type: ignore[arg-type]  # the stubs take JSON for an object
        help_text="Requests that it was made for: texts with `{field}` places (`Cancel order {order_id}`) or "
        "`{action, params}`. A change raises no version.",
    )
    capabilities = CapabilitiesField(
        default=list,  # type: ignore[arg-type]
        help_text="What it can do, in the words of groundings: a capability that a grounding requires is covered "
        "by the services that name it, and only if there is none by those whose description is similar. A change "
        "raises no version.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        try:
            check_examples(attrs["examples"], compile_input_schema(attrs["input_schema"]))
        except RegistrationInvalid as error:
            raise serializers.ValidationError({"examples": _refusal(error).detail}) from None
        return attrs

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
            "annotations",
            "examples",
            "capabilities",
            "version",
            "created_at",
            "updated_at",
        )
        read_only_fields: tuple[str, ...] = ("name", "version", "created_at", "updated_at")


def _refusal(error: RegistrationInvalid) -> serializers.ValidationError:
    where = f"At {error.path}: " if error.path else ""
    return serializers.ValidationError(f"{where}{error.message}", code=error.code)


class EvictionsSerializer(serializers.Serializer[Any]):
    entries = serializers.IntegerField(help_text="Cached plans and refusals that would be evicted.")
    pinned = serializers.IntegerField(help_text="Of these, pinned ones.")
    voting = serializers.IntegerField(help_text="Of these, examples that vote.")


class ServiceDryRunSerializer(serializers.Serializer[Any]):
    """What a change of a service would do."""

    changed = serializers.ListField(
        child=serializers.CharField(), help_text="The members that would differ; of a new service all."
    )
    version = serializers.IntegerField(allow_null=True, help_text="Of today; null: there is none of this name.")
    next_version = serializers.IntegerField(allow_null=True, help_text="Then; the same where only hints change.")
    evicts = EvictionsSerializer()


class NamedServiceSerializer(ServiceSerializer):
    """A service with its name, as one of many."""

    name = serializers.RegexField(NAME_PATTERN, help_text="What it is registered under.")

    class Meta(ServiceSerializer.Meta):
        read_only_fields = ("version", "created_at", "updated_at")


class NamedServicesField(serializers.ListField):
    """A list of JSON values; :mod:`planengine.api.description.schema` says what they have to be."""

    child = serializers.JSONField(allow_null=True)


class ManyServicesSerializer(StrictSerializer):
    """Services to register or change, each as it would be alone."""

    services = NamedServicesField(
        min_length=1,
        max_length=MAX_SERVICES_AT_ONCE,
        help_text=f"At most {MAX_SERVICES_AT_ONCE}. Services that are not named stay as they are.",
    )
    mode = serializers.ChoiceField(
        choices=[ATOMIC, EACH],
        default=ATOMIC,
        help_text="`atomic`: all are stored, or none where one is refused. `each`: the others are.",
    )
    dry_run = serializers.BooleanField(default=False, help_text="Store nothing, and tell what would happen.")


class ServiceOutcomeSerializer(ServiceDryRunSerializer):
    name = serializers.CharField(help_text="As it was given.")
    outcome = serializers.ChoiceField(choices=OUTCOMES)
    next_version = serializers.IntegerField(
        allow_null=True, help_text="With the change; the same where only hints change. null for what is refused."
    )
    problem = ProblemSerializer(
        allow_null=True, help_text="Why it is refused: as `PUT /v1/services/{name}` would say it. Else null."
    )


class ServicesOutcomeSerializer(serializers.Serializer[Any]):
    """What became of many services, in their order; with `stored: false` what would become of them."""

    stored = serializers.BooleanField(help_text="Whether anything may have been changed.")
    services = ServiceOutcomeSerializer(many=True)
    evicts = EvictionsSerializer(help_text="By all changes together: one entry may use several services.")
