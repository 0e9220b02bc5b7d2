"""What agents can read: plans, whole, as ``GET /v1/plans/{id}`` tells them."""

from __future__ import annotations

import copy
import json
import re
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

from django.http import QueryDict
from rest_framework.request import Request

from orra.base.strictjson import Json
from orra.base.text import shorten
from planengine.api.mcp.messages import INVALID_PARAMS, Fault
from planengine.api.mcp.versions import HANDSHAKE
from planengine.api.problems import problem
from planengine.api.reading.pagination import Pages
from planengine.api.serializers import plan_as_json
from planengine.exceptions import BadRequest
from planengine.models import Plan, Project

KIND = "application/json"
MAX_TITLE_CHARACTERS = 100
# What the revisions that begin with a handshake call a resource that is not there.
RESOURCE_NOT_FOUND: Final = -32002
_ADDRESS = re.compile(r"orra://plans/([^/?#]{1,200})")
TEMPLATES: list[Json] = [
    {
        "uriTemplate": "orra://plans/{plan_id}",
        "name": "plan",
        "title": "A plan",
        "description": "A plan with all that came of it: the cache's decision, attempts, usage, timings.",
        "mimeType": KIND,
    }
]


class _Newest(Pages):
    """The pages of the REST API's list, a size for all."""

    def get_page_size(self, request: Request) -> int:
        return self.page_size


def newest_plans(project: Project, cursor: Json, *, request: Request) -> dict[str, Json]:
    """A page of the project's plans as resources, with the cursor of the next one if there is one. Raises
    :class:`Fault` for a cursor that no page gave out."""
    if not isinstance(cursor, str | None):
        raise Fault(INVALID_PARAMS, "`cursor` must be the `nextCursor` of a page.")
    asked = copy.copy(request._request)
    asked.GET = QueryDict(urlencode({} if cursor is None else {"cursor": cursor}))
    pages = _Newest()
    try:
        plans = pages.paginate_queryset(Plan.objects.filter(project=project), Request(asked)) or []
    except BadRequest as error:
        raise Fault(INVALID_PARAMS, error.message) from None
    answer: dict[str, Json] = {"resources": [_described(plan) for plan in plans]}
    if (following := pages.get_next_link()) is not None:
        answer["nextCursor"] = parse_qs(urlsplit(following).query)["cursor"][0]
    return answer


def read(project: Project, uri: Json, *, version: str) -> dict[str, Json]:
    """The plan at an address. Raises :class:`Fault`, the same for one of another project as for none."""
    found = _ADDRESS.fullmatch(uri) if isinstance(uri, str) else None
    plan = found and Plan.objects.filter(project=project, pk=found[1]).first()
    if plan is None:
        told = problem(404, "not_found", "Resources are plans: `orra://plans/{id}`, with an id of this project.")
        code = RESOURCE_NOT_FOUND if version in HANDSHAKE else INVALID_PARAMS
        raise Fault(code, "There is no such resource, or it belongs to another project.", data=told)
    return {
        "contents": [{"uri": uri, "mimeType": KIND, "text": json.dumps(plan_as_json(plan), ensure_ascii=False)}]
    }


def link_to(plan: Plan) -> dict[str, Json]:
    """The plan, whole, as a part of a tool's answer."""
    return {"type": "resource_link", **_described(plan)}


def _described(plan: Plan) -> dict[str, Json]:
    return {
        "uri": f"orra://plans/{plan.id}",
        "name": plan.id,
        "title": shorten(plan.action, MAX_TITLE_CHARACTERS),
        "description": f"A plan, {plan.get_status_display()}.",
        "mimeType": KIND,
        "annotations": {"lastModified": (plan.finished_at or plan.created_at).isoformat()},
    }
