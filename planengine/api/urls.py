from django.urls import path

from planengine.api import views

urlpatterns = [
    path("projects", views.Projects.as_view()),
    path("project", views.OwnProject.as_view()),
    path("api-keys", views.ApiKeys.as_view()),
    path("api-keys/<str:key_id>", views.OneApiKey.as_view()),
    path("services", views.Services.as_view()),
    path("services/<str:name>", views.OneService.as_view()),
    path("plans", views.Plans.as_view()),
    path("plans/<str:plan_id>", views.OnePlan.as_view()),
    path("plans/<str:plan_id>/report", views.Report.as_view()),
    path("cache/entries", views.Entries.as_view()),
    path("cache/entries/<str:entry_id>", views.OneEntry.as_view()),
    path("cache/entries/<str:entry_id>/replay", views.Replay.as_view()),
    path("cache/explain", views.Explain.as_view()),
    path("cache/stats", views.CacheStats.as_view()),
]
