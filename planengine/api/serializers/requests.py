"""What plans are asked for with."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from planengine.api.serializers.strictness import StrictSerializer
from planengine.models.checks import MAX_NOTE_CHARACTERS
from planengine.requests import (
    CACHE_MODES,
    MAX_ACTION_CHARACTERS,
    MAX_FIELD_CHARACTERS,
    MAX_PARAMS,
    MAX_WAIT_SECONDS,
)

WRONG_PLAN, RIGHT_PLAN = "wrong_plan", "right_plan"

PARAM = {
    "type": "object",
    "properties": {
        "field": {"type": "string", "minLength": 1, "maxLength": MAX_FIELD_CHARACTERS},
        "value": {},
    },
    "required": ["field", "value"],
    "additionalProperties": False,
}
PARAMS = {
    "oneOf": [
        {"type": "array", "maxItems": MAX_PARAMS, "items": PARAM},
        {"type": "object", "additionalProperties": {}},
        {"type": "null"},
    ],
    "description": "A list of {field, value}, or an object of values by field.",
}


@extend_schema_field(PARAMS)
class ParamsField(serializers.JSONField):
    """Documents the two forms of params."""


@extend_schema_serializer(component_name="Plan")  # of a request: PlanRequest
class PlanRequestSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """What is to be planned."""

    # Documents the request; :func:`planengine.requests.parse_plan_request` is what checks it.

    action = serializers.CharField(max_length=MAX_ACTION_CHARACTERS, help_text="What is to be done, in words.")
    params = ParamsField(required=False)
    cache = serializers.ChoiceField(choices=CACHE_MODES, default="use", required=False)
    wait_seconds = serializers.FloatField(min_value=0, max_value=MAX_WAIT_SECONDS, default=0, required=False)


@extend_schema_serializer(component_name="Replay")
class ReplayRequestSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """What a replay takes the values from."""

    action = serializers.CharField(required=False, help_text="Left out: the entry's own action.")
    params = ParamsField(required=False, help_text="Left out: the entry's own params.")


class ReportSerializer(StrictSerializer):
    """What somebody says of a plan."""

    verdict = serializers.ChoiceField(
        choices=[WRONG_PLAN, RIGHT_PLAN],
        default=WRONG_PLAN,
        help_text="The last verdict on a plan counts; repeating one changes nothing.",
    )
    note = serializers.CharField(
        max_length=MAX_NOTE_CHARACTERS,
        allow_blank=True,
        default="",
        trim_whitespace=False,
        help_text="What you want to say of it, for people.",
    )
