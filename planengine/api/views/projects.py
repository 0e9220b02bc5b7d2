"""A project, and who may make one."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from planengine.api import serializers as shapes
from planengine.api.reading.authentication import MayRegister, project_of
from planengine.api.reading.scopes import ANY, Scopes
from planengine.models import Scope, open_project


class Projects(APIView):
    authentication_classes = ()
    permission_classes = (MayRegister,)

    @extend_schema(
        operation_id="create_project",
        summary="Make a project",
        description="Answers with its first API key, which is shown this once. Takes the operator's token, unless "
        "the installation lets everybody register.",
        auth=[{}, {"operatorToken": []}],  # type: ignore[list-item]
        request=shapes.ProjectSerializer,
        responses={201: shapes.NewProjectSerializer},
    )
    def post(self, request: Request) -> Response:
        serializer = shapes.ProjectSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        project, secret = open_project(**serializer.validated_data)
        return Response({**shapes.ProjectSerializer(project).data, "api_key": secret}, status=201)


class OwnProject(APIView):
    scopes: Scopes = {"GET": ANY, "PATCH": Scope.ADMIN}

    @extend_schema(operation_id="get_project", summary="The caller's project", responses=shapes.ProjectSerializer)
    def get(self, request: Request) -> Response:
        return Response(shapes.ProjectSerializer(project_of(request)).data)

    @extend_schema(
        operation_id="update_project",
        summary="Change the project's settings",
        request=shapes.ProjectSerializer,
        responses=shapes.ProjectSerializer,
    )
    def patch(self, request: Request) -> Response:
        serializer = shapes.ProjectSerializer(project_of(request), data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        changed = list(serializer.validated_data)
        project = project_of(request)
        for name in changed:
            setattr(project, name, serializer.validated_data[name])
        if changed:
            project.save(update_fields=changed)
        return Response(shapes.ProjectSerializer(project).data)
