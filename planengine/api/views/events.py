"""A plan's events. Where more are to come, :mod:`orra.asgi` goes on with the response."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from orra.base.database.replica import replica
from planengine.api.reading.authentication import project_of
from planengine.api.reading.scopes import Scopes
from planengine.exceptions import BadRequest
from planengine.lifecycle.events import BEFORE_ALL, OPENING, Story, parse_place
from planengine.lifecycle.listening import Listener, stories_of
from planengine.lifecycle.waiting import EVENTS_HEADER
from planengine.models import Plan, Project, Scope


class PlanEvents(APIView):
    scopes: Scopes = {"GET": Scope.PLAN}

    @extend_schema(
        operation_id="listen_to_plan",
        summary="What happens to a plan, as server-sent events",
        description="From the beginning, or after `Last-Event-ID`; ends when the plan is finished. A finished "
        "plan's events are told again. They are `queued`, `cache` (the decision and its votes), "
        "`attempt_started`, `answered` or `attempt_failed`, `problems_found`, `retry`, and at last "
        "`ready`, `not_actionable` or `failed`. Two have "
        "no id, because they tell how things are now: `progress` (characters of reasoning and answer so far) and "
        "`following` (the plan that is made for both, whose attempts are told here too). Each event's data is a "
        "JSON object. In a project with `event_contents`, `progress` also tells what the model has thought and "
        "written since the `progress` before it, and `answered` (or `attempt_failed`, as far as it came) all of "
        'it: `reasoning` and `answer` are `{"from": 120, "text": "…"}`, the text that begins with this character.',
        parameters=[
            OpenApiParameter(
                "Last-Event-ID",
                {"type": "string", "pattern": "^(([0-9]{1,19}|end)[.][0-9])?$"},
                location=OpenApiParameter.HEADER,
                description="The id of the last event that the client has; browsers send it by themselves.",
            )
        ],
        responses={
            (200, "text/event-stream"): OpenApiTypes.STR,
            204: OpenApiResponse(description="The plan is finished and the client has all of it."),
        },
    )
    def get(self, request: Request, plan_id: str) -> HttpResponseBase:
        last = request.headers.get("Last-Event-ID", "")
        place = parse_place(last) if last else BEFORE_ALL
        if place is None:
            detail = "`Last-Event-ID` must be an event's id as it was received."
            raise BadRequest(detail, code="invalid_last_event_id")
        project, listener = project_of(request), Listener(plan_id, place)
        # What is not finished goes on just now.
        story = replica.read(lambda: _story(project, listener), will_do=lambda told: bool(told and told.finished))
        if story is None:
            raise Http404
        events = story.after(place)
        if story.finished and not events:
            return HttpResponse(status=204)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        if not story.finished and request.method == "GET":
            headers[EVENTS_HEADER] = str(events[-1].place if events else place)
        body = OPENING + b"".join(event.encode() for event in events)
        return HttpResponse(body, content_type="text/event-stream; charset=utf-8", headers=headers)


def _story(project: Project, listener: Listener) -> Story | None:
    """``None`` where the project has no such plan."""
    if not Plan.objects.filter(project=project, pk=listener.plan_id).exists():
        return None
    return stories_of([listener])[listener]
