from django.urls import path, register_converter
from django.urls.converters import StringConverter

from planengine.api import catalogue, groundings, keys, views
from planengine.api.events import PlanEvents
from planengine.api.usage import ProjectUsage


class Storable(StringConverter):
    """A path segment that the database can be asked about: Postgres knows no NUL."""

    regex = r"[^/\x00]+"


class Slashed(StringConverter):
    """A name with slashes in it, also when they came as ``%2F``."""

    regex = r"[^/\x00]+(?:/[^/\x00]+)+"


register_converter(Storable, "storable")
register_converter(Slashed, "slashed")

urlpatterns = [
    path("projects", views.Projects.as_view()),
    path("project", views.OwnProject.as_view()),
    path("usage", ProjectUsage.as_view()),
    path("api-keys", keys.ApiKeys.as_view()),
    path("api-keys/<storable:key_id>", keys.OneApiKey.as_view()),
    path("api-keys/<storable:key_id>/rotate", keys.KeyRotation.as_view()),
    path("services", catalogue.Catalogue.as_view()),
    path("services/<storable:name>", views.OneService.as_view()),
    path("services/<storable:name>/dry-run", views.ServiceDryRun.as_view()),
    path("services/<slashed:name>", views.MisnamedService.as_view()),
    path("groundings", groundings.Groundings.as_view()),
    path("groundings/<storable:name>", groundings.OneGrounding.as_view()),
    path("groundings/<storable:name>/versions", groundings.GroundingVersions.as_view()),
    path("groundings/<slashed:name>", groundings.MisnamedGrounding.as_view()),
    path("plans", views.Plans.as_view()),
    path("plans/<storable:plan_id>", views.OnePlan.as_view()),
    path("plans/<storable:plan_id>/events", PlanEvents.as_view()),
    path("plans/<storable:plan_id>/report", views.Report.as_view()),
    path("cache/entries", views.Entries.as_view()),
    path("cache/entries/<storable:entry_id>", views.OneEntry.as_view()),
    path("cache/entries/<storable:entry_id>/replay", views.Replay.as_view()),
    path("cache/explain", views.Explain.as_view()),
    path("cache/stats", views.CacheStats.as_view()),
]
