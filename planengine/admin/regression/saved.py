"""Saved requests: kept from plans or written by hand, edited, and run."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from orra.operators.display import brief
from orra.operators.pages import MAX_PROJECTS_IN_FILTER, OperatorAdmin, ProjectFilter, badge, list_of, page_of
from planengine import tasks
from planengine.admin.parts.contents import sees_contents
from planengine.admin.regression.forms import FIELDS, SavedRequestForm
from planengine.admin.regression.verdicts import TONES
from planengine.evaluation.regression import runs, saved
from planengine.evaluation.regression.expectations import services_in
from planengine.exceptions import BadRequest
from planengine.models import Plan, Project, RegressionResult, RegressionRun, SavedRequest

FACTS = ("plan_id", "created_by", "created_at", "updated_at")


@admin.register(SavedRequest)
class SavedRequestAdmin(OperatorAdmin):
    form = SavedRequestForm
    change_list_template = "admin/planengine/savedrequest/change_list.html"
    list_display = ("name", "project", "asked", "expects", "last", "created_by", "updated_at")
    list_filter = (ProjectFilter, "created_at")
    list_select_related = ("project",)
    list_defer = ("params",)
    search_fields = ("name", "action", "project__name", "project__id__exact")
    search_help_text = "Part of a name or action, or a project's name or id."
    raw_id_fields = ("project",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SavedRequest]:
        results = RegressionResult.objects.filter(saved=OuterRef("pk")).order_by("-id")
        rows: QuerySet[SavedRequest] = super().get_queryset(request)
        return rows.annotate(last_verdict=Subquery(results.values("verdict")[:1]))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        from_plan, run = view(require_POST(self.from_plan_view)), view(require_POST(self.run_view))
        return [
            path("from-plan/", from_plan, name="planengine_savedrequest_from_plan"),
            path("run/", run, name="planengine_savedrequest_run"),
            *super().get_urls(),
        ]

    # --- who may

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and sees_contents(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and sees_contents(request)

    def get_fields(self, request: HttpRequest, obj: SavedRequest | None = None) -> tuple[str, ...]:
        shown = FIELDS if sees_contents(request) else ("project", "name", "action")
        return (*shown, *FACTS) if obj else shown

    def get_readonly_fields(self, request: HttpRequest, obj: SavedRequest | None = None) -> tuple[str, ...]:
        return ("project", *FACTS) if obj else ()

    # --- the list

    @admin.display(description="action", ordering="action")
    def asked(self, row: SavedRequest) -> str:
        return brief(row.action)

    @admin.display(description="expected")
    def expects(self, row: SavedRequest) -> str:
        return brief(services_in(row.expected))

    @admin.display(description="last run")
    def last(self, row: Any) -> SafeString | str:
        verdict = row.last_verdict
        if verdict is None:
            return "never run"
        return badge(TONES.get(verdict, "neutral"), RegressionResult.Verdict(verdict).label)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        chosen = request.GET.get(ProjectFilter.parameter_name, "")
        runnable: Any = []
        if _may_run(request):
            runnable = Project.objects.filter(saved_requests__isnull=False).distinct()[:MAX_PROJECTS_IN_FILTER]
        told = {"runnable": runnable, "chosen_project": chosen}
        if self.may_view(RegressionRun, request):
            told["runs_page"] = list_of(RegressionRun, **({"project": chosen} if chosen else {}))
        return super().changelist_view(request, {**told, **(extra_context or {})})

    def page(self, request: HttpRequest, row: SavedRequest) -> dict[str, Any]:
        plan = Plan.objects.filter(pk=row.plan_id).only("pk").first() if row.plan_id else None
        return {"plan_page": page_of(plan) if plan is not None and self.may_view(Plan, request) else ""}

    # --- saving and running

    def save_model(self, request: HttpRequest, obj: SavedRequest, form: Any, change: bool) -> None:
        if not change:
            obj.created_by = cast(User, request.user).get_username()
        obj.save()

    def from_plan_view(self, request: HttpRequest) -> HttpResponse:
        if not super().has_add_permission(request) or not self.may_view(Plan, request):
            raise PermissionDenied
        plan_id = request.GET.get("plan", "").replace("\x00", "")
        plan = Plan.objects.filter(pk=plan_id).select_related("project").first()
        if plan is None:
            raise Http404
        try:
            kept = saved.save_plan(plan, by=cast(User, request.user).get_username())
        except BadRequest as error:
            self.message_user(request, error.message, messages.ERROR)
            return HttpResponseRedirect(page_of(plan))
        self.log_addition(request, kept, f"Saved from plan {plan.pk}.")
        self.message_user(request, "Saved: each run plans it again.", messages.SUCCESS)
        return HttpResponseRedirect(page_of(kept) if self.has_view_permission(request, kept) else page_of(plan))

    def run_view(self, request: HttpRequest) -> HttpResponse:
        if not _may_run(request):
            raise PermissionDenied
        project = Project.objects.filter(pk=request.POST.get("project", "").replace("\x00", "")).first()
        if project is None:
            raise Http404
        try:
            run = runs.start(project, by=cast(User, request.user).get_username())
        except BadRequest as error:
            self.message_user(request, error.message, messages.ERROR)
            return HttpResponseRedirect(list_of(SavedRequest, project=project.pk))
        transaction.on_commit(lambda: tasks.run_later(run.pk))
        total = run.results.count()
        self.admin_site.get_model_admin(RegressionRun).log_addition(
            request, run, f"Run of {total} saved requests."
        )
        may_view = self.may_view(RegressionRun, request)
        return HttpResponseRedirect(page_of(run) if may_view else list_of(SavedRequest, project=project.pk))


def _may_run(request: HttpRequest) -> bool:
    return request.user.has_perm("planengine.add_regressionrun")
