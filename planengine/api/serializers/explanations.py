"""What the cache would do with a request, and why."""

from __future__ import annotations

from rest_framework import serializers

from planengine.api.serializers.plans import CandidateSerializer, ExecutionPlanSerializer, VotesSerializer


class ExplainedVotesSerializer(VotesSerializer):
    """The votes with what is internal."""

    numbers = serializers.DictField(
        child=serializers.FloatField(), help_text="What the risk is worked out from. Internal: it may change."
    )
    log_odds = serializers.FloatField(help_text="The risk as the shipped prior has it, as log odds. Internal.")


class ExplanationSerializer(serializers.Serializer):  # type: ignore[type-arg]
    decision = serializers.CharField(help_text="exact, semantic, example or miss")
    reason = serializers.CharField()
    entry_id = serializers.CharField(allow_null=True)
    similarity = serializers.FloatField(allow_null=True)
    template = serializers.CharField(help_text="The request's own template.")
    floor = serializers.FloatField(help_text="Lowest similarity for a hit by meaning.")
    floor_from = serializers.CharField(help_text="project, closed, calibrated or built_in")
    plan = ExecutionPlanSerializer(allow_null=True, help_text="What would be served.")
    votes = ExplainedVotesSerializer(allow_null=True, help_text="null where no examples were asked.")
    what_to_do = serializers.ListField(
        child=serializers.CharField(), help_text="Of a miss, what makes the next such request a hit, in sentences."
    )
    candidates = CandidateSerializer(many=True, help_text="The entries looked at, best first.")
    timings_ms = serializers.DictField(child=serializers.FloatField())
