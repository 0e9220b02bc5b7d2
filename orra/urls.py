from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from planengine.api import health

# It has a page to show and no more: DRF's own answer to OPTIONS fails on a view with a template.
docs = SpectacularSwaggerView.as_view(url_name="schema", http_method_names=["get", "head"])

urlpatterns = [
    path("v1/schema", SpectacularAPIView.as_view(), name="schema"),
    path("v1/", include("planengine.api.urls")),
    path("docs", docs, name="docs"),
    path("livez", health.Live.as_view()),
    path("readyz", health.Ready.as_view()),
    path("metrics", health.metrics),
    path("admin/", admin.site.urls),
    path("", RedirectView.as_view(pattern_name="docs")),
]

handler400 = "planengine.api.problems.bad_request"
handler404 = "planengine.api.problems.not_found"
handler500 = "planengine.api.problems.server_error"
