"""The product's URLs and the least that a view on this stack can do."""

from __future__ import annotations

import json

from django.db import connection
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


class OneInsert(APIView):
    """One row with its commit, nothing else. The table is made by who measures."""

    authentication_classes = ()
    permission_classes = ()

    def post(self, request: Request) -> Response:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO bench_row (content) VALUES (%s) RETURNING id", [json.dumps(request.data)])
            [(row,)] = cursor.fetchall()
        return Response({"id": row}, status=201)


urlpatterns = [
    path("bench/one-select/<str:project_id>", OneSelect.as_view()),
    path("bench/one-insert", OneInsert.as_view()),
    path("", include("orra.urls")),
]
