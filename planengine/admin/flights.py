"""Plans that are made together: who leads, who waits for whom, and for how long already."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from orra.operators.display import brief
from orra.operators.pages import ProjectFilter, ReadOnlyAdmin, badge, link_to
from planengine.models import Flight, Follower, Plan, Project

MAX_FOLLOWERS_SHOWN = 50


@admin.register(Flight)
class FlightAdmin(ReadOnlyAdmin):
    """The ones that began first come first: they are what everybody waits for."""

    list_display = ("leader_id", "asked", "project", "followers_count", "state", "started_at", "token")
    list_filter = ("started_at", ProjectFilter)
    list_select_related = ("project",)
    search_fields = ("leader_id__exact", "followers__plan__id__exact", "project__name", "project__id__exact")
    search_help_text = "The id of a plan that leads or follows, or a project's name or id."
    ordering = ("started_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Flight]:
        flights: QuerySet[Flight] = super().get_queryset(request)
        led_by = Plan.objects.filter(pk=OuterRef("leader_id"))
        return flights.annotate(
            action=Subquery(led_by.values("action")[:1]), followers_total=Count("followers", distinct=True)
        )

    @admin.display(description="action")
    def asked(self, flight: Any) -> str:
        return brief(flight.action or "")

    @admin.display(description="followers", ordering="followers_total")
    def followers_count(self, flight: Any) -> int:
        return int(flight.followers_total)

    @admin.display(description="state", ordering="lease_expires_at")
    def state(self, flight: Flight) -> SafeString:
        return _state(flight)

    def page(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        followers = row.followers.select_related("plan").order_by("since")[:MAX_FOLLOWERS_SHOWN]
        may_view_plans = self.may_view(Plan, request)
        return {
            "subtitle": row.leader_id,
            "flight": row,
            "state": _state(row),
            "project_link": link_to(row.project) if self.may_view(Project, request) else brief(row.project.name),
            "leader_there": may_view_plans and Plan.objects.filter(pk=row.leader_id).exists(),
            "followers": followers if may_view_plans else [],
            "followers_left_out": max(0, row.followers_total - MAX_FOLLOWERS_SHOWN),
        }


@admin.register(Follower)
class FollowerAdmin(ReadOnlyAdmin):
    list_display = ("plan", "waits_for", "since")
    list_filter = ("since",)
    list_select_related = ("plan", "flight")
    list_defer = ("plan__params", "plan__plan", "plan__error")
    search_fields = ("plan__id__exact", "flight__leader_id__exact")
    search_help_text = "The id of a plan that follows or leads."
    ordering = ("since",)
    fields = ("plan", "waits_for", "since")

    @admin.display(description="waits for", ordering="flight__leader_id")
    def waits_for(self, follower: Follower) -> str:
        return follower.flight.leader_id if follower.flight else "a worker, to be planned for itself"


def _state(flight: Flight) -> SafeString:
    if flight.lease_expires_at > timezone.now():
        return badge("good", "in the air")
    return badge("warning", "its worker was lost, the next takes it over")
