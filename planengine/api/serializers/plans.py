"""A Plan as it is answered, with all that came of it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from cache.decisions import told
from orra.base.strictjson import Json
from planengine.models import Grounding, Plan
from planengine.models.states import HIT_SOURCES, PlanSource, PlanStatus

DECISIONS = ("exact", "semantic", "example", "miss", "bypass", "refresh", "replay")
EVIDENCE = ("declared", "meaning")
UNPLANNED = (*HIT_SOURCES, PlanSource.REPLAY)
WITH_A_NEW_KEY = "To have it planned again, send it with another Idempotency-Key: this one gives this plan again."


class ParamSerializer(serializers.Serializer):  # type: ignore[type-arg]
    field = serializers.CharField()
    value = serializers.JSONField()


class TaskSerializer(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.CharField()
    service = serializers.CharField(required=False, help_text="Absent for task0.")
    input = serializers.DictField(help_text="By name; `$taskN.field` is what that task gives.")
    after = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Tasks that come before it and give it nothing."
    )


class ExecutionPlanSerializer(serializers.Serializer):  # type: ignore[type-arg]
    tasks = TaskSerializer(many=True)
    parallel_groups = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))


class UsageSerializer(serializers.Serializer):  # type: ignore[type-arg]
    prompt_tokens = serializers.IntegerField(allow_null=True)
    completion_tokens = serializers.IntegerField(allow_null=True)


class PlanProblemSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """One thing wrong with a draft."""

    code = serializers.CharField()
    message = serializers.CharField()
    task = serializers.CharField(allow_null=True)
    field = serializers.CharField(allow_null=True)
    hint = serializers.CharField(help_text="What would be right; empty where nobody knows.")


class AttemptSerializer(serializers.Serializer):  # type: ignore[type-arg]
    number = serializers.IntegerField()
    planner = serializers.CharField()
    model = serializers.CharField()
    problems = PlanProblemSerializer(many=True)
    warnings = PlanProblemSerializer(many=True, help_text="For the operator.")
    error_code = serializers.CharField(help_text="Empty where the planner was asked and answered.")
    way = serializers.CharField(
        help_text="How the model was asked: for services (`select`) or for a whole plan (`full`). Empty for a "
        "planner that asks no model."
    )
    services_shown = serializers.IntegerField(allow_null=True, help_text="How many services the prompt held.")
    usage = UsageSerializer()
    cost = serializers.FloatField(allow_null=True, help_text="By the operator's prices; null when unknown.")
    seconds = serializers.FloatField(allow_null=True, help_text="null while it lasts, or for good if it was lost")


class VotingExampleSerializer(serializers.Serializer):  # type: ignore[type-arg]
    kind = serializers.ChoiceField(
        choices=["plan", "refusal", "counter", "sample"],
        help_text="`refusal`: nothing could be planned; `counter`: found wrong; `sample`: given with a service.",
    )
    services = serializers.ListField(
        child=serializers.CharField(), help_text="What it led to; none for a refusal."
    )
    template = serializers.CharField()
    similarity = serializers.FloatField(help_text="To the request, as a cosine.")
    entry_id = serializers.CharField(allow_null=True)


class VotesSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """What the nearest examples propose, and how sure that is."""

    services = serializers.ListField(
        child=serializers.CharField(), help_text="The services of the plan that they propose."
    )
    examples = serializers.IntegerField(help_text="How many of the 32 nearest led to that plan.")
    nearest = VotingExampleSerializer(help_text="The nearest of these.")
    rival = VotingExampleSerializer(
        allow_null=True, help_text="The nearest example of anything else; null when there is none."
    )
    margin = serializers.FloatField(help_text="How much nearer the nearest is than its rival, at most 0.3.")
    other_services = serializers.ListField(
        child=serializers.CharField(),
        help_text="Services that could take these params as well, and that no example has led to.",
    )
    risk = serializers.FloatField(help_text="Predicted probability, 0 to 1, that another plan is wanted.")
    most_risk = serializers.FloatField(
        help_text="The most that a single hit may have, by the project's `wrong_hit_tolerance`."
    )
    not_accounted_for = serializers.ListField(
        child=serializers.CharField(),
        help_text="Words, signs and values of the request that nothing accounts for. Asked before a side effect, "
        "and of plans with few examples.",
    )


class CandidateSerializer(serializers.Serializer):  # type: ignore[type-arg]
    entry_id = serializers.CharField(help_text="Empty for what was proposed without an entry.")
    template = serializers.CharField()
    similarity = serializers.FloatField()
    guard = serializers.CharField(allow_null=True, help_text="What objected; null for the one that would serve.")
    reason = serializers.CharField(allow_null=True)
    model_check = serializers.ChoiceField(
        choices=["yes", "no", "unclear", "open"],
        required=False,
        help_text="Where only wording is against it: what a model said when asked whether it means the same. "
        "After a yes it serves in spite of the objection; open is not asked yet.",
    )


class CacheDecisionSerializer(serializers.Serializer):  # type: ignore[type-arg]
    decision = serializers.ChoiceField(choices=DECISIONS)
    entry_id = serializers.CharField(allow_null=True)
    similarity = serializers.FloatField(allow_null=True)
    reason = serializers.CharField()
    votes = VotesSerializer(allow_null=True, help_text="null where no examples were asked.")
    guards = CandidateSerializer(many=True, help_text="What was looked at and not served, and why.")


class EvidenceSerializer(serializers.Serializer):  # type: ignore[type-arg]
    capability = serializers.CharField()
    by = serializers.ChoiceField(
        choices=EVIDENCE,
        allow_null=True,
        help_text="How it is known; null where no service of the plan does it.",
    )
    service = serializers.CharField(allow_null=True, help_text="Which service of the plan does it.")
    similarity = serializers.FloatField(allow_null=True, help_text="To that service, where meaning says so.")


class PlanGroundingSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """The use case that applies to the request, and how the plan keeps to it."""

    name = serializers.CharField()
    version = serializers.CharField()
    mark = serializers.CharField(
        help_text="Tells apart what a version said before it was deleted and applied anew."
    )
    domain = serializers.CharField()
    mode = serializers.ChoiceField(choices=Grounding.Mode.choices)
    use_case = serializers.CharField(help_text="Its action pattern.")
    match = serializers.ChoiceField(
        choices=["exact", "same_words", "same_meaning"], help_text="How it was found to apply."
    )
    similarity = serializers.FloatField(allow_null=True, help_text="Of the request to its nearest wording.")
    risk = serializers.FloatField(
        allow_null=True, help_text="Predicted probability that another one is meant, where the votes decided."
    )
    capabilities = EvidenceSerializer(many=True)
    problems = PlanProblemSerializer(
        many=True, help_text="What the plan does not keep to. A strict plan has none."
    )


class PlanErrorSerializer(serializers.Serializer):  # type: ignore[type-arg]
    code = serializers.CharField()
    message = serializers.CharField()
    problems = PlanProblemSerializer(many=True)
    how_to_fix = serializers.ListField(child=serializers.CharField())
    retryable = serializers.BooleanField(
        help_text="Whether the same request, sent again, may succeed; with an Idempotency-Key, under a new one."
    )


class PlanSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """A request, and what became of it."""

    # Documents it; :func:`plan_as_json` is what writes it, several times as fast.

    id = serializers.CharField()
    status = serializers.ChoiceField(choices=PlanStatus.choices)
    action = serializers.CharField()
    params = ParamSerializer(many=True)
    plan = ExecutionPlanSerializer(allow_null=True)
    source = serializers.ChoiceField(choices=PlanSource.choices, allow_null=True)  # type: ignore[assignment]
    repaired = serializers.BooleanField(help_text="The model chose the services, the engine wired them.")
    cache = CacheDecisionSerializer()
    grounding = PlanGroundingSerializer(allow_null=True, help_text="null where none covers the request.")
    attempts = AttemptSerializer(many=True)
    usage = UsageSerializer()
    timings_ms = serializers.DictField(
        child=serializers.FloatField(),
        help_text="Until the plan was about to be stored: `total` since the request arrived; of it `accepting`, "
        "`cache` (the `embedding` is a part of it), `waiting` for a worker or another request's plan, `planner`.",
    )
    error = PlanErrorSerializer(allow_null=True)
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


def plan_as_json(plan: Plan, *, attempts: bool = True) -> dict[str, Json]:
    """``attempts`` costs a query for a plan that was planned; one from the cache has none."""
    planned = attempts and plan.source not in UNPLANNED
    return {
        "id": plan.id,
        "status": str(plan.status),
        "action": plan.action,
        "params": plan.params,
        "plan": plan.plan,
        "source": plan.source and str(plan.source),
        "repaired": plan.repaired,
        "cache": told(plan.cache),
        "grounding": plan.grounding,
        "attempts": [_attempt_as_json(attempt) for attempt in plan.attempts.all()] if planned else [],
        "usage": {"prompt_tokens": plan.prompt_tokens, "completion_tokens": plan.completion_tokens},
        "timings_ms": plan.timings_ms,
        "error": _error_as_json(plan),
        "created_at": plan.created_at.isoformat(),
        "finished_at": plan.finished_at and plan.finished_at.isoformat(),
    }


def _error_as_json(plan: Plan) -> Json:
    """What went wrong; where trying again can help, that the same key does not try again."""
    error = plan.error
    if not error or not error.get("retryable") or plan.idempotency_key is None:
        return error
    return error | {"how_to_fix": [*error.get("how_to_fix", []), WITH_A_NEW_KEY]}


def _attempt_as_json(attempt: Any) -> dict[str, Json]:
    return {
        "number": attempt.number,
        "planner": attempt.planner,
        "model": attempt.model,
        "problems": attempt.problems,
        "warnings": attempt.warnings,
        "error_code": attempt.error_code,
        "way": attempt.way,
        "services_shown": attempt.services_shown,
        "usage": {"prompt_tokens": attempt.prompt_tokens, "completion_tokens": attempt.completion_tokens},
        "cost": None if attempt.cost is None else float(attempt.cost),
        "seconds": attempt.seconds,
    }
