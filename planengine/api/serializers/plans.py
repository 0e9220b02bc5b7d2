"""A Plan as it is answered, with all that came of it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from orra.base.strictjson import Json
from planengine.models import Plan
from planengine.models.states import PlanSource, PlanStatus


class ParamSerializer(serializers.Serializer):  # type: ignore[type-arg]
    field = serializers.CharField()
    value = serializers.JSONField()


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
