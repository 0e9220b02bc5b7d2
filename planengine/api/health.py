"""``/livez`` says the process answers, ``/readyz`` that what it needs does too, ``/metrics`` how it fares."""

from __future__ import annotations

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema
from prometheus_client import CONTENT_TYPE_LATEST
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from orra.celery import app
from orra.metrics import exposition


class Live(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(operation_id="livez", summary="Does the process answer?", responses={200: {"type": "object"}})
    def get(self, request: Request) -> Response:
        return Response({"status": "ok"})


class Ready(APIView):
    """The database is there and migrated: requests can be accepted. A broker that is down delays planning, loses
    nothing, so it is told but does not make the process unready."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="readyz",
        summary="Can it take requests?",
        responses={200: {"type": "object"}, 503: {"type": "object"}},
    )
    def get(self, request: Request) -> Response:
        database = _database()
        body = {"status": "ok" if database == "ok" else "unavailable", "database": database, "broker": _broker()}
        return Response(body, status=200 if database == "ok" else 503)


def metrics(request: HttpRequest) -> HttpResponse:
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST)


def _database() -> str:
    try:
        executor = MigrationExecutor(connection)
        behind = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return "unreachable"
    return "migrations pending" if behind else "ok"


def _broker() -> str:
    try:
        with app.connection_for_write(connect_timeout=1) as broker:
            broker.ensure_connection(max_retries=0, timeout=1)
    except Exception:  # whatever the transport raises: the answer is the same
        return "unreachable"
    return "ok"
