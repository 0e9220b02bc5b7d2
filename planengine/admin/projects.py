"""Projects: their settings, and the way to everything that is theirs."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, IntegerField, Model, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cache.models import Entry
from cache.reembedding import OLDEST, count_older_readings
from orra.operators.pages import MAX_COUNTED, OperatorAdmin, list_of, page_of
from planengine.accounting import wrong_hits
from planengine.accounting.calibration import adjustment_of, calibration
from planengine.admin.catalogue.example_pages import examples_of
from planengine.admin.dashboard import alerts
from planengine.admin.project_parts.promise import near_misses, plot, promise_of
from planengine.admin.project_parts.settings import ProjectForm
from planengine.admin.project_parts.usage import shares_of
from planengine.embeddings.calibration import floor_for
from planengine.evaluation import shadow
from planengine.models import (
    ApiKey,
    DailyUsage,
    Grounding,
    HitCheck,
    Label,
    Plan,
    Project,
    SavedRequest,
    Service,
    Tally,
)

FLOOR_ORIGINS = {
    "project": "this project's threshold",
    "closed": "hits by meaning are closed",
    "calibrated": "measured for the embedding model",
    "built_in": "what the embedding model comes with",
}
MAX_KEYS_SHOWN = 20
PARTS: tuple[type[Model], ...] = (Plan, Entry, Service, Grounding, ApiKey)
KEPT_OF_IT: tuple[type[Model], ...] = (HitCheck, Label, DailyUsage, Tally)


@admin.register(Project)
class ProjectAdmin(OperatorAdmin):
    form = ProjectForm
    list_display = ("name", "id", "services_count", "entries_count", "catalogue_policy", "created_at")
    list_filter = ("catalogue_policy", "created_at")
    search_fields = ("name", "id__exact")
    search_help_text = "Part of a name, or an id."
    readonly_fields = (
        "id",
        "catalogue_revision",
        "groundings_revision",
        "semantic_closed_at",
        "floor_in_use",
        "learned",
        "created_at",
    )
    actions = ("reopen",)
    fieldsets = (
        (None, {"fields": ("name", "id", "created_at")}),
        (
            "Cache",
            {"fields": ("cache_ttl_seconds", "cache_max_entries", "similarity_threshold", "floor_in_use")},
        ),
        ("Budget", {"fields": ("tokens_per_day",)}),
        (
            "Wrong hits",
            {"fields": ("wrong_hit_tolerance", "learned", "recheck_share", "semantic_closed_at", "model_check")},
        ),
        ("Services", {"fields": ("catalogue_policy", "catalogue_revision")}),
        ("Groundings", {"fields": ("grounding_required", "groundings_revision")}),
        ("Planning", {"fields": ("repair", "event_contents")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Project]:
        rows: QuerySet[Project] = super().get_queryset(request)
        if request.resolver_match is not None and "object_id" in request.resolver_match.kwargs:
            return rows  # a project's own page does not count
        return rows.annotate(services_total=_count_of(Service), entries_total=_count_of(Entry))

    @admin.display(description="services")
    def services_count(self, project: Any) -> SafeString:
        return format_html('<a href="{}">{}</a>', list_of(Service, project=project.pk), project.services_total)

    @admin.display(description="cache entries")
    def entries_count(self, project: Any) -> SafeString:
        return format_html('<a href="{}">{}</a>', list_of(Entry, project=project.pk), project.entries_total)

    @admin.display(description="floor in use")
    def floor_in_use(self, project: Project) -> str:
        floor = floor_for(project)
        return f"{floor.value:g} ({FLOOR_ORIGINS[floor.origin]})"

    @admin.display(description="learned of the risk")
    def learned(self, project: Project) -> str:
        """A project that is being added has seen nothing."""
        moved = adjustment_of(project)
        if not moved.labels:
            return "nothing yet: the risk is as the shipped prior has it"
        return f"the prior's log odds {moved.shift:+.2f}, by {moved.labels:,} observations"

    @admin.action(description="Reopen hits by meaning", permissions=["change"])
    def reopen(self, request: HttpRequest, queryset: QuerySet[Project]) -> None:
        closed = list(queryset.exclude(semantic_closed_at=None))
        for project in closed:
            shadow.reopen(project)
            self.log_change(request, project, "Hits by meaning reopened.")
            messages.success(request, f"Hits by meaning are open again for {project.name}.")
        if not closed:
            messages.info(request, "They are not closed in the selected projects.")

    def save_model(self, request: HttpRequest, obj: Project, form: Any, change: bool) -> None:
        # Only what the form changed: the catalogue's revision may have risen since the page was opened.
        obj.save(update_fields=form.changed_data if change else None)

    def page(self, request: HttpRequest, row: Project) -> dict[str, Any]:
        issue_key = reverse("admin:planengine_apikey_add", query={"project": row.pk})
        tenths = calibration(row)
        return {
            "parts": [
                {"name": part._meta.verbose_name_plural, "list": list_of(part, project=row.pk)}
                for part in (*PARTS, *KEPT_OF_IT)
                if self.may_view(part, request)
            ],
            "examples_page": examples_of(row) if self.may_view(Service, request) else "",
            "saved_page": list_of(SavedRequest, project=row.pk) if self.may_view(SavedRequest, request) else "",
            "keys": self._keys(request, row),
            "shares": shares_of(row, timezone.now()),
            "promise": promise_of(wrong_hits.observed(row), row.wrong_hit_tolerance),
            "near_misses": near_misses(row),
            "calibration": tenths,
            "plot": plot(tenths, row.wrong_hit_tolerance) if tenths else None,
            "older_readings": older_readings(row),
            "alerts": alerts.of_project(request, row),
            "issue_key": issue_key if request.user.has_perm("planengine.add_apikey") else "",
        }

    def _keys(self, request: HttpRequest, project: Project) -> list[tuple[ApiKey, str]]:
        """Some of the active keys, each with its page."""
        if not self.may_view(ApiKey, request):
            return []
        active = ApiKey.objects.active().filter(project=project).defer("digest")[:MAX_KEYS_SHOWN]
        return [(key, page_of(key)) for key in active]

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[Any], list[Any]]:
        """A project takes everything of its own with it, what cannot be deleted singly too. Counted, not listed:
        there may be millions."""
        projects = list(objs)
        counts = {"projects": len(projects)}
        listed = []
        for project in projects:
            totals = [
                (part, part._default_manager.filter(project=project)[:MAX_COUNTED].count()) for part in PARTS
            ]
            names = [f"{part._meta.verbose_name_plural}: {_at_least(total)}" for part, total in totals]
            listed += [f"{project.name} ({project.pk})", names]
            for part, total in totals:
                name = str(part._meta.verbose_name_plural)
                counts[name] = counts.get(name, 0) + total
        allowed = all(self.has_delete_permission(request, project) for project in projects)
        return listed, counts, set() if allowed else {"project"}, []


def older_readings(project: Project) -> str:
    """How many entries serve nobody until they are read anew; empty when there are none."""
    total = count_older_readings(project.pk)
    more = " or more" if total >= OLDEST else ""
    return f"{total:,}{more}" if total else ""


def _at_least(total: int) -> str:
    return f"{total:,} or more" if total >= MAX_COUNTED else f"{total:,}"


def _count_of(part: type[Model]) -> Coalesce:
    rows = part._default_manager.filter(project=OuterRef("pk")).order_by().values("project")
    return Coalesce(
        Subquery(rows.annotate(total=Count("pk")).values("total")), Value(0), output_field=IntegerField()
    )
