"""What the API says of itself: its description for programs, its pages for people, and the way there."""

from __future__ import annotations

from django.http import HttpResponseRedirect
from django.urls import reverse
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from planengine.api.reading.negotiation import JsonUnlessAsked


class Description(SpectacularAPIView):
    """As JSON, and as YAML for who asks for it."""

    renderer_classes = [OpenApiJsonRenderer2, OpenApiJsonRenderer, OpenApiYamlRenderer, OpenApiYamlRenderer2]
    content_negotiation_class = JsonUnlessAsked

    def _get_filename(self, request: Request, version: str) -> str:
        return f"orra.{request.accepted_renderer.format}"


class Pages(SpectacularSwaggerView):
    # They are there to be shown and no more: DRF's own answer to OPTIONS fails on a view with a template.
    http_method_names = ["get", "head"]


class Home(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponseRedirect:
        return HttpResponseRedirect(reverse("docs"))
