"""Services, one at a time."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from orra.base.strictjson import Json
from planengine import tasks
from planengine.api import serializers as shapes
from planengine.api.reading.authentication import project_of
from planengine.api.reading.pagination import PagesByName
from planengine.api.reading.parsers import storable
from planengine.api.reading.queries import OF_EVERY_LIST, check_filters, choice
from planengine.api.reading.scopes import ANY, Scopes
from planengine.catalogue import registry
from planengine.catalogue.prospects import prospect_of
from planengine.exceptions import BadRequest
from planengine.models import Scope, Service


class Services(generics.ListAPIView[Service]):
    scopes: Scopes = {"GET": ANY}
    serializer_class = shapes.ServiceSerializer
    pagination_class = PagesByName
    queryset = Service.objects.none()

    def get_queryset(self) -> QuerySet[Service]:
        check_filters(self.request, "type", *OF_EVERY_LIST)
        found = Service.objects.filter(project=project_of(self.request))
        return found.filter(type=kind) if (kind := choice(self.request, "type", Service.Type.values)) else found

    @extend_schema(
        operation_id="list_services",
        summary="The project's services, by name",
        parameters=[OpenApiParameter("type", enum=Service.Type.values)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class OneService(APIView):
    scopes: Scopes = {"GET": ANY, "PUT": Scope.ADMIN, "DELETE": Scope.ADMIN}

    @extend_schema(operation_id="get_service", summary="One service", responses=shapes.ServiceSerializer)
    def get(self, request: Request, name: str) -> Response:
        return Response(shapes.ServiceSerializer(self._service(request, name)).data)

    @extend_schema(
        operation_id="put_service",
        summary="Register or change a service",
        description="Upsert by name. The version rises only when something changed; never by annotations, "
        "examples and capabilities, which no cached plan depends on.",
        request=shapes.ServiceSerializer,
        parameters=[
            OpenApiParameter("name", {"type": "string", "pattern": registry.NAME_PATTERN}, OpenApiParameter.PATH)
        ],
        responses={200: shapes.ServiceSerializer, 201: shapes.ServiceSerializer},
    )
    def put(self, request: Request, name: str) -> Response:
        registered = registry.register(project_of(request), name, facts_of(name, request.data))
        if registered.changed:
            tasks.compare_with_cached_plans(project_of(request).pk, name)
        body = shapes.ServiceSerializer(registered.service).data
        return Response(body, status=status.HTTP_201_CREATED if registered.created else status.HTTP_200_OK)

    @extend_schema(operation_id="delete_service", summary="Remove a service", responses={204: None})
    def delete(self, request: Request, name: str) -> Response:
        registry.remove(self._service(request, name))
        return Response(status=204)

    @staticmethod
    def _service(request: Request, name: str) -> Service:
        return get_object_or_404(Service.objects.select_related("project"), project=project_of(request), name=name)


class ServiceDryRun(APIView):
    scopes: Scopes = {"POST": Scope.ADMIN}

    @extend_schema(
        operation_id="dry_run_service",
        summary="What registering or changing a service would do",
        description="The body as `PUT /v1/services/{name}` takes it, checked alike. Nothing is stored: the answer "
        "tells what would differ, the version then, and how many cached plans would go.",
        request=shapes.ServiceSerializer,
        responses={200: shapes.ServiceDryRunSerializer},
    )
    def post(self, request: Request, name: str) -> Response:
        return Response(prospect_of(project_of(request), name, facts_of(name, request.data)).as_dict())


def facts_of(name: Json, body: Json, serializer: shapes.ServiceSerializer | None = None) -> dict[str, Any]:
    """What a body says of a service of this name, checked. Raises :class:`BadRequest` or a ValidationError.
    ``serializer`` is one for many services: making it takes longer than checking with it."""
    if not isinstance(name, str) or not registry.NAME.match(name):
        raise BadRequest(registry.NAME_RULE, code="invalid_service_name")
    return dict((serializer or shapes.ServiceSerializer()).run_validation(storable(body)))


@extend_schema(exclude=True)
class MisnamedService(APIView):
    """A name that no service can have: said as such, because the path alone would not be found."""

    scopes: Scopes = {"GET": ANY, "PUT": ANY, "DELETE": ANY}

    def put(self, request: Request, name: str) -> Response:
        raise BadRequest(registry.NAME_RULE, code="invalid_service_name")

    get = delete = put
