"""What the cache did for a project."""

from __future__ import annotations

from rest_framework import serializers

from planengine.models import Project

FLOORS_FROM = ("project", "closed", "calibrated", "built_in")


class HitsSerializer(serializers.Serializer):  # type: ignore[type-arg]
    exact = serializers.IntegerField()
    semantic = serializers.IntegerField()
    example = serializers.IntegerField(help_text="Plans wired anew for other params, as the examples vote.")
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
    origin = serializers.ChoiceField(choices=FLOORS_FROM)

    def get_fields(self) -> dict[str, serializers.Field]:  # type: ignore[type-arg]
        fields = super().get_fields()
        return {"value": fields["value"], "from": fields["origin"]}  # a keyword in Python


class AcceptanceSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """How the project's own requests moved the shipped prior: by a shift of its log odds."""

    shift = serializers.FloatField(help_text="Above 0: more of what is proposed was wrong than the prior says.")
    labels = serializers.IntegerField(help_text="How many observations it is worked out from.")


class TenthSerializer(serializers.Serializer):  # type: ignore[type-arg]
    predicted = serializers.FloatField(help_text="Mean predicted risk, by the project's adjustment of today.")
    observed = serializers.FloatField(help_text="Share that was wrong.")
    n = serializers.IntegerField()


class CacheStatsSerializer(serializers.Serializer):  # type: ignore[type-arg]
    since = serializers.DateTimeField(allow_null=True, help_text="The full hour that counting begins with.")
    requests = serializers.IntegerField(help_text="Finished plans that the cache was asked about.")
    hits = HitsSerializer()
    hit_rate = serializers.FloatField(allow_null=True)
    misses = serializers.IntegerField()
    misses_by_reason = serializers.DictField(child=serializers.IntegerField())
    misses_refused_by = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="What refused the best candidates of misses: risk, words, contested, reported, fields …",
    )
    would_be_hits = serializers.IntegerField(help_text="Misses whose best candidate was refused.")
    guards = serializers.DictField(
        child=serializers.IntegerField(), help_text="What refused best candidates, of hits too."
    )
    calls_saved = serializers.IntegerField()
    tokens_saved = serializers.IntegerField(help_text="What planning the serving entries had cost, where known.")
    entries = serializers.IntegerField(help_text="Plans in the cache now, those in quarantine not counted.")
    quarantined_entries = serializers.IntegerField()
    refusals = serializers.IntegerField(help_text="Requests kept as examples that no plan could be made of.")
    counter_examples = serializers.IntegerField(help_text="Plans that were found wrong, and do not come back.")
    observed_wrong_hit_rate = ObservedSerializer()
    reported_wrong_hits = serializers.IntegerField(help_text="Hits that clients or operators say were wrong.")
    hits_by_meaning = serializers.ChoiceField(choices=["open", "closed"])
    model_check = ModelCheckSerializer()
    similarity_floor = SimilarityFloorSerializer()
    acceptance = AcceptanceSerializer()
    calibration = TenthSerializer(
        many=True,
        help_text="For each tenth of the latest labels by predicted risk, the least first. Labels are misses that "
        "were planned, hits that were planned again, and reports.",
    )
