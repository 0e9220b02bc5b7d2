"""What the cache did for a project."""

from __future__ import annotations

from rest_framework import serializers

from planengine.models import Project


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
