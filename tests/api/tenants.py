"""Projects whose data can be told apart, and every operation of the API that could show one to another."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Model
from django.urls import URLPattern, URLResolver, get_resolver

from cache.models import Entry, EntryUse, EntryVector, ObservedWord
from orra.base.strictjson import Json
from planengine.catalogue import registry
from planengine.grounding import registry as groundings
from planengine.grounding.reading import read_grounding
from planengine.models import ApiKey, Attempt, Grounding, HitCheck, Label, Plan, Project, Service, UseCaseVector
from tests.api.mcp.agents import message
from tests.conftest import Api, object_schema

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Operation:
    """``route`` has its parameters in braces, as OpenAPI has."""

    method: str
    route: str

    def __str__(self) -> str:
        return f"{self.method} {self.route}"


def operations() -> list[Operation]:
    """All that the URL configuration has, but for the operators' pages."""
    found = [
        Operation(method.upper(), "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route))
        for route, view in _routes(get_resolver().url_patterns)
        if route and not route.startswith("admin/")
        for method in METHODS
        if _takes(view, method)
    ]
    return sorted(found, key=str)


def _routes(patterns: Sequence[URLPattern | URLResolver], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, route)
        else:
            yield route, pattern.callback


def _takes(view: Any, method: str) -> bool:
    """A view that is a plain function is asked by GET only."""
    kind = getattr(view, "cls", None) or getattr(view, "view_class", None)
    return method == "get" if kind is None else method in kind.http_method_names and hasattr(kind, method)


# What a project owns at a route with a parameter, and the bodies of what is sent there. An operation that is
# missing here fails a test: what is new must be shown to keep projects apart.
OWNED: Mapping[str, Callable[[Tenant], Sequence[str]]] = {
    "/v1/api-keys/{key_id}": lambda tenant: tenant.ids(ApiKey),
    "/v1/api-keys/{key_id}/rotate": lambda tenant: tenant.ids(ApiKey),
    "/v1/services/{name}": lambda tenant: tenant.values(Service, "name"),
    "/v1/services/{name}/dry-run": lambda tenant: tenant.values(Service, "name"),
    "/v1/groundings/{name}": lambda tenant: tenant.values(Grounding, "name"),
    "/v1/groundings/{name}/versions": lambda tenant: tenant.values(Grounding, "name"),
    "/v1/plans/{plan_id}": lambda tenant: tenant.ids(Plan),
    "/v1/plans/{plan_id}/events": lambda tenant: tenant.ids(Plan),
    "/v1/plans/{plan_id}/report": lambda tenant: tenant.ids(Plan),
    "/v1/cache/entries/{entry_id}": lambda tenant: tenant.ids(Entry),
    "/v1/cache/entries/{entry_id}/replay": lambda tenant: tenant.ids(Entry),
}
BODIES: Mapping[str, Callable[[Tenant], Sequence[Json]]] = {
    "POST /v1/projects": lambda tenant: [{"name": tenant.project.name}],
    "PATCH /v1/project": lambda tenant: [
        {"name": tenant.project.name},
        {"recheck_share": 1},
        {"tokens_per_day": 9},
        {"grounding_required": True},
        {},
    ],
    "POST /v1/api-keys": lambda tenant: [{"name": f"{tenant.token} key"}, {"scopes": ["plan"]}, {}],
    "POST /v1/api-keys/{key_id}/rotate": lambda tenant: [{"overlap_seconds": 60}, {}],
    "PUT /v1/services": lambda tenant: [
        {
            "services": [{"name": name, **facts} for name, facts in tenant.services.items()],
            "mode": mode,
            "dry_run": dry_run,
        }
        for mode in ("atomic", "each")
        for dry_run in (False, True)
    ],
    "PUT /v1/services/{name}": lambda tenant: list(tenant.services.values()),
    "POST /v1/services/{name}/dry-run": lambda tenant: list(tenant.services.values()),
    "PUT /v1/groundings/{name}": lambda tenant: [
        tenant.grounding,
        {**tenant.grounding, "version": "2"},
        {**tenant.grounding, "mode": "strict"},
        {},
    ],
    "POST /v1/plans": lambda tenant: [
        {**request, "cache": mode} for request in tenant.requests for mode in ("use", "only", "bypass", "refresh")
    ],
    "POST /v1/plans/{plan_id}/report": lambda tenant: [
        {"verdict": "wrong_plan"},
        {"verdict": "right_plan", "note": tenant.token},
        {},
    ],
    "POST /v1/cache/entries/{entry_id}/replay": lambda tenant: [{}, *tenant.requests],
    "POST /v1/cache/explain": lambda tenant: list(tenant.requests),
    "POST /mcp": lambda tenant: [
        message("resources/list"),
        *(message("resources/read", {"uri": f"orra://plans/{each}"}) for each in tenant.ids(Plan)),
        *(
            message("tools/call", {"name": name, "arguments": {"plan_id": each}})
            for each in tenant.ids(Plan)
            for name in ("get_plan", "report_wrong_plan")
        ),
        *(
            message("tools/call", {"name": "plan", "arguments": {**request, "idempotency_key": IDEMPOTENCY_KEY}})
            for request in tenant.requests
        ),
        *(message("tools/call", {"name": "explain", "arguments": request}) for request in tenant.requests),
    ],
}
WRITING = ("POST", "PUT", "PATCH")


@dataclass(frozen=True)
class Tenant:
    """A project that has something of everything, once it is filled. ``token`` stands in all that it has to
    itself; ``words`` in its requests, which tenants with equal words have in common."""

    token: str
    words: str
    project: Project
    api: Api

    @property
    def services(self) -> dict[str, Json]:
        return services_of(self.token, self.words)

    @property
    def requests(self) -> list[dict[str, Json]]:
        order = f"ORD-{self.words}-1"
        return [
            {"action": f"Refund order {order}", "params": {"order_id": order}},
            {"action": f"Please refund the order {order}", "params": {"order_id": order}},
            {"action": f"Find the {self.words} order", "params": {"order_id": order}},
            {"action": f"Paint {self.words} on the moon", "params": {}},
        ]

    @property
    def grounding(self) -> Json:
        """Of equal words by equal names; what it says holds the token."""
        use_case = {"action": f"Repaint the {self.words} fence", "intent": f"For {self.token}."}
        return {"domain": self.token, "version": "1", "use_cases": [use_case]}

    def fill(self) -> None:
        for name, facts in self.services.items():
            registry.register(self.project, name, facts)
        for name in (f"fences_{self.words}", f"fences_{self.token}"):
            groundings.apply(self.project, read_grounding(name, self.grounding))
        for request in self.requests:
            self.api.plan(request["action"], request["params"])
        hits = [self.api.plan(request["action"], request["params"]) for request in self.requests[:3]]
        assert {hit["source"] for hit in hits} <= {"exact", "semantic"}, hits
        self.api.post("/v1/plans", self.requests[0], **{"Idempotency-Key": IDEMPOTENCY_KEY})
        self.api.post(f"/v1/plans/{hits[2]['id']}/report", {"verdict": "wrong_plan"})
        ApiKey.issue(self.project, name=self.token)[0].revoke()

    def ids(self, model: type[Model]) -> list[str]:
        return self.values(model, "pk")

    def values(self, model: type[Model], field: str) -> list[str]:
        return [
            str(value)
            for value in model._default_manager.filter(project=self.project).values_list(field, flat=True)
        ]

    @cached_property
    def owned(self) -> dict[str, Sequence[str]]:
        return {route: of(self) for route, of in OWNED.items()}

    @cached_property
    def secrets(self) -> set[str]:
        """What no other project may ever be shown."""
        ids = {each for model in (ApiKey, Service, Grounding, Plan, Entry) for each in self.ids(model)}
        return ids | {self.token, self.project.pk, self.api.secret, *self.values(ApiKey, "prefix")}

    def rows(self) -> str:
        """All that the project has, as text."""
        project = {"project": self.project}
        sets = [
            Project.objects.filter(pk=self.project.pk),
            *(model._default_manager.filter(**project) for model in OWN),
            Attempt.objects.filter(plan__project=self.project),
            UseCaseVector.objects.filter(grounding__project=self.project).defer("embedding"),
            EntryUse.objects.filter(entry__project=self.project),
            EntryVector.objects.filter(entry__project=self.project).defer("embedding"),
        ]
        return json.dumps([list(rows.order_by("pk").values()) for rows in sets], default=str)


OWN: tuple[type[Model], ...] = (ApiKey, Service, Grounding, Plan, Entry, ObservedWord, HitCheck, Label)
IDEMPOTENCY_KEY = "the-same-for-everybody"


def services_of(token: str, words: str) -> dict[str, Json]:
    """Equal words, equal names and tasks; but what they demand, and so every plan, holds the token."""
    own = {"const": token}
    return {
        f"refund_{words}": {
            "type": "service",
            "description": f"Refund an order: give the customer the money back. ({token})",
            "input_schema": object_schema("order_id tenant", order_id="string", tenant=own),
            "output_schema": object_schema("refund_id", refund_id="string"),
            "revertible": True,
        },
        f"find_{words}": {
            "type": "agent",
            "description": f"Find an order by its order id, {words} orders too. ({token})",
            "input_schema": object_schema("order_id tenant", order_id="string", tenant=own),
            "output_schema": object_schema("customer_id", customer_id="string"),
            "revertible": False,
        },
    }
