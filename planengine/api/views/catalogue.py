"""Many services at once: registered together or each for itself, or only looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from orra.base.strictjson import Json
from orra.base.text import shorten
from planengine import tasks
from planengine.api import serializers as shapes
from planengine.api.problems import CONTENT_TYPE, MAX_PROBLEMS, problem, refusal
from planengine.api.reading.authentication import project_of
from planengine.api.reading.parsers import CatalogueParser
from planengine.api.reading.scopes import ANY, Scopes
from planengine.api.serializers.services import ATOMIC
from planengine.api.views.services import Services, facts_of
from planengine.catalogue.prospects import Prospect, Prospects, prospects_of, register_as_foreseen
from planengine.catalogue.registry import MEMBERS
from planengine.exceptions import BadRequest
from planengine.models import Scope

REFUSED = "services_refused"
NO_EVICTIONS = {"entries": 0, "pinned": 0, "voting": 0}

_SERVICE = {
    "name": "find_order",
    "description": "Finds an order by its number.",
    "input_schema": {"type": "object", "properties": {"order_id": {"type": "string"}}, "required": ["order_id"]},
    "output_schema": {"type": "object", "properties": {"customer_id": {"type": "string"}}},
    "annotations": {"readOnlyHint": True},
}
_CREATED: Json = {
    "changed": [*MEMBERS],
    "version": None,
    "next_version": 1,
    "evicts": NO_EVICTIONS,
    "name": "find_order",
    "outcome": "created",
    "problem": None,
}
_REFUSED: Json = {
    "changed": [],
    "version": None,
    "next_version": None,
    "evicts": NO_EVICTIONS,
    "name": "find order",
    "outcome": "refused",
    "problem": problem(400, "invalid_service_name", "A service's name is 1 to 100 letters, digits, …"),
}
EXAMPLES = [
    OpenApiExample("Look first", {"services": [_SERVICE], "dry_run": True}, request_only=True),
    OpenApiExample("All or none", {"services": [_SERVICE]}, request_only=True),
    OpenApiExample("Those that are right", {"services": [_SERVICE], "mode": "each"}, request_only=True),
    OpenApiExample(
        "One created, one refused",
        {"stored": True, "services": [_CREATED, _REFUSED], "evicts": NO_EVICTIONS},
        response_only=True,
        status_codes=["200"],
    ),
]


class Catalogue(Services):
    """The list of services, and many of them put at once."""

    scopes: Scopes = {"GET": ANY, "PUT": Scope.ADMIN}
    parser_classes = (CatalogueParser,)

    @extend_schema(
        operation_id="put_services",
        summary="Register or change many services",
        description="Each as `PUT /v1/services/{name}` would, in one transaction: none is seen without others. "
        "In the mode `atomic` one that is refused keeps all from being stored: 400 with the code "
        f"`{REFUSED}`, where `services` tells of each. A dry run is always answered with 200.",
        request=shapes.ManyServicesSerializer,
        responses={200: shapes.ServicesOutcomeSerializer},
        examples=EXAMPLES,
    )
    def put(self, request: Request) -> Response:
        serializer = shapes.ManyServicesSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        asked = serializer.validated_data
        right, refused = _checked(asked["services"])
        store = not asked["dry_run"] and not (asked["mode"] == ATOMIC and refused)
        project = project_of(request)
        foreseen = (register_as_foreseen if store else prospects_of)(project, right)
        outcomes = _outcomes(asked["services"], foreseen, refused)
        if refused and asked["mode"] == ATOMIC and not asked["dry_run"]:
            return _all_refused(outcomes, refused)
        if store:
            for name, prospect in foreseen.services.items():
                if prospect.changed:
                    tasks.compare_with_cached_plans(project.pk, name)
        return Response({"stored": store, "services": outcomes, "evicts": asdict(foreseen.evicts)})


def _checked(services: Sequence[Json]) -> tuple[dict[str, dict[str, Any]], dict[int, dict[str, Json]]]:
    """What is said of each service by name, and by its place the problem of each that is refused."""
    times = Counter(name for each in services if isinstance(name := _name_of(each), str))
    right: dict[str, dict[str, Any]] = {}
    refused: dict[int, dict[str, Json]] = {}
    serializer = shapes.ServiceSerializer()
    for place, service in enumerate(services):
        name = _name_of(service)
        try:
            if not isinstance(service, dict):
                raise BadRequest("Each service must be a JSON object.", code="body_not_an_object")
            if isinstance(name, str) and times[name] > 1:
                detail = f"{times[name]} of the services have this name. Send one of them."
                raise BadRequest(detail, code="duplicate_service")
            said = {member: value for member, value in service.items() if member != "name"}
            right[name] = facts_of(name, said, serializer)
        except (BadRequest, ValidationError) as error:
            refused[place] = refusal(error)
    return right, refused


def _name_of(service: Json) -> Json:
    return service.get("name") if isinstance(service, dict) else None


def _outcomes(
    services: Sequence[Json], foreseen: Prospects, refused: Mapping[int, dict[str, Json]]
) -> list[dict[str, Json]]:
    return [
        _refused(_name_of(service), refused[place])
        if place in refused
        else _outcome(service["name"], foreseen.services[service["name"]])
        for place, service in enumerate(services)
    ]


def _outcome(name: str, prospect: Prospect) -> dict[str, Json]:
    outcome = "created" if prospect.before is None else "changed" if prospect.changed else "unchanged"
    return {"name": name, "outcome": outcome, **prospect.as_dict(), "problem": None}


def _refused(name: Json, why: dict[str, Json]) -> dict[str, Json]:
    nothing: dict[str, Json] = {"changed": [], "version": None, "next_version": None, "evicts": NO_EVICTIONS}
    return {
        "name": shorten(name, 100) if isinstance(name, str) else "",
        "outcome": "refused",
        **nothing,
        "problem": why,
    }


def _all_refused(outcomes: list[dict[str, Json]], refused: Mapping[int, dict[str, Json]]) -> Response:
    count = len(refused)
    detail = (
        f"{count} of {len(outcomes)} services {'is' if count == 1 else 'are'} refused, so none is stored. Mend "
        'what `services` tells of them, or send them with `"mode": "each"` to store the others.'
    )
    problems: list[Json] = [
        {"field": f"services.{place}", "code": why["code"], "message": why["detail"]}
        for place, why in list(refused.items())[:MAX_PROBLEMS]
    ]
    body = problem(400, REFUSED, detail, problems=problems)
    return Response({**body, "services": outcomes}, status=400, content_type=CONTENT_TYPE)
