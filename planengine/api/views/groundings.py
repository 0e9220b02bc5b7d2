"""Groundings: applied, read and removed, in JSON or YAML."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from planengine import tasks
from planengine.api import serializers as shapes
from planengine.api.reading.authentication import project_of
from planengine.api.reading.negotiation import JSON_OR_YAML, JsonUnlessAsked, YamlRenderer
from planengine.api.reading.pagination import PagesByName
from planengine.api.reading.parsers import GROUNDING_PARSERS
from planengine.api.reading.queries import OF_EVERY_LIST, check_filters, choice, text
from planengine.api.reading.scopes import ANY, Scopes
from planengine.api.serializers.groundings import EXAMPLE
from planengine.exceptions import BadRequest
from planengine.grounding import registry
from planengine.grounding.contents import as_document
from planengine.grounding.reading import NAME_PATTERN, NAME_RULE, read_grounding
from planengine.models import Grounding, Scope

NAME = OpenApiParameter("name", {"type": "string", "pattern": NAME_PATTERN}, OpenApiParameter.PATH)


class Groundings(generics.ListAPIView[Grounding]):
    scopes: Scopes = {"GET": ANY}
    serializer_class = shapes.GroundingSummarySerializer
    pagination_class = PagesByName
    renderer_classes = JSON_OR_YAML
    content_negotiation_class = JsonUnlessAsked
    queryset = Grounding.objects.none()

    def get_queryset(self) -> QuerySet[Grounding]:
        check_filters(self.request, "name", "domain", "mode", *OF_EVERY_LIST)
        filters = {
            "name": text(self.request, "name"),
            "domain": text(self.request, "domain"),
            "mode": choice(self.request, "mode", Grounding.Mode.values),
        }
        wanted = {name: value for name, value in filters.items() if value is not None}
        holding = Grounding.objects.filter(project=project_of(self.request), current=True, **wanted)
        return holding.with_counts().defer("content")

    @extend_schema(
        operation_id="list_groundings",
        summary="The project's groundings, by name",
        description="Of each the version that holds, without what it says.",
        parameters=[
            OpenApiParameter("name", description="The one of this name."),
            OpenApiParameter("domain", description="Those of exactly this domain."),
            OpenApiParameter("mode", enum=Grounding.Mode.values),
        ],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class OneGrounding(APIView):
    scopes: Scopes = {"GET": ANY, "PUT": Scope.ADMIN, "DELETE": Scope.ADMIN}
    parser_classes = GROUNDING_PARSERS
    renderer_classes = JSON_OR_YAML
    content_negotiation_class = JsonUnlessAsked

    @extend_schema(
        operation_id="get_grounding",
        summary="One grounding",
        description="The version that holds, or another one. As YAML it is the document alone, as its author "
        "writes it: change it, give it another version, and send it back.",
        parameters=[NAME, OpenApiParameter("version", description="Left out: the version that holds.")],
        responses=shapes.GroundingSerializer,
    )
    def get(self, request: Request, name: str) -> Response:
        check_filters(request, "version")
        version = text(request, "version")
        wanted: dict[str, Any] = {"current": True} if version is None else {"version": version}
        row = get_object_or_404(Grounding, project=project_of(request), name=name, **wanted)
        return _answer(request, row)

    @extend_schema(
        operation_id="put_grounding",
        summary="Apply a grounding",
        description="From now on this version holds. 201: it is new; 200: it was applied before, and holds again "
        "or still. A version that says something else already is a conflict (409): what differs is told. "
        "It is taken as YAML too, with `Content-Type: application/yaml`. "
        f"{NAME_RULE}",
        request={"application/json": shapes.GroundingSerializer},
        parameters=[NAME],
        responses={200: shapes.GroundingSerializer, 201: shapes.GroundingSerializer},
        examples=[EXAMPLE],
    )
    def put(self, request: Request, name: str) -> Response:
        check_filters(request)
        project = project_of(request)
        applied = registry.apply(project, read_grounding(name, request.data))
        if applied.changed:
            tasks.embed_use_cases_later(project.pk)
        return _answer(request, applied.grounding, status=201 if applied.created else 200)

    @extend_schema(
        operation_id="delete_grounding",
        summary="Remove a grounding",
        description="All its versions. Plans that it had a say in stay, and are not served for requests that no "
        "grounding covers.",
        parameters=[NAME],
        responses={204: None},
    )
    def delete(self, request: Request, name: str) -> Response:
        check_filters(request)
        if not registry.remove(project_of(request), name):
            raise Http404
        return Response(status=204)


class GroundingVersions(generics.ListAPIView[Grounding]):
    scopes: Scopes = {"GET": ANY}
    serializer_class = shapes.GroundingSummarySerializer
    renderer_classes = JSON_OR_YAML
    content_negotiation_class = JsonUnlessAsked
    queryset = Grounding.objects.none()

    def get_queryset(self) -> QuerySet[Grounding]:
        check_filters(self.request, *OF_EVERY_LIST)
        of_name = Grounding.objects.filter(project=project_of(self.request), name=self.kwargs["name"])
        if not of_name.exists():
            raise Http404
        return of_name.with_counts().defer("content")

    @extend_schema(
        operation_id="list_grounding_versions",
        summary="A grounding's versions, newest first",
        description="`GET /v1/groundings/{name}?version=…` has what one says; applied again, it holds again.",
        parameters=[NAME],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


@extend_schema(exclude=True)
class MisnamedGrounding(APIView):
    """A name that no grounding can have: said as such, because the path alone would not be found."""

    scopes: Scopes = {"GET": ANY, "PUT": ANY, "DELETE": ANY}
    parser_classes = GROUNDING_PARSERS

    def put(self, request: Request, name: str) -> Response:
        raise BadRequest(NAME_RULE, code="invalid_grounding_name")

    get = delete = put


def _answer(request: Request, row: Grounding, *, status: int = 200) -> Response:
    in_yaml = isinstance(request.accepted_renderer, YamlRenderer)
    body = as_document(registry.spec_of(row)) if in_yaml else shapes.grounding_as_json(row)
    return Response(body, status=status)
