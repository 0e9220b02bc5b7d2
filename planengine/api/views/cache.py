"""What the cache holds and why it decides as it does."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cache import storage
from cache.models import Entry
from orra.base.database.replica import replica
from planengine.accounting.statistics import cache_stats
from planengine.api import serializers as shapes
from planengine.api.reading.authentication import project_of
from planengine.api.reading.queries import MOST_HOURS, OF_EVERY_LIST, check_filters, choice, since, text
from planengine.api.reading.scopes import Scopes
from planengine.exceptions import BadRequest
from planengine.lifecycle import plans
from planengine.models import Scope
from planengine.requests import PlanRequest, parse_action, parse_params, parse_plan_request
from planengine.reuse import plan_cache


class Entries(generics.ListAPIView[Entry]):
    scopes: Scopes = {"GET": Scope.CACHE_READ, "DELETE": Scope.CACHE_WRITE}
    serializer_class = shapes.EntrySerializer
    queryset = Entry.objects.none()

    def get_queryset(self) -> QuerySet[Entry]:
        check_filters(self.request, "service", "kind", *OF_EVERY_LIST)
        kind = choice(self.request, "kind", Entry.Kind.values) or Entry.Kind.PLAN
        found = Entry.objects.filter(project=project_of(self.request), kind=kind).select_related("use")
        service = text(self.request, "service")
        return found if service is None else found.filter(services__has_key=service)

    @extend_schema(
        operation_id="list_cache_entries",
        summary="What the cache holds, newest first",
        parameters=[
            OpenApiParameter("service", description="Only entries that use this service."),
            OpenApiParameter(
                "kind",
                enum=Entry.Kind.values,
                default=Entry.Kind.PLAN.value,
                description="`plan`: what serves. `refusal`: requests that no plan could be made of; they vote "
                "against plans. `counter`: plans that were found wrong; they do not come back.",
            ),
        ],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return replica.read(lambda: super(Entries, self).get(request, *args, **kwargs))

    @extend_schema(
        operation_id="purge_cache_entries",
        summary="Evict every entry that uses a service",
        description="Counter-examples stay: what was found wrong is remembered. Each can be evicted by its id.",
        parameters=[OpenApiParameter("service", {"type": "string", "minLength": 1}, required=True)],
        responses={200: shapes.EvictedSerializer},
    )
    def delete(self, request: Request) -> Response:
        check_filters(request, "service")
        service = text(request, "service")
        if not service:
            raise BadRequest("Say which entries: `?service=NAME`.", code="service_missing")
        return Response({"evicted": storage.forget_using(project_of(request).pk, service)})


class OneEntry(APIView):
    scopes: Scopes = {"GET": Scope.CACHE_READ, "DELETE": Scope.CACHE_WRITE}

    @extend_schema(operation_id="get_cache_entry", summary="One cache entry", responses=shapes.EntrySerializer)
    def get(self, request: Request, entry_id: str) -> Response:
        return Response(shapes.EntrySerializer(_entry(request, entry_id)).data)

    @extend_schema(operation_id="evict_cache_entry", summary="Evict a cache entry", responses={204: None})
    def delete(self, request: Request, entry_id: str) -> Response:
        storage.forget(project_of(request).pk, [_entry(request, entry_id).pk])
        return Response(status=204)


class Replay(APIView):
    scopes: Scopes = {"POST": Scope.CACHE_WRITE}

    @extend_schema(
        operation_id="replay_cache_entry",
        summary="A new plan from a cache entry",
        description="With the values of this request, validated against today's services. Refusals and "
        "counter-examples hold no plan to serve: 409.",
        request=shapes.ReplayRequestSerializer,
        responses={201: shapes.PlanSerializer},
    )
    def post(self, request: Request, entry_id: str) -> Response:
        entry = _entry(request, entry_id)
        body = request.data
        if not isinstance(body, dict):
            raise BadRequest("Send a JSON object.", code="body_not_an_object")
        if unknown := sorted(set(body) - {"action", "params"}):
            raise BadRequest(f"Unknown member {unknown[0][:80]!r}.", code="unknown_member")
        asked = PlanRequest(
            action=parse_action(body.get("action", entry.action)),
            params=parse_params(body.get("params", entry.params)),
        )
        plan = plans.replay(entry, project=project_of(request), request=asked)
        return Response(
            shapes.plan_as_json(plan, attempts=False), status=201, headers={"Location": f"/v1/plans/{plan.id}"}
        )


class Explain(APIView):
    scopes: Scopes = {"POST": Scope.CACHE_READ}

    @extend_schema(
        operation_id="explain_cache",
        summary="What the cache would do with a request, and why",
        description="A dry run: nothing is served, counted, planned or changed. A plan's request can be sent as "
        "it is; `cache` and `wait_seconds` make no difference.",
        request=shapes.PlanRequestSerializer,
        responses=shapes.ExplanationSerializer,
    )
    def post(self, request: Request) -> Response:
        asked = parse_plan_request(request.data)
        return Response(plan_cache.explain(project_of(request), asked))


class CacheStats(APIView):
    scopes: Scopes = {"GET": Scope.CACHE_READ}

    @extend_schema(
        operation_id="get_cache_stats",
        summary="What the cache did for the project",
        description="Of finished plans: since the project began, or from the full hour of `since`, or of so "
        "many `hours` ago, on. `would_be_hits` are misses whose best candidate was refused; "
        "`misses_refused_by` says what by, and `guards` counts hits too that were served by a later candidate.",
        parameters=[
            OpenApiParameter("since", type=datetime),
            OpenApiParameter(
                "hours",
                {"type": "integer", "minimum": 1, "maximum": MOST_HOURS},
                description="Instead of `since`.",
            ),
        ],
        responses=shapes.CacheStatsSerializer,
    )
    def get(self, request: Request) -> Response:
        check_filters(request, "since", "hours")
        project, begun = project_of(request), since(request)
        return Response(replica.read(lambda: cache_stats(project, since=begun)))


def _entry(request: Request, entry_id: str) -> Entry:
    return get_object_or_404(Entry.objects.select_related("use"), project=project_of(request), pk=entry_id)
