"""``/livez`` says the process answers, ``/readyz`` that what it needs does too, ``/metrics`` how it fares."""

from __future__ import annotations

import functools

from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from orra.base.database.replica import Gauges as ReplicaGauges
from orra.base.database.replica import replica
from orra.base.metrics import exposition
from planengine.accounting import exemplars
from planengine.accounting.backlog import Gauges
from planengine.lifecycle.broker import is_reachable

OK = "ok"
PENDING = "migrations pending"


class Live(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="livez",
        summary="Does the process answer?",
        responses={200: {"type": "object"}},
        tags=["health"],
    )
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
        tags=["health"],
    )
    def get(self, request: Request) -> Response:
        status, told = readiness()
        return Response(told, status=status)


class Metrics(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        body, content_type = exposition(
            request.headers.get("Accept", ""), Gauges(), ReplicaGauges(), exemplars=exemplars.newest
        )
        return HttpResponse(body, content_type=content_type)


def readiness() -> tuple[int, dict[str, str]]:
    """The status, and what is told."""
    database = database_state()
    broker = "ok" if is_reachable() else "unreachable"
    told = {"status": OK if database == OK else "unavailable", "database": database, "broker": broker}
    if replica.is_there:
        told["replica"] = OK if replica.is_fresh else str(replica.standing)
    return 200 if database == OK else 503, told


@functools.cache
def newest_migrations() -> frozenset[tuple[str, str]]:
    """By app. The files of a running process do not change, and reading them takes long."""
    return frozenset(MigrationLoader(None).graph.leaf_nodes())


def database_state() -> str:
    """:data:`OK`, :data:`PENDING`, or that it cannot be reached."""
    try:
        applied = MigrationRecorder(connection).applied_migrations().keys()
    except DatabaseError:
        return "unreachable"
    return OK if newest_migrations() <= applied else PENDING
