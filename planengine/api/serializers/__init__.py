"""The shapes of the REST API, in and out."""

from planengine.api.serializers.cache_stats import CacheStatsSerializer
from planengine.api.serializers.entries import EntrySerializer, EvictedSerializer
from planengine.api.serializers.explanations import ExplanationSerializer
from planengine.api.serializers.groundings import (
    GroundingSerializer,
    GroundingSummarySerializer,
    grounding_as_json,
)
from planengine.api.serializers.keys import ApiKeySerializer, NewApiKeySerializer, RotationSerializer
from planengine.api.serializers.plans import PlanSerializer, plan_as_json
from planengine.api.serializers.requests import (
    WRONG_PLAN,
    PlanRequestSerializer,
    ReplayRequestSerializer,
    ReportSerializer,
)
from planengine.api.serializers.services import (
    ManyServicesSerializer,
    ServiceDryRunSerializer,
    ServiceSerializer,
    ServicesOutcomeSerializer,
)
from planengine.api.serializers.tenants import NewProjectSerializer, ProjectSerializer

__all__ = [
    "WRONG_PLAN",
    "ApiKeySerializer",
    "CacheStatsSerializer",
    "EntrySerializer",
    "EvictedSerializer",
    "ExplanationSerializer",
    "GroundingSerializer",
    "GroundingSummarySerializer",
    "ManyServicesSerializer",
    "NewApiKeySerializer",
    "NewProjectSerializer",
    "PlanRequestSerializer",
    "PlanSerializer",
    "ProjectSerializer",
    "ReplayRequestSerializer",
    "ReportSerializer",
    "RotationSerializer",
    "ServiceDryRunSerializer",
    "ServiceSerializer",
    "ServicesOutcomeSerializer",
    "grounding_as_json",
    "plan_as_json",
]
