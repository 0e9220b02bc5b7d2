"""Plans: what was asked, what came of it, and why. Only the engine writes them; operators have a request planned
again, hold two plans against each other, and say which are right."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET, require_POST

from cache.models import Entry
from orra.base.strictjson import Json
from orra.operators.display import brief
from orra.operators.keyset import KeysetAdmin
from orra.operators.pages import ProjectFilter, ReadOnlyAdmin, link_to, page_of
from planengine import tasks
from planengine.admin.parts.contents import sees_contents, shown_params
from planengine.admin.parts.explaining import entries_named, explain
from planengine.admin.parts.filters import DecisionFilter
from planengine.admin.parts.schemas import draw_with_schemas
from planengine.admin.plans.ask_page import AskPage
from planengine.admin.plans.attempts import shown_attempts
from planengine.admin.plans.compare_page import compared
from planengine.admin.plans.filters import ErrorFilter, ParamFilter, ReasonFilter, ServedByFilter
from planengine.admin.plans.outcomes import state_of
from planengine.admin.plans.timeline import timeline, timings
from planengine.evaluation import shadow
from planengine.exceptions import BadRequest
from planengine.lifecycle import plans
from planengine.models import HitCheck, Plan, Project
from planengine.models.checks import MAX_NOTE_CHARACTERS
from planengine.models.states import PlanStatus

REPORTS = {"wrong_plan": "wrong", "right_plan": "right"}
MAX_ATTEMPTS = 50
HOW_TO_FIX = "\nHOW TO FIX:"
MAX_AGAIN = 10
WORDS = ("prompt", "answer", "reasoning")


@admin.register(Plan)
class PlanAdmin(KeysetAdmin, ReadOnlyAdmin):
    keyset = ("created_at", "id")
    ids_by_prefix = {"o_": "id", "ce_": "cache_entry_id", "p_": "project_id"}
    list_display = ("asked", "state", "source", "decided", "project", "total_ms", "created_at", "id")
    list_display_links = ("asked",)
    list_filter = (
        *("status", ErrorFilter, "source", DecisionFilter, ReasonFilter, "cache_mode", "created_at"),
        *(ProjectFilter, ServedByFilter, ParamFilter),
    )
    list_select_related = ("project",)
    list_defer = ("params", "plan", "error", "grounding")
    search_fields = ("id__exact", "action", "cache_entry_id__exact", "project__id__exact", "project__name")
    search_help_text = "Words of the action, a plan's, entry's or project's id, or a project's name."
    change_list_template = "admin/planengine/plan/change_list.html"

    @admin.display(description="asked")
    def asked(self, plan: Plan) -> str:
        return brief(plan.action)

    @admin.display(description="status")
    def state(self, plan: Plan) -> SafeString:
        return state_of(plan)

    @admin.display(description="cache")
    def decided(self, plan: Plan) -> str:
        return explain(plan.cache, there=()).decision or "–"

    @admin.display(description="ms")
    def total_ms(self, plan: Plan) -> str:
        total = plan.timings_ms.get("total") if isinstance(plan.timings_ms, dict) else None
        return f"{total:,.0f}" if isinstance(total, int | float) else "–"

    def page(self, request: HttpRequest, row: Plan) -> dict[str, Any]:
        contents, may_operate = sees_contents(request), self.has_operate_permission(request)
        there = self._entries_there(request, row)
        attempts = list(row.attempts.defer(*(() if contents else WORDS))[:MAX_ATTEMPTS])
        if not contents:  # not asked for one by one either
            for attempt in attempts:
                attempt.prompt = attempt.answer = attempt.reasoning = ""
        shown = list(shown_attempts(attempts, status=row.status, contents=contents))
        return {
            "title": brief(row.action, 120),
            "subtitle": None,
            "plan": row,
            "contents": contents,
            "state": state_of(row),
            "project_link": link_to(row.project) if self.may_view(Project, request) else brief(row.project.name),
            "params": shown_params(row.params, contents=contents),
            "drawing": None if row.plan is None else draw_with_schemas(row.project, row.plan, contents=contents),
            "error": _told_once(row.error, in_attempts=any(attempt.problems for attempt in attempts)),
            "explanation": explain(row.cache, there=there),
            "served_by_there": row.cache_entry_id in there,
            "stored_there": row.stored_entry_id in there,
            "attempts": shown,
            "cost": row.attempts.aggregate(cost=Sum("cost"))["cost"],
            "moments": timeline(row, attempts),
            "timings": timings(row),
            "again": list(Plan.objects.filter(again_of=row.pk).only("pk", "status", "created_at")[:MAX_AGAIN]),
            "checks": row.checks.all() if self.may_view(HitCheck, request) else [],
            "may_report": row.status == PlanStatus.READY and may_operate,
            "may_plan_again": row.is_finished and may_operate,
            "max_note": MAX_NOTE_CHARACTERS,
        }

    def _entries_there(self, request: HttpRequest, row: Plan) -> set[str]:
        """Of the entries that the page speaks of, those that still exist, for whoever may see them."""
        if not self.may_view(Entry, request):
            return set()
        named = entries_named(row.cache) | {row.cache_entry_id or "", row.stored_entry_id or ""}
        return set(Entry.objects.filter(pk__in=named).values_list("pk", flat=True))

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("planengine.change_plan"))

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("ask/", wrap(self.ask_view), name="planengine_ask"),
            path("<path:object_id>/report/", wrap(require_POST(self.report_view)), name="planengine_plan_report"),
            path("<path:object_id>/again/", wrap(require_POST(self.again_view)), name="planengine_plan_again"),
            path(
                "<path:object_id>/compare/", wrap(require_GET(self.compare_view)), name="planengine_plan_compare"
            ),
            *super().get_urls(),
        ]

    def ask_view(self, request: HttpRequest) -> HttpResponse:
        return AskPage(self, request).answer()

    def report_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The same as the API's report."""
        plan = self._operated(request, object_id)
        verdict = request.POST.get("verdict")
        note = request.POST.get("note", "").replace("\x00", "")
        if verdict not in REPORTS or len(note) > MAX_NOTE_CHARACTERS:
            self.message_user(request, f"A note has at most {MAX_NOTE_CHARACTERS} characters.", messages.ERROR)
            return HttpResponseRedirect(page_of(plan))
        try:
            shadow.report(plan, wrong=verdict == "wrong_plan", note=note)
        except BadRequest as error:
            self.message_user(request, error.message, messages.ERROR)
        else:
            self.log_change(request, plan, f"Reported as {REPORTS[verdict]}.")
            self.message_user(request, f"Reported as {REPORTS[verdict]}.", messages.SUCCESS)
        return HttpResponseRedirect(page_of(plan))

    def again_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A new Plan of the same request, planned without the cache."""
        plan = self._operated(request, object_id)
        if not plan.is_finished:
            self.message_user(request, "It is still being planned: wait for its outcome.", messages.ERROR)
            return HttpResponseRedirect(page_of(plan))
        try:
            again = plans.plan_again(plan)
        except BadRequest as error:
            self.message_user(request, f"The stored request cannot be read: {error.message}", messages.ERROR)
            return HttpResponseRedirect(page_of(plan))
        tasks.follow_up(again)
        self.log_change(request, plan, f"Planned again as {again.pk}.")
        self.message_user(request, f"Planned again, without the cache, as {again.pk}.", messages.SUCCESS)
        return HttpResponseRedirect(page_of(again))

    def compare_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Two plans beside each other: this one and the one named by ``with``."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        first = self._there(request, object_id)
        wanted = request.GET.get("with", "").strip()
        second = self.get_object(request, wanted) if wanted else None
        context = {
            **self.admin_site.each_context(request),
            **compared(first, second, contents=sees_contents(request)),
            "title": f"Compare: {brief(first.action, 100)}",
            "opts": self.opts,
            "first": first,
            "wanted": brief(wanted),
            "media": self.media,
        }
        return TemplateResponse(request, "admin/planengine/plan/compare.html", context)

    def _operated(self, request: HttpRequest, object_id: str) -> Plan:
        if not self.has_operate_permission(request):
            raise PermissionDenied
        return self._there(request, object_id)

    def _there(self, request: HttpRequest, object_id: str) -> Plan:
        plan = self.get_object(request, unquote(object_id))
        if plan is None:
            raise Http404
        assert isinstance(plan, Plan)
        return plan


def _told_once(error: Json, *, in_attempts: bool) -> Json:
    """The error, without the problems that attempts tell anyway, and its message without what is to be done, which
    the error has as a list."""
    if not isinstance(error, dict):
        return error
    message, fixes = error.get("message"), error.get("how_to_fix")
    once = {**error, "problems": [] if in_attempts else error.get("problems")}
    if isinstance(message, str) and isinstance(fixes, list) and fixes:
        once["message"] = message.partition(HOW_TO_FIX)[0]
    return once
