"""A project's API keys: listed, made, rotated, revoked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from planengine.api import serializers as shapes
from planengine.api.reading.authentication import project_of
from planengine.api.reading.queries import OF_EVERY_LIST, check_filters
from planengine.api.reading.scopes import Scopes
from planengine.models import ApiKey, Scope


class ApiKeys(generics.ListAPIView[ApiKey]):
    scopes: Scopes = {"GET": Scope.ADMIN, "POST": Scope.ADMIN}
    serializer_class = shapes.ApiKeySerializer
    queryset = ApiKey.objects.none()

    def get_queryset(self) -> QuerySet[ApiKey]:
        check_filters(self.request, *OF_EVERY_LIST)
        return ApiKey.objects.filter(project=project_of(self.request)).select_related("use")

    @extend_schema(operation_id="list_api_keys", summary="The project's API keys, revoked ones too")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="create_api_key",
        summary="Make another API key",
        description="For everything, unless its `scopes` are told; for as long as nobody revokes it, unless it is "
        "told when it expires.",
        request=shapes.ApiKeySerializer,
        responses={201: shapes.NewApiKeySerializer},
    )
    def post(self, request: Request) -> Response:
        serializer = shapes.ApiKeySerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return _issued(*ApiKey.issue(project_of(request), **serializer.validated_data))


class OneApiKey(APIView):
    scopes: Scopes = {"DELETE": Scope.ADMIN}

    @extend_schema(
        operation_id="revoke_api_key",
        summary="Revoke an API key",
        description="It stays in the list. The last active key of a project with the scope `admin` cannot be "
        "revoked.",
        responses={204: None},
    )
    def delete(self, request: Request, key_id: str) -> Response:
        key = get_object_or_404(ApiKey, project=project_of(request), pk=key_id)
        key.revoke()
        return Response(status=204)


class KeyRotation(APIView):
    scopes: Scopes = {"POST": Scope.ADMIN}

    @extend_schema(
        operation_id="rotate_api_key",
        summary="Replace an API key",
        description="Answers with a new key of the same name and scopes. The old one opens everything that it "
        "opened for `overlap_seconds` more, or less if it expires before.",
        request=shapes.RotationSerializer,
        responses={201: shapes.NewApiKeySerializer},
    )
    def post(self, request: Request, key_id: str) -> Response:
        key = get_object_or_404(ApiKey, project=project_of(request), pk=key_id)
        serializer = shapes.RotationSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        told = serializer.validated_data
        overlap = timedelta(seconds=told["overlap_seconds"])
        return _issued(*key.rotate(overlap=overlap, expires_at=told.get("expires_at")))


def _issued(key: ApiKey, secret: str) -> Response:
    return Response({**shapes.ApiKeySerializer(key).data, "api_key": secret}, status=201)
