"""Plans and their attempts: what was asked, what came of it, and why. Only the engine writes them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from cache.models import Entry
from orra.operators.display import brief
from orra.operators.keyset import KeysetAdmin
from orra.operators.pages import ChosenFilter, ProjectFilter, ReadOnlyAdmin, badge, link_to, page_of
from planengine.admin.parts.drawing import draw
from planengine.admin.parts.explaining import entries_named, explain
from planengine.admin.parts.filters import DecisionFilter
from planengine.evaluation import shadow
from planengine.exceptions import BadRequest
from planengine.models import Attempt, HitCheck, Plan, Project
from planengine.models.checks import MAX_NOTE_CHARACTERS
from planengine.models.states import PlanStatus

REPORTS = {"wrong_plan": "wrong", "right_plan": "right"}
TONES: dict[str, str] = {PlanStatus.READY: "good", PlanStatus.NOT_ACTIONABLE: "warning", PlanStatus.FAILED: "bad"}

OUTCOMES = {
    "accepted": "accepted",
    "problems": "problems found",
    "error": "no draft at all",
    "open": "not ended",
}


class OutcomeFilter(admin.SimpleListFilter):
    title = "outcome"
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(OUTCOMES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Attempt]) -> QuerySet[Attempt]:
        match self.value():
            case "accepted":
                return queryset.filter(error_code="", problems=[], seconds__isnull=False)
            case "problems":
                return queryset.filter(error_code="").exclude(problems=[])
            case "error":
                return queryset.exclude(error_code="")
            case "open":
                return queryset.filter(seconds=None)
        return queryset


# An attempt knows its plan, not its project.
PLANS_LOOKED_AT = 1_000


class AttemptsProjectFilter(ProjectFilter):
    title = f"project (its latest {PLANS_LOOKED_AT:,} plans)"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return super().lookups(request, model_admin.admin_site.get_model_admin(Plan))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Attempt]) -> QuerySet[Attempt]:
        chosen = self.value()
        if not chosen:
            return queryset
        latest = Plan.objects.filter(project_id=chosen).values("pk")[:PLANS_LOOKED_AT]
        return queryset.filter(plan_id__in=latest)


class ServedByFilter(ChosenFilter):
    title = "served by the entry"
    parameter_name = "entry"
    lookup = "cache_entry_id"


@admin.register(Plan)
class PlanAdmin(KeysetAdmin, ReadOnlyAdmin):
    keyset = ("created_at", "id")
    ids_by_prefix = {"o_": "id", "ce_": "cache_entry_id", "p_": "project_id"}
    list_display = ("id", "state", "source", "asked", "project", "decided", "total_ms", "created_at")
    list_filter = ("status", "source", DecisionFilter, "cache_mode", "created_at", ProjectFilter, ServedByFilter)
    list_select_related = ("project",)
    list_defer = ("params", "plan", "error", "grounding")
    search_fields = ("id__exact", "action", "cache_entry_id__exact", "project__id__exact", "project__name")
    search_help_text = "Words of the action, a plan's, entry's or project's id, or a project's name."

    @admin.display(description="status")
    def state(self, plan: Plan) -> SafeString:
        return _state(plan)

    @admin.display(description="action")
    def asked(self, plan: Plan) -> str:
        return brief(plan.action)

    @admin.display(description="cache")
    def decided(self, plan: Plan) -> str:
        return explain(plan.cache, there=()).decision or "–"

    @admin.display(description="ms")
    def total_ms(self, plan: Plan) -> str:
        total = plan.timings_ms.get("total") if isinstance(plan.timings_ms, dict) else None
        return f"{total:,.0f}" if isinstance(total, int | float) else "–"

    def page(self, request: HttpRequest, row: Plan) -> dict[str, Any]:
        named = entries_named(row.cache) | {row.cache_entry_id or ""}
        entries = Entry.objects.filter(pk__in=named).values_list("pk", flat=True)
        there = set(entries) if self.may_view(Entry, request) else set()
        return {
            "plan": row,
            "state": _state(row),
            "project_link": link_to(row.project) if self.may_view(Project, request) else brief(row.project.name),
            "drawing": draw(row.plan) if row.plan is not None else None,
            "explanation": explain(row.cache, there=there),
            "served_by_there": row.cache_entry_id in there,
            "attempts": [{"row": attempt, "outcome": badge(*_outcome(attempt))} for attempt in row.attempts.all()],
            "timings": _timings(row),
            "checks": row.checks.all() if self.may_view(HitCheck, request) else [],
            "may_report": row.status == PlanStatus.READY and self.has_operate_permission(request),
            "max_note": MAX_NOTE_CHARACTERS,
        }

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("planengine.change_plan"))

    def get_urls(self) -> list[URLPattern]:
        report = self.admin_site.admin_view(require_POST(self.report_view))
        return [path("<path:object_id>/report/", report, name="planengine_plan_report"), *super().get_urls()]

    def report_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The same as the API's report."""
        if not self.has_operate_permission(request):
            raise PermissionDenied
        plan = self.get_object(request, unquote(object_id))
        if plan is None:
            raise Http404
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


@admin.register(Attempt)
class AttemptAdmin(KeysetAdmin, ReadOnlyAdmin):
    ids_by_prefix = {"o_": "plan_id"}
    list_display = (
        "attempt",
        "planner",
        "model",
        "outcome",
        "prompt_tokens",
        "completion_tokens",
        "took",
        "created_at",
    )
    list_filter = (OutcomeFilter, "created_at", AttemptsProjectFilter)
    list_select_related = ("plan",)
    list_defer = ("prompt", "answer", "reasoning", "plan__params", "plan__plan", "plan__error")
    search_fields = ("plan__id__exact", "planner", "model", "error_code")
    search_help_text = "A plan's id, or part of a planner's or model's name or of an error code."

    @admin.display(description="attempt")
    def attempt(self, attempt: Attempt) -> str:
        return str(attempt)

    @admin.display(description="outcome")
    def outcome(self, attempt: Attempt) -> SafeString:
        return badge(*_outcome(attempt))

    @admin.display(description="seconds")
    def took(self, attempt: Attempt) -> str:
        return "–" if attempt.seconds is None else f"{attempt.seconds:.2f}"

    def page(self, request: HttpRequest, row: Attempt) -> dict[str, Any]:
        plan = link_to(row.plan) if self.may_view(Plan, request) else row.plan_id
        return {"attempt": row, "outcome": badge(*_outcome(row)), "plan_link": plan}


def _state(plan: Plan) -> SafeString:
    return badge(TONES.get(plan.status, "neutral"), plan.get_status_display())


def _timings(plan: Plan) -> list[tuple[str, str]]:
    known = plan.timings_ms if isinstance(plan.timings_ms, dict) else {}
    return [
        (name, f"{known[name]:,.2f} ms")
        for name in ("total", "cache", "embedding", "planner")
        if isinstance(known.get(name), int | float)
    ]


def _outcome(attempt: Attempt) -> tuple[str, str]:
    if attempt.seconds is None:
        return "neutral", "not ended: it is under way, or its worker was lost"
    if attempt.error_code:
        return "bad", brief(attempt.error_code)
    found = len(attempt.problems) if isinstance(attempt.problems, list) else 0
    if found:
        return "warning", "1 problem" if found == 1 else f"{found} problems"
    return "good", "accepted"
