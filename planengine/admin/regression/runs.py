"""Runs of saved requests: how far one is, what changed, and taking a change as what is expected from now on."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from orra.operators.display import brief
from orra.operators.pages import FoundOutAdmin, ProjectFilter, badge, link_to, list_of, page_of
from planengine.admin.parts.contents import sees_contents
from planengine.admin.regression.verdicts import Verdict, progress_of, rows_of
from planengine.evaluation.regression import saved
from planengine.exceptions import BadRequest
from planengine.models import Project, RegressionResult, RegressionRun, SavedRequest

REFRESH_SECONDS = 3


@admin.register(RegressionRun)
class RegressionRunAdmin(FoundOutAdmin):
    list_display = ("title", "project", "state", "not_as_expected", "planner", "created_by", "finished_at")
    list_filter = ("status", "created_at", ProjectFilter)
    list_select_related = ("project",)
    search_fields = ("id__exact", "created_by", "planner", "project__name", "project__id__exact")
    search_help_text = "A run's number, who started it, a planner, or a project's name or id."

    def get_queryset(self, request: HttpRequest) -> QuerySet[RegressionRun]:
        rows: QuerySet[RegressionRun] = super().get_queryset(request)
        other = RegressionResult.objects.filter(run=OuterRef("pk")).exclude(verdict__in=[Verdict.SAME, ""])
        counted = other.order_by().values("run").annotate(total=Count("pk")).values("total")
        return rows.annotate(other_total=Subquery(counted))

    def get_urls(self) -> list[URLPattern]:
        accept = self.admin_site.admin_view(require_POST(self.accept_view))
        return [
            path("<path:object_id>/accept/", accept, name="planengine_regressionrun_accept"),
            *super().get_urls(),
        ]

    @admin.display(description="run", ordering="id")
    def title(self, run: RegressionRun) -> str:
        return f"{run.created_at:%Y-%m-%d %H:%M} UTC"

    @admin.display(description="state", ordering="status")
    def state(self, run: RegressionRun) -> SafeString:
        return badge("good" if run.is_finished else "neutral", run.get_status_display())

    @admin.display(description="not as expected")
    def not_as_expected(self, run: Any) -> int:
        return int(run.other_total or 0)

    def page(self, request: HttpRequest, row: RegressionRun) -> dict[str, Any]:
        rows = rows_of(row)
        return {
            "subtitle": f"of {row.created_at:%Y-%m-%d %H:%M} UTC",
            "run": row,
            "state": self.state(row),
            "project_link": link_to(row.project) if self.may_view(Project, request) else brief(row.project.name),
            "rows": rows,
            "progress": progress_of(rows),
            "may_view_saved": self.may_view(SavedRequest, request),
            "may_accept": self._may_accept(request),
            "may_view_contents": sees_contents(request),
            "refresh": REFRESH_SECONDS,
            "saved_page": list_of(SavedRequest, project=row.project_id),
        }

    def accept_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What a request became in the run is what is expected of it from now on."""
        run = self.get_object(request, unquote(object_id))
        if not self._may_accept(request):
            raise PermissionDenied
        number = request.POST.get("result", "")
        known = number.isascii() and number.isdigit() and len(number) < 18
        result = run.results.filter(pk=number).select_related("saved").first() if run and known else None
        if result is None:
            raise Http404
        try:
            changed = saved.accept(result)
        except BadRequest as error:
            self.message_user(request, error.message, messages.ERROR)
            return HttpResponseRedirect(page_of(run))
        if changed:
            admin_of_saved = self.admin_site.get_model_admin(SavedRequest)
            admin_of_saved.log_change(request, result.saved, f"Expects what it became in run {run.pk}.")
        self.message_user(request, f"{brief(result.name)} is expected to become this.", messages.SUCCESS)
        return HttpResponseRedirect(page_of(run))

    def _may_accept(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("planengine.change_savedrequest"))
