"""What the cache would do with a request, and why."""

from __future__ import annotations

from rest_framework import serializers

from planengine.api.serializers.cache_stats import FLOORS_FROM
from planengine.api.serializers.plans import CandidateSerializer, ExecutionPlanSerializer, VotesSerializer


class ExplainedVotesSerializer(VotesSerializer):
    """The votes with what is internal."""

    numbers = serializers.DictField(
        child=serializers.FloatField(), help_text="What the risk is worked out from. Internal: it may change."
    )
    log_odds = serializers.FloatField(help_text="The risk as the shipped prior has it, as log odds. Internal.")


class NearUseCaseSerializer(serializers.Serializer):  # type: ignore[type-arg]
    grounding = serializers.CharField(help_text="Name and version.")
    use_case = serializers.CharField()
    wording = serializers.CharField()
    similarity = serializers.FloatField()
    risk = serializers.FloatField(allow_null=True, help_text="null for one that the votes did not propose.")
    why_not = serializers.CharField()


class UnusedEntriesSerializer(serializers.Serializer):  # type: ignore[type-arg]
    version = serializers.CharField()
    entries = serializers.IntegerField()


class ExplainedGroundingSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """Which use case applies and why, and which came close."""

    match = serializers.ChoiceField(
        choices=["exact", "same_words", "same_meaning", "none", "unknown"],
        help_text="`unknown`: no embedding was to be had, and a strict grounding might apply.",
    )
    name = serializers.CharField(allow_null=True)
    version = serializers.CharField(allow_null=True)
    mode = serializers.CharField(allow_null=True)
    use_case = serializers.CharField(allow_null=True)
    wording = serializers.CharField(allow_null=True)
    similarity = serializers.FloatField(allow_null=True)
    risk = serializers.FloatField(allow_null=True)
    near = NearUseCaseSerializer(many=True, help_text="The closest of what does not apply, nearest first.")
    unused_entries = UnusedEntriesSerializer(
        many=True, help_text="Entries that were made under other versions, and serve nobody while this one holds."
    )


class ExplanationSerializer(serializers.Serializer):  # type: ignore[type-arg]
    decision = serializers.ChoiceField(choices=["exact", "semantic", "example", "miss"])
    reason = serializers.CharField()
    entry_id = serializers.CharField(allow_null=True)
    similarity = serializers.FloatField(allow_null=True)
    template = serializers.CharField(help_text="The request's own template.")
    floor = serializers.FloatField(help_text="Lowest similarity for a hit by meaning.")
    floor_from = serializers.ChoiceField(choices=FLOORS_FROM)
    plan = ExecutionPlanSerializer(allow_null=True, help_text="What would be served.")
    votes = ExplainedVotesSerializer(allow_null=True, help_text="null where no examples were asked.")
    what_to_do = serializers.ListField(
        child=serializers.CharField(), help_text="Of a miss, what makes the next such request a hit, in sentences."
    )
    candidates = CandidateSerializer(many=True, help_text="The entries looked at, best first.")
    grounding = ExplainedGroundingSerializer(allow_null=True, help_text="null for a project without groundings.")
    timings_ms = serializers.DictField(child=serializers.FloatField())
