"""The cache's entries."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from cache.models import Entry
from cache.plans.description import filled_places
from cache.plans.recipes import Recipe, RecipeInvalid
from cache.templates.templates import Template, TemplateInvalid
from orra.base.strictjson import Json
from planengine.api.serializers.plans import ExecutionPlanSerializer, ParamSerializer


class SlotSerializer(serializers.Serializer):  # type: ignore[type-arg]
    name = serializers.CharField()
    kind = serializers.CharField(help_text="param, or the kind of a literal found in the action")
    start = serializers.IntegerField(help_text="Position in the action, in characters.")
    end = serializers.IntegerField()


class FilledSerializer(serializers.Serializer):  # type: ignore[type-arg]
    task = serializers.CharField()
    input = serializers.CharField()
    by = serializers.ListField(child=serializers.CharField(), help_text="The param or literal that goes there.")


class EvictedSerializer(serializers.Serializer):  # type: ignore[type-arg]
    evicted = serializers.IntegerField(help_text="How many entries there were.")


class PlanningCostSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """Empty where nothing was planned for it."""

    milliseconds = serializers.FloatField(required=False)
    attempts = serializers.IntegerField(required=False)
    prompt_tokens = serializers.IntegerField(required=False, allow_null=True)
    completion_tokens = serializers.IntegerField(required=False, allow_null=True)
    cost = serializers.FloatField(required=False, allow_null=True, help_text="By the operator's prices.")


# These are shown as they are stored, and described.


@extend_schema_field(ParamSerializer(many=True))
class StoredParamsField(serializers.JSONField):
    pass


@extend_schema_field(ExecutionPlanSerializer(allow_null=True))
class StoredPlanField(serializers.JSONField):
    pass


@extend_schema_field({"type": "object", "additionalProperties": {"type": "integer"}})
class ServiceVersionsField(serializers.JSONField):
    pass


@extend_schema_field(PlanningCostSerializer)
class PlanningCostField(serializers.JSONField):
    pass


class EntrySerializer(serializers.ModelSerializer[Entry]):
    """A cache entry as the API shows it."""

    template = serializers.CharField(source="template_text", help_text="The action with its slots as {name}.")
    slots = serializers.SerializerMethodField(help_text="The places of the action that a request's values fill.")
    filled = serializers.SerializerMethodField(help_text="The places of the plan that a request's values fill.")
    reusable = serializers.BooleanField()
    hits = serializers.IntegerField(source="use.hits")
    last_used_at = serializers.DateTimeField(source="use.last_used_at")
    expires_at = serializers.DateTimeField(
        source="ends_at",
        allow_null=True,
        help_text="null for a pinned entry or a counter-example: neither expires.",
    )
    scope = serializers.DictField(source="scope_facts", child=serializers.CharField())
    params = StoredParamsField(help_text="The params it was planned for.")
    plan = StoredPlanField(help_text="The validated execution plan; a refusal has none.")
    services = ServiceVersionsField(help_text="The services it uses, by name, with their versions.")
    cost = PlanningCostField(help_text="What planning it cost.")

    class Meta:
        model = Entry
        fields = (
            "id",
            "kind",
            "template",
            "slots",
            "filled",
            "action",
            "params",
            "plan",
            "reusable",
            "contested",
            "services",
            "scope",
            "planned_by",
            "cost",
            "hits",
            "last_used_at",
            "pinned",
            "quarantined_at",
            "quarantine_reason",
            "created_at",
            "expires_at",
        )

    @extend_schema_field(SlotSerializer(many=True))
    def get_slots(self, entry: Entry) -> list[dict[str, Json]]:
        try:
            slots = Template.from_json(entry.template).slots
        except TemplateInvalid:
            return []
        return [{"name": slot.name, "kind": slot.kind, "start": slot.start, "end": slot.end} for slot in slots]

    @extend_schema_field(FilledSerializer(many=True))
    def get_filled(self, entry: Entry) -> list[dict[str, Json]]:
        try:
            found = filled_places(Recipe.from_json(entry.recipe), entry.plan)
        except RecipeInvalid:
            return []
        return [{"task": place.task, "input": place.place, "by": list(place.filled_by)} for place in found]
