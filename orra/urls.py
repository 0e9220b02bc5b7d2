from django.contrib import admin
from django.urls import include, path

from planengine.api.description import pages
from planengine.api.mcp.endpoint import Endpoint
from planengine.api.views import health

urlpatterns = [
    path("v1/schema", pages.Description.as_view(), name="schema"),
    path("v1/", include("planengine.api.urls")),
    path("mcp", Endpoint.as_view()),
    path("docs", pages.Pages.as_view(url_name="schema"), name="docs"),
    path("livez", health.Live.as_view()),
    path("readyz", health.Ready.as_view()),
    path("metrics", health.Metrics.as_view()),
    path("admin/", admin.site.urls),
    path("", pages.Home.as_view()),
]

handler400 = "planengine.api.problems.bad_request"
handler403 = "planengine.api.problems.not_allowed"
handler404 = "planengine.api.problems.not_found"
handler500 = "planengine.api.problems.server_error"
