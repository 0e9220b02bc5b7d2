"""What the list of plans is narrowed down by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.db.models.fields.json import KT
from django.http import HttpRequest

from orra.base.database.replica import read_connection
from orra.base.strictjson import InvalidJson, Json, parse
from orra.operators.display import brief
from orra.operators.pages import ChosenFilter
from planengine.admin.parts.contents import sees_contents
from planengine.models import Plan
from planengine.requests import MAX_FIELD_CHARACTERS

MAX_CODES = 40
# Params have no index, which every request would pay for: so many of the newest plans are looked through.
LOOKED_THROUGH = 10_000
MAX_VALUE = 500

# Each code that there is, by a step through the index from one to the next.
CODES = """
    WITH RECURSIVE known AS (
        (SELECT error ->> 'code' AS code, 1 AS number FROM planengine_plan WHERE error IS NOT NULL
            AND error ->> 'code' IS NOT NULL ORDER BY error ->> 'code' LIMIT 1)
        UNION ALL
        SELECT (SELECT error ->> 'code' FROM planengine_plan WHERE error IS NOT NULL
            AND error ->> 'code' > known.code ORDER BY error ->> 'code' LIMIT 1), number + 1
        FROM known WHERE known.code IS NOT NULL AND number < %s
    )
    SELECT code FROM known WHERE code IS NOT NULL
"""


class ErrorFilter(admin.SimpleListFilter):
    title = "error"
    parameter_name = "error"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        with read_connection().cursor() as cursor:
            cursor.execute(CODES, [MAX_CODES])
            codes = [code for (code,) in cursor.fetchall()]
        chosen = request.GET.get(self.parameter_name)
        return [(code, brief(code)) for code in dict.fromkeys([*codes, *([chosen] if chosen else [])])]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Plan]) -> QuerySet[Plan]:
        chosen = self.value()
        if not chosen:
            return queryset
        return queryset.alias(error_code=KT("error__code")).filter(error__isnull=False, error_code=chosen)


class ReasonFilter(ChosenFilter):
    title = "reason of the cache"
    parameter_name = "reason"
    lookup = "decision_reason"


class ServedByFilter(ChosenFilter):
    title = "served by the entry"
    parameter_name = "entry"
    lookup = "cache_entry_id"


class ParamFilter(admin.ListFilter):
    """``field=value``, for those who may see contents. It comes after all other filters: the newest of what these
    leave are looked through."""

    title = "param"
    template = "admin/planengine/plan/param_filter.html"
    parameter_name = "param"

    def __init__(
        self, request: HttpRequest, params: dict[str, list[str]], model: type[Plan], model_admin: Any
    ) -> None:
        super().__init__(request, params, model, model_admin)
        given = params.pop(self.parameter_name, [""])
        self.given = given[-1] if isinstance(given, list) else given
        self.allowed = sees_contents(request)
        self.others = [
            (name, value)
            for name, values in request.GET.lists()
            for value in values
            if name not in (self.parameter_name, "p")
        ]
        self.most = LOOKED_THROUGH

    def has_output(self) -> bool:
        return self.allowed or bool(self.given)

    def expected_parameters(self) -> list[str | None]:
        return [self.parameter_name]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        yield {
            "selected": bool(self.given),
            "query_string": changelist.get_query_string(remove=[self.parameter_name]),
            "display": "All",
        }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Plan]) -> QuerySet[Plan]:
        if not self.given:
            return queryset
        if not self.allowed:
            messages.error(request, "Params are contents, which you may not see: they cannot be searched.")
            return queryset.none()
        field, equals, value = self.given.partition("=")
        if not equals or not field.strip() or len(field) > MAX_FIELD_CHARACTERS or len(value) > MAX_VALUE:
            messages.error(
                request,
                f"Write field=value, with at most {MAX_VALUE} characters of value: order_id=ORD-17.",
            )
            return queryset.none()
        newest = queryset.order_by("-created_at", "-id").values("pk")[:LOOKED_THROUGH]
        return Plan.objects.filter(_has(field.strip(), value), pk__in=newest).select_related("project")


def _has(field: str, value: str) -> Q:
    """The value as text, and as what it is as JSON: ``copies=2`` finds the number too."""
    found = Q(params__contains=[{"field": field, "value": value}])
    as_json = _parsed(value)
    return found if as_json is None else found | Q(params__contains=[{"field": field, "value": as_json}])


def _parsed(value: str) -> Json:
    try:
        return parse(value)
    except InvalidJson:
        return None
