"""What the engine answers, as frozen dataclasses. Each keeps all that was answered in ``raw``."""

from orra_client.results.cache import CacheStats, Entry, Evicted, Explanation
from orra_client.results.catalogue import (
    Evictions,
    Grounding,
    GroundingSummary,
    Service,
    ServiceChange,
    ServiceOutcome,
    ServicesOutcome,
)
from orra_client.results.pages import Page
from orra_client.results.plans import Attempt, CacheDecision, Event, ExecutionPlan, Plan, PlanError, Task
from orra_client.results.projects import ApiKey, NewApiKey, NewProject, Project, Usage

__all__ = [
    "ApiKey",
    "Attempt",
    "CacheDecision",
    "CacheStats",
    "Entry",
    "Event",
    "Evicted",
    "Evictions",
    "ExecutionPlan",
    "Explanation",
    "Grounding",
    "GroundingSummary",
    "NewApiKey",
    "NewProject",
    "Page",
    "Plan",
    "PlanError",
    "Project",
    "Service",
    "ServiceChange",
    "ServiceOutcome",
    "ServicesOutcome",
    "Task",
    "Usage",
]
