"""Groundings. The request is described here; :func:`planengine.grounding.reading.read_grounding` checks it."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiExample, extend_schema_field
from rest_framework import serializers

from orra.base.strictjson import Json
from planengine.api.serializers.requests import PARAMS
from planengine.catalogue.capabilities import MAX_CAPABILITIES, MAX_CAPABILITY_CHARACTERS
from planengine.grounding.constraints import MAX_CONSTRAINTS, MAX_MOST, SHORT
from planengine.grounding.faults import MAX_TEXT_CHARACTERS
from planengine.grounding.reading import MAX_DOMAIN_CHARACTERS, NAME_PATTERN, VERSION_PATTERN
from planengine.grounding.specs import RuleKind
from planengine.grounding.use_cases import MAX_USE_CASES, MAX_WORDINGS
from planengine.models import Grounding

TEXT = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT_CHARACTERS}
NAMES = {
    "type": "array",
    "maxItems": MAX_CAPABILITIES,
    "items": {"type": "string", "minLength": 1, "maxLength": MAX_CAPABILITY_CHARACTERS},
}


def _rule(kind: RuleKind, **members: Json) -> Json:
    return {
        "type": "object",
        "properties": {"rule": {"const": kind.value}, **members},
        "required": ["rule", *members],
        "additionalProperties": False,
        "description": f"In short: `{SHORT[kind]}`.",
    }


CONSTRAINT = {
    "oneOf": [
        {**TEXT, "description": "A sentence that guides the model, or a rule in short."},
        _rule(RuleKind.REQUIRES, first=TEXT, before=TEXT),
        _rule(RuleKind.NEVER, this=TEXT, **{"with": TEXT}),
        _rule(RuleKind.AT_MOST, most={"type": "integer", "minimum": 0, "maximum": MAX_MOST}, of=TEXT),
        _rule(RuleKind.ONLY_IF, this=TEXT, param=TEXT),
        {
            "type": "object",
            "properties": {kind.value: {**TEXT, "description": f"`{SHORT[kind]}`"} for kind in RuleKind},
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": False,
            "description": "A rule in short, as YAML reads it.",
        },
    ]
}


@extend_schema_field(PARAMS)
class ExampleParamsField(serializers.JSONField):
    pass


@extend_schema_field({"oneOf": [{"type": ["boolean", "null"]}, NAMES]})
class OrderField(serializers.JSONField):
    pass


@extend_schema_field({"type": "array", "maxItems": MAX_CONSTRAINTS, "items": CONSTRAINT})
class ConstraintsField(serializers.JSONField):
    pass


@extend_schema_field(NAMES)
class CapabilitiesField(serializers.JSONField):
    pass


@extend_schema_field({"type": "array", "maxItems": MAX_WORDINGS, "items": TEXT})
class WordingsField(serializers.JSONField):
    pass


class UseCaseSerializer(serializers.Serializer):  # type: ignore[type-arg]
    tells_all = True
    action = serializers.CharField(
        max_length=MAX_TEXT_CHARACTERS, help_text="How people ask, with `{variables}` that name params."
    )
    also = WordingsField(required=False, help_text="How else they ask.")
    params = ExampleParamsField(required=False, help_text="Example values. A plan takes each of these fields.")
    capabilities = CapabilitiesField(required=False, help_text="What a plan for it does.")
    order = OrderField(
        required=False,
        help_text="true: in the order of the capabilities; a list of some of them: these, in its order.",
    )
    forbidden = CapabilitiesField(required=False, help_text="What a plan for it does not do.")
    intent = serializers.CharField(
        required=False,
        max_length=MAX_TEXT_CHARACTERS,
        allow_blank=True,
        help_text="What it is for, in a sentence.",
    )


class GroundingSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """A version of a grounding. In YAML it is the document alone, without `id`, `current` and `created_at`."""

    tells_all = True
    id = serializers.CharField(read_only=True)
    name = serializers.RegexField(
        NAME_PATTERN, required=False, help_text="As in the path; it may be left out when sent."
    )
    domain = serializers.CharField(max_length=MAX_DOMAIN_CHARACTERS, help_text="What it is about.")
    version = serializers.RegexField(VERSION_PATTERN, help_text="What a version says does not change any more.")
    mode = serializers.ChoiceField(
        choices=Grounding.Mode.choices,
        default=Grounding.Mode.ADVISORY,
        help_text="`strict`: a plan that does not keep to it fails. `advisory`: it guides, and is reported.",
    )
    use_cases = serializers.ListField(child=UseCaseSerializer(), max_length=MAX_USE_CASES, min_length=1)
    constraints = ConstraintsField(
        required=False, help_text="Sentences, which guide the model, and rules, which are checked."
    )
    current = serializers.BooleanField(read_only=True, help_text="Whether this is the version that holds.")
    created_at = serializers.DateTimeField(read_only=True)


class GroundingSummarySerializer(serializers.Serializer):  # type: ignore[type-arg]
    """A version of a grounding in a list, without what it says."""

    id = serializers.CharField()
    name = serializers.CharField()
    domain = serializers.CharField()
    version = serializers.CharField()
    mode = serializers.ChoiceField(choices=Grounding.Mode.choices)
    use_case_count = serializers.IntegerField()
    constraint_count = serializers.IntegerField()
    current = serializers.BooleanField(help_text="Whether this is the version that holds.")
    created_at = serializers.DateTimeField()


def grounding_as_json(row: Grounding) -> dict[str, Json]:
    said = {"name": row.name, "domain": row.domain, "version": row.version, "mode": row.mode}
    content = {"use_cases": row.content["use_cases"], "constraints": row.content["constraints"]}
    return {"id": row.id, **said, **content, "current": row.current, "created_at": row.created_at.isoformat()}


_RETURNS: Json = {
    "domain": "returns desk",
    "version": "1.0",
    "mode": "strict",
    "use_cases": [
        {
            "action": "Refund order {order_id}",
            "also": ["Give the customer the money back for {order_id}"],
            "params": {"order_id": "ORD-17"},
            "capabilities": ["verify refund eligibility", "refund an order"],
            "order": True,
            "intent": "A customer sent something back and wants the money.",
        }
    ],
    "constraints": [
        "Be generous to customers of many years.",
        {"rule": "at_most", "most": 1, "of": "refund an order"},
    ],
}
EXAMPLE = OpenApiExample("A returns desk", _RETURNS, request_only=True)
