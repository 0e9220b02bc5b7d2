"""The shapes of the REST API, in and out."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.fields import empty
from rest_framework.settings import api_settings

from cache.description import filled_places
from cache.models import Entry
from cache.recipes import Recipe, RecipeInvalid
from cache.templates import Template, TemplateInvalid
from orra.strictjson import Json, type_of
from planengine.models import ApiKey, Plan, Project, Service
from planengine.registry import MAX_DESCRIPTION_CHARACTERS
from planengine.requests import (
    CACHE_MODES,
    MAX_ACTION_CHARACTERS,
    MAX_FIELD_CHARACTERS,
    MAX_PARAMS,
    MAX_WAIT_SECONDS,
)
from planengine.schemas import SchemaInvalid, check_schema
from planengine.states import PlanSource, PlanStatus

# What a member's JSON type must be. The fields themselves would take "yes" for true and true for 1.
JSON_TYPES: tuple[tuple[type[serializers.Field], tuple[str, ...], str], ...] = (  # type: ignore[type-arg]
    (serializers.BooleanField, ("boolean",), "true or false"),
    (serializers.IntegerField, ("integer",), "a whole number"),
    (serializers.FloatField, ("integer", "number"), "a number"),
    (serializers.CharField, ("string",), "text"),
)


class StrictSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """Refuses members that it does not know, instead of losing them silently, and values of another JSON type,
    instead of guessing what they mean."""

    def run_validation(self, data: Json = empty) -> Any:
        if not isinstance(data, dict):
            fault = {api_settings.NON_FIELD_ERRORS_KEY: ["Send a JSON object."]}
            raise serializers.ValidationError(fault, code="body_not_an_object")
        return super().run_validation(data)

    def to_internal_value(self, data: Json) -> Any:
        writable = {name: field for name, field in self.fields.items() if not field.read_only}
        unknown = [name for name in data if name not in writable]
        if unknown:
            known = f"Unknown. Known are: {', '.join(sorted(writable))}."
            raise serializers.ValidationError(dict.fromkeys(unknown, [known]), code="unknown_member")
        faults = {name: fault for name, value in data.items() if (fault := _fault(writable[name], value))}
        if faults:
            raise serializers.ValidationError(faults)
        return super().to_internal_value(data)


def _fault(field: serializers.Field, value: Json) -> ErrorDetail | None:  # type: ignore[type-arg]
    """What is wrong with a value before its field looks at it. ``None``, the value, is the field's own affair."""
    if value is None:
        return None
    if isinstance(field, serializers.ChoiceField):
        if isinstance(value, str) and value in field.choices:
            return None
        return ErrorDetail(f"Must be one of {', '.join(map(str, field.choices))}.", "invalid_choice")
    for kind, types, wanted in JSON_TYPES:
        if isinstance(field, kind):
            fits = type_of(value) in types
            return None if fits else ErrorDetail(f"Must be {wanted}, not {type_of(value)}.", "wrong_type")
    return None


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
)


class ProjectSerializer(StrictSerializer, serializers.ModelSerializer[Project]):
    """A project and its settings."""

    class Meta:
        model = Project
        fields: tuple[str, ...] = (
            "id",
            "name",
            *SETTINGS,
            "semantic_closed_at",
            "catalogue_revision",
            "created_at",
        )
        read_only_fields = ("semantic_closed_at", "catalogue_revision", "created_at")

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


class ApiKeySerializer(StrictSerializer, serializers.ModelSerializer[ApiKey]):
    class Meta:
        model = ApiKey
        fields: tuple[str, ...] = ("id", "name", "prefix", "created_at", "revoked_at")
        read_only_fields = ("prefix", "created_at", "revoked_at")


class NewApiKeySerializer(ApiKeySerializer):
    api_key = serializers.CharField(read_only=True, help_text="Shown once, stored hashed.")

    class Meta(ApiKeySerializer.Meta):
        fields = (*ApiKeySerializer.Meta.fields, "api_key")


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


class ParamSerializer(serializers.Serializer):  # type: ignore[type-arg]
    field = serializers.CharField()
    value = serializers.JSONField()


PARAM = {
    "type": "object",
    "properties": {
        "field": {"type": "string", "minLength": 1, "maxLength": MAX_FIELD_CHARACTERS},
        "value": {},
    },
    "required": ["field", "value"],
    "additionalProperties": False,
}


@extend_schema_field(
    {
        "oneOf": [
            {"type": "array", "maxItems": MAX_PARAMS, "items": PARAM},
            {"type": "object", "additionalProperties": {}},
            {"type": "null"},
        ],
        "description": "A list of {field, value}, or an object of values by field.",
    }
)
class ParamsField(serializers.JSONField):
    """Documents the two forms of params."""


class PlanRequestSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """Documents the request; :func:`planengine.requests.parse_plan_request` is what checks it."""

    action = serializers.CharField(max_length=MAX_ACTION_CHARACTERS, help_text="What is to be done, in words.")
    params = ParamsField(required=False)
    cache = serializers.ChoiceField(choices=CACHE_MODES, default="use", required=False)
    wait_seconds = serializers.FloatField(min_value=0, max_value=MAX_WAIT_SECONDS, default=0, required=False)


class ReplayRequestSerializer(serializers.Serializer):  # type: ignore[type-arg]
    action = serializers.CharField(required=False, help_text="Left out: the entry's own action.")
    params = ParamsField(required=False, help_text="Left out: the entry's own params.")


class ReportSerializer(StrictSerializer):
    verdict = serializers.ChoiceField(choices=["wrong_plan"])


class TaskSerializer(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.CharField()
    service = serializers.CharField(required=False, help_text="Absent for task0.")
    input = serializers.DictField()


class ExecutionPlanSerializer(serializers.Serializer):  # type: ignore[type-arg]
    tasks = TaskSerializer(many=True)
    parallel_groups = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))


class UsageSerializer(serializers.Serializer):  # type: ignore[type-arg]
    prompt_tokens = serializers.IntegerField(allow_null=True)
    completion_tokens = serializers.IntegerField(allow_null=True)


class AttemptSerializer(serializers.Serializer):  # type: ignore[type-arg]
    number = serializers.IntegerField()
    planner = serializers.CharField()
    model = serializers.CharField()
    problems = serializers.ListField(child=serializers.DictField())
    warnings = serializers.ListField(child=serializers.DictField(), help_text="For the operator.")
    error_code = serializers.CharField()
    services_shown = serializers.IntegerField(allow_null=True, help_text="How many services the prompt held.")
    usage = UsageSerializer()
    cost = serializers.FloatField(allow_null=True, help_text="By the operator's prices; null when unknown.")
    seconds = serializers.FloatField(allow_null=True, help_text="null while it lasts, or for good if it was lost")


class CacheDecisionSerializer(serializers.Serializer):  # type: ignore[type-arg]
    decision = serializers.CharField(help_text="exact, semantic, miss, bypass, refresh or replay")
    entry_id = serializers.CharField(allow_null=True)
    similarity = serializers.FloatField(allow_null=True)
    reason = serializers.CharField()
    guards = serializers.ListField(child=serializers.DictField())


class CandidateSerializer(serializers.Serializer):  # type: ignore[type-arg]
    entry_id = serializers.CharField()
    template = serializers.CharField()
    similarity = serializers.FloatField()
    guard = serializers.CharField(allow_null=True, help_text="What objected; null for the one that would serve.")
    reason = serializers.CharField(allow_null=True)
    model_check = serializers.ChoiceField(
        choices=["yes", "no", "unclear", "open"],
        required=False,
        help_text="Where only wording is against it: what a model said when asked whether it means the same. "
        "After a yes it serves in spite of the guard; open is not asked yet.",
    )


class ExplanationSerializer(serializers.Serializer):  # type: ignore[type-arg]
    decision = serializers.CharField(help_text="exact, semantic or miss")
    reason = serializers.CharField()
    entry_id = serializers.CharField(allow_null=True)
    similarity = serializers.FloatField(allow_null=True)
    template = serializers.CharField(help_text="The request's own template.")
    floor = serializers.FloatField(help_text="Lowest similarity for a hit by meaning.")
    floor_from = serializers.CharField(help_text="project, closed, calibrated or built_in")
    plan = ExecutionPlanSerializer(allow_null=True, help_text="What would be served.")
    candidates = CandidateSerializer(many=True, help_text="The entries looked at, best first.")
    timings_ms = serializers.DictField(child=serializers.FloatField())


class HitsSerializer(serializers.Serializer):  # type: ignore[type-arg]
    exact = serializers.IntegerField()
    semantic = serializers.IntegerField()
    total = serializers.IntegerField()


class ObservedSerializer(serializers.Serializer):  # type: ignore[type-arg]
    checked = serializers.IntegerField()
    wrong = serializers.IntegerField()
    rate = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(help_text="Lower end of the 95 % interval.")
    high = serializers.FloatField()


class ModelCheckSerializer(serializers.Serializer):  # type: ignore[type-arg]
    setting = serializers.ChoiceField(choices=Project.ModelCheck.choices)
    verdicts = serializers.DictField(
        child=serializers.IntegerField(), help_text="By answer, those that still count."
    )


class SimilarityFloorSerializer(serializers.Serializer):  # type: ignore[type-arg]
    value = serializers.FloatField(help_text="Lowest similarity for a hit by meaning.")
    origin = serializers.CharField(help_text="project, closed, calibrated or built_in")

    def get_fields(self) -> dict[str, serializers.Field]:  # type: ignore[type-arg]
        fields = super().get_fields()
        return {"value": fields["value"], "from": fields["origin"]}  # a keyword in Python


class CacheStatsSerializer(serializers.Serializer):  # type: ignore[type-arg]
    since = serializers.DateTimeField(allow_null=True, help_text="The full hour that counting begins with.")
    requests = serializers.IntegerField(help_text="Finished plans that the cache was asked about.")
    hits = HitsSerializer()
    hit_rate = serializers.FloatField(allow_null=True)
    misses = serializers.IntegerField()
    misses_by_reason = serializers.DictField(child=serializers.IntegerField())
    would_be_hits = serializers.IntegerField(help_text="Misses whose best candidate a guard refused.")
    guards = serializers.DictField(child=serializers.IntegerField(), help_text="What refused best candidates.")
    calls_saved = serializers.IntegerField()
    tokens_saved = serializers.IntegerField(help_text="What planning the serving entries had cost, where known.")
    entries = serializers.IntegerField(help_text="In the cache now, those in quarantine not counted.")
    quarantined_entries = serializers.IntegerField()
    observed_wrong_hit_rate = ObservedSerializer()
    reported_wrong_hits = serializers.IntegerField()
    hits_by_meaning = serializers.ChoiceField(choices=["open", "closed"])
    model_check = ModelCheckSerializer()
    similarity_floor = SimilarityFloorSerializer()


class PlanErrorSerializer(serializers.Serializer):  # type: ignore[type-arg]
    code = serializers.CharField()
    message = serializers.CharField()
    problems = serializers.ListField(child=serializers.DictField())
    how_to_fix = serializers.ListField(child=serializers.CharField())
    retryable = serializers.BooleanField()


class PlanSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """Documents a Plan; :func:`plan_as_json` is what writes it, several times as fast."""

    id = serializers.CharField()
    status = serializers.ChoiceField(choices=PlanStatus.choices)
    action = serializers.CharField()
    params = ParamSerializer(many=True)
    plan = ExecutionPlanSerializer(allow_null=True)
    source = serializers.ChoiceField(choices=PlanSource.choices, allow_null=True)  # type: ignore[assignment]
    repaired = serializers.BooleanField(help_text="The model chose the services, the engine wired them.")
    cache = CacheDecisionSerializer()
    grounding = serializers.JSONField()
    attempts = AttemptSerializer(many=True)
    usage = UsageSerializer()
    timings_ms = serializers.DictField(child=serializers.FloatField())
    error = PlanErrorSerializer(allow_null=True)
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


def plan_as_json(plan: Plan, *, attempts: bool = True) -> dict[str, Json]:
    """``attempts`` costs a query for a plan that was planned; one from the cache has none."""
    planned = attempts and plan.source not in (PlanSource.EXACT, PlanSource.SEMANTIC, PlanSource.REPLAY)
    return {
        "id": plan.id,
        "status": str(plan.status),
        "action": plan.action,
        "params": plan.params,
        "plan": plan.plan,
        "source": plan.source and str(plan.source),
        "repaired": plan.repaired,
        "cache": plan.cache,
        "grounding": plan.grounding,
        "attempts": [_attempt_as_json(attempt) for attempt in plan.attempts.all()] if planned else [],
        "usage": {"prompt_tokens": plan.prompt_tokens, "completion_tokens": plan.completion_tokens},
        "timings_ms": plan.timings_ms,
        "error": plan.error,
        "created_at": plan.created_at.isoformat(),
        "finished_at": plan.finished_at and plan.finished_at.isoformat(),
    }


def _attempt_as_json(attempt: Any) -> dict[str, Json]:
    return {
        "number": attempt.number,
        "planner": attempt.planner,
        "model": attempt.model,
        "problems": attempt.problems,
        "warnings": attempt.warnings,
        "error_code": attempt.error_code,
        "services_shown": attempt.services_shown,
        "usage": {"prompt_tokens": attempt.prompt_tokens, "completion_tokens": attempt.completion_tokens},
        "cost": None if attempt.cost is None else float(attempt.cost),
        "seconds": attempt.seconds,
    }


class SlotSerializer(serializers.Serializer):  # type: ignore[type-arg]
    name = serializers.CharField()
    kind = serializers.CharField(help_text="param, or the kind of a literal found in the action")
    start = serializers.IntegerField(help_text="Position in the action, in characters.")
    end = serializers.IntegerField()


class FilledSerializer(serializers.Serializer):  # type: ignore[type-arg]
    task = serializers.CharField()
    input = serializers.CharField()
    by = serializers.ListField(child=serializers.CharField(), help_text="The param or literal that goes there.")


class EntrySerializer(serializers.ModelSerializer[Entry]):
    """A cache entry as the API shows it."""

    template = serializers.CharField(source="template_text", help_text="The action with its slots as {name}.")
    slots = serializers.SerializerMethodField(help_text="The places of the action that a request's values fill.")
    filled = serializers.SerializerMethodField(help_text="The places of the plan that a request's values fill.")
    reusable = serializers.BooleanField()
    hits = serializers.IntegerField(source="use.hits")
    last_used_at = serializers.DateTimeField(source="use.last_used_at")
    expires_at = serializers.DateTimeField(
        source="ends_at", allow_null=True, help_text="null for a pinned entry, which does not expire."
    )
    scope = serializers.DictField(source="scope_facts", child=serializers.CharField())

    class Meta:
        model = Entry
        fields = (
            "id",
            "template",
            "slots",
            "filled",
            "action",
            "params",
            "plan",
            "reusable",
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
