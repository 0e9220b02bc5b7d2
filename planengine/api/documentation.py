"""What the API says of itself: its description for programs, its pages for people, and the way there."""

from __future__ import annotations

from django.http import HttpResponseRedirect
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView


class Description(SpectacularAPIView):
    """As YAML or as JSON, whichever the client accepts."""

    content_negotiation_class = DefaultContentNegotiation


class Pages(SpectacularSwaggerView):
    # They are there to be shown and no more: DRF's own answer to OPTIONS fails on a view with a template.
    http_method_names = ["get", "head"]


class Home(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponseRedirect:
        return HttpResponseRedirect(reverse("docs"))
