"""The REST API: parse, call one domain function, answer. Only these edges enqueue."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cache import storage
from cache.models import Entry
from orra.base.database.replica import replica
from orra.base.strictjson import InvalidJson, Json, check
from orra.serving.arrivals import arrived_at
from planengine import tasks
from planengine.accounting.statistics import cache_stats
from planengine.api import serializers as shapes
from planengine.api.authentication import MayRegister
from planengine.api.pagination import PagesByName
from planengine.api.queries import MOST_HOURS, OF_EVERY_LIST, check_filters, choice, moment, since, text
from planengine.api.scopes import ANY, Scopes
from planengine.catalogue import registry
from planengine.catalogue.prospects import prospect_of
from planengine.evaluation import shadow
from planengine.exceptions import BadRequest
from planengine.lifecycle import plans
from planengine.lifecycle.waiting import REPLAYED_HEADER, WAIT_HEADER
from planengine.models import Plan, Project, Scope, Service, open_project
from planengine.models.states import PlanSource, PlanStatus
from planengine.requests import PlanRequest, parse_action, parse_idempotency_key, parse_params, parse_plan_request
from planengine.reuse import plan_cache

RETRY_AFTER_SECONDS = "1"  # when to look at a plan that is being made


def project_of(request: Request) -> Project:
    assert isinstance(request.user, Project)
    return request.user


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
    return dict((serializer or shapes.ServiceSerializer()).run_validation(_storable(body)))


@extend_schema(exclude=True)
class MisnamedService(APIView):
    """A name that no service can have: said as such, because the path alone would not be found."""

    scopes: Scopes = {"GET": ANY, "PUT": ANY, "DELETE": ANY}

    def put(self, request: Request, name: str) -> Response:
        raise BadRequest(registry.NAME_RULE, code="invalid_service_name")

    get = delete = put


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
        serializer = shapes.ReportSerializer(data=_storable(request.data))
        serializer.is_valid(raise_exception=True)
        told = serializer.validated_data
        shadow.report(plan, wrong=told["verdict"] == shapes.WRONG_PLAN, note=told["note"])
        return Response(shapes.plan_as_json(plan))


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


def _storable(body: Json) -> Json:
    try:
        check(body)
    except InvalidJson as error:
        raise BadRequest(str(error), code=error.code) from None
    return body
