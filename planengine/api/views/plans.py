"""Plans: asked for, listed, looked at, reported on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from orra.base.database.replica import replica
from orra.serving.arrivals import arrived_at
from planengine import tasks
from planengine.api import serializers as shapes
from planengine.api.reading.authentication import project_of
from planengine.api.reading.parsers import storable
from planengine.api.reading.queries import OF_EVERY_LIST, check_filters, choice, moment, text
from planengine.api.reading.scopes import Scopes
from planengine.evaluation import shadow
from planengine.lifecycle import plans
from planengine.lifecycle.waiting import REPLAYED_HEADER, WAIT_HEADER
from planengine.models import Plan, Scope
from planengine.models.states import PlanSource, PlanStatus
from planengine.requests import parse_idempotency_key, parse_plan_request

RETRY_AFTER_SECONDS = "1"  # when to look at a plan that is being made
PLAN_FILTERS = ("status", "source", "entry_id", "created_after", "created_before")


class Plans(generics.ListAPIView[Plan]):
    scopes: Scopes = {"GET": Scope.PLAN, "POST": Scope.PLAN}
    queryset = Plan.objects.none()
    serializer_class = shapes.PlanSerializer

    @extend_schema(
        operation_id="create_plan",
        summary="Ask for a plan",
        description="Served from the cache where it can be, planned where it must. 201 with a finished plan, "
        "202 with its `Location` when it is not finished within `wait_seconds`. A key that was used before gives "
        "the plan of then, whatever became of it, with 200 and the header `Idempotency-Replayed: true`: to ask "
        "again after a failure takes a new key.",
        request=shapes.PlanRequestSerializer,
        parameters=[
            OpenApiParameter(
                "Idempotency-Key",
                {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
                location=OpenApiParameter.HEADER,
                description="Sending the same request again with the same key gives the same plan, a failed one "
                "too.",
            )
        ],
        responses={
            200: OpenApiResponse(shapes.PlanSerializer, "Finished, and asked for before with this key."),
            201: OpenApiResponse(shapes.PlanSerializer, "Finished."),
            202: OpenApiResponse(shapes.PlanSerializer, "Being planned: see `Location`."),
        },
    )
    def post(self, request: Request) -> Response:
        idempotency_key = parse_idempotency_key(request.headers.get("Idempotency-Key"))
        asked = parse_plan_request(request.data)
        plan, created = plans.ask(
            project_of(request),
            asked,
            idempotency_key=idempotency_key,
            arrived_at=arrived_at(request.META.get("asgi.scope", {})),
        )
        headers = {"Location": f"/v1/plans/{plan.id}"}
        if not created:
            headers[REPLAYED_HEADER] = "true"
        body = shapes.plan_as_json(plan, attempts=not created)
        if created:
            tasks.follow_up(plan)
        if plan.is_finished:
            return Response(body, status=201 if created else 200, headers=headers)
        headers["Retry-After"] = RETRY_AFTER_SECONDS
        if asked.wait_seconds:
            headers[WAIT_HEADER] = str(asked.wait_seconds)
        return Response(body, status=202, headers=headers)

    @extend_schema(
        operation_id="list_plans",
        summary="The project's plans, newest first",
        description="The plans' attempts are left out here.",
        parameters=[
            OpenApiParameter("status", enum=PlanStatus.values),
            OpenApiParameter("source", enum=PlanSource.values),
            OpenApiParameter("entry_id", description="Served by this cache entry."),
            OpenApiParameter("created_after", type=datetime),
            OpenApiParameter("created_before", type=datetime),
        ],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return replica.read(self._page)

    def _page(self) -> Response:
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response([shapes.plan_as_json(plan, attempts=False) for plan in page or []])

    def get_queryset(self) -> QuerySet[Plan]:
        check_filters(self.request, *PLAN_FILTERS, *OF_EVERY_LIST)
        filters: dict[str, object] = {
            "status": choice(self.request, "status", PlanStatus.values),
            "source": choice(self.request, "source", PlanSource.values),
            "cache_entry_id": text(self.request, "entry_id"),
            "created_at__gt": moment(self.request, "created_after"),
            "created_at__lt": moment(self.request, "created_before"),
        }
        wanted = {name: value for name, value in filters.items() if value is not None}
        return Plan.objects.filter(project=project_of(self.request), **wanted)


class OnePlan(APIView):
    scopes: Scopes = {"GET": Scope.PLAN}

    @extend_schema(operation_id="get_plan", summary="One plan", responses=shapes.PlanSerializer)
    def get(self, request: Request, plan_id: str) -> Response:
        plan = get_object_or_404(Plan, project=project_of(request), pk=plan_id)
        return Response(shapes.plan_as_json(plan))


class Report(APIView):
    scopes: Scopes = {"POST": Scope.PLAN}

    @extend_schema(
        operation_id="report_plan",
        summary="Say that a plan is wrong, or right after all",
        description="Of any plan that is ready, wherever it came from. A wrong one does not come back for such a "
        "request: not from its cache entry, which serves nobody any more, nor from another, nor from a planner. A "
        "right one votes on what similar requests mean; it takes back an earlier `wrong_plan`. Without a body: "
        "`wrong_plan`.",
        request=shapes.ReportSerializer,
        responses={200: shapes.PlanSerializer},
    )
    def post(self, request: Request, plan_id: str) -> Response:
        plan = get_object_or_404(Plan.objects.select_related("project"), project=project_of(request), pk=plan_id)
        serializer = shapes.ReportSerializer(data=storable(request.data))
        serializer.is_valid(raise_exception=True)
        told = serializer.validated_data
        shadow.report(plan, wrong=told["verdict"] == shapes.WRONG_PLAN, note=told["note"])
        return Response(shapes.plan_as_json(plan))
