"""What a project's plans cost."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from django.utils.dateparse import parse_date
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from orra.base.database.replica import replica
from planengine.accounting.usage import usage_since
from planengine.api.reading.authentication import project_of
from planengine.api.reading.queries import check_filters
from planengine.api.reading.scopes import Scopes
from planengine.exceptions import BadRequest
from planengine.models import Scope

DAYS = 30


class SavedSerializer(serializers.Serializer):  # type: ignore[type-arg]
    calls = serializers.IntegerField()
    tokens = serializers.IntegerField()
    cost = serializers.FloatField(
        allow_null=True, help_text="At the prices of when the entries were planned; of hits whose cost is known."
    )


class ModelChecksSerializer(serializers.Serializer):  # type: ignore[type-arg]
    calls = serializers.IntegerField()
    tokens = serializers.IntegerField(help_text="Estimated ones included.")
    cost = serializers.FloatField(allow_null=True)


class BudgetSerializer(serializers.Serializer):  # type: ignore[type-arg]
    tokens = serializers.IntegerField(help_text="Used today or reserved for calls in flight.")
    tokens_per_day = serializers.IntegerField(allow_null=True, help_text="The budget; null when there is none.")
    resets_at = serializers.DateTimeField()


class UsageTotalsSerializer(serializers.Serializer):  # type: ignore[type-arg]
    since = serializers.DateField()
    calls = serializers.IntegerField(
        help_text="Model calls that ended, for re-checks of hits and model checks too."
    )
    unknown_calls = serializers.IntegerField(help_text="Of these, those whose tokens the server did not tell.")
    unpriced_calls = serializers.IntegerField(help_text="Of these, those whose cost is not known.")
    prompt_tokens = serializers.IntegerField()
    completion_tokens = serializers.IntegerField()
    estimated_tokens = serializers.IntegerField(help_text="Of the unknown calls, by their characters.")
    cost = serializers.FloatField(allow_null=True, help_text="Of the calls whose cost is known.")
    model_checks = ModelChecksSerializer(
        help_text="Of all these, what asking a model whether near entries mean the same took."
    )
    saved = SavedSerializer(help_text="By hits: what planning their entries had cost.")
    today = BudgetSerializer()


class ProjectUsage(APIView):
    scopes: Scopes = {"GET": Scope.CACHE_READ}

    @extend_schema(
        operation_id="get_usage",
        summary="Tokens, money and calls, and what the cache saved",
        parameters=[
            OpenApiParameter("since", type=date, description=f"The first day (UTC); default: {DAYS} days ago.")
        ],
        responses=UsageTotalsSerializer,
    )
    def get(self, request: Request) -> Response:
        check_filters(request, "since")
        raw = request.query_params.get("since")
        since = _day(raw) if raw is not None else datetime.now(UTC).date() - timedelta(days=DAYS)
        project = project_of(request)
        return Response(replica.read(lambda: usage_since(project, since)))


def _day(text: str) -> date:
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise BadRequest("`since` must be a day such as 2026-01-31.", code="invalid_filter")
    return day
