"""The product's URLs and the least that a view on this stack can do."""

from __future__ import annotations

from django.urls import include, path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from orra.urls import handler400, handler403, handler404, handler500
from planengine.models import Project

__all__ = ["handler400", "handler403", "handler404", "handler500"]


class OneSelect(APIView):
    """One indexed SELECT, nothing else: no authentication, no writing."""

    authentication_classes = ()
    permission_classes = ()

    def get(self, request: Request, project_id: str) -> Response:
        project = Project.objects.get(pk=project_id)
        return Response({"id": project.id, "name": project.name, "created_at": project.created_at})


urlpatterns = [
    path("bench/one-select/<str:project_id>", OneSelect.as_view()),
    path("", include("orra.urls")),
]
