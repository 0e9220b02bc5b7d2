"""What the cache would do with a request, and why."""

from __future__ import annotations

from rest_framework import serializers

from planengine.api.serializers.plans import ExecutionPlanSerializer


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
