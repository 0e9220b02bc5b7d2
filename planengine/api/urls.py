from django.urls import path, register_converter
from django.urls.converters import StringConverter

from planengine.api.views import cache, catalogue, groundings, keys, plans, projects, services
from planengine.api.views.events import PlanEvents
from planengine.api.views.usage import ProjectUsage


class Storable(StringConverter):
    """A path segment that the database can be asked about: Postgres knows no NUL."""

    regex = r"[^/\x00]+"


class Slashed(StringConverter):
    """A name with slashes in it, also when they came as ``%2F``."""

    regex = r"[^/\x00]+(?:/[^/\x00]+)+"


register_converter(Storable, "storable")
register_converter(Slashed, "slashed")

urlpatterns = [
    path("projects", projects.Projects.as_view()),
    path("project", projects.OwnProject.as_view()),
    path("usage", ProjectUsage.as_view()),
    path("api-keys", keys.ApiKeys.as_view()),
    path("api-keys/<storable:key_id>", keys.OneApiKey.as_view()),
    path("api-keys/<storable:key_id>/rotate", keys.KeyRotation.as_view()),
    path("services", catalogue.Catalogue.as_view()),
    path("services/<storable:name>", services.OneService.as_view()),
    path("services/<storable:name>/dry-run", services.ServiceDryRun.as_view()),
    path("services/<slashed:name>", services.MisnamedService.as_view()),
    path("groundings", groundings.Groundings.as_view()),
    path("groundings/<storable:name>", groundings.OneGrounding.as_view()),
    path("groundings/<storable:name>/versions", groundings.GroundingVersions.as_view()),
    path("groundings/<slashed:name>", groundings.MisnamedGrounding.as_view()),
    path("plans", plans.Plans.as_view()),
    path("plans/<storable:plan_id>", plans.OnePlan.as_view()),
    path("plans/<storable:plan_id>/events", PlanEvents.as_view()),
    path("plans/<storable:plan_id>/report", plans.Report.as_view()),
    path("cache/entries", cache.Entries.as_view()),
    path("cache/entries/<storable:entry_id>", cache.OneEntry.as_view()),
    path("cache/entries/<storable:entry_id>/replay", cache.Replay.as_view()),
    path("cache/explain", cache.Explain.as_view()),
    path("cache/stats", cache.CacheStats.as_view()),
]
