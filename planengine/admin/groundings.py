"""Groundings: each version, what differs between two, trying one, applying one, making an older one hold again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from cache.models import Entry
from orra.operators.display import brief
from orra.operators.pages import OperatorAdmin, ProjectFilter, badge, link_to, list_of, page_of
from planengine import tasks
from planengine.admin.parts.applying import ApplyForm, Prospect, prospect_of, written
from planengine.admin.parts.comparing import compare
from planengine.admin.parts.trying import TryForm, begin_with, beginnings, tried
from planengine.exceptions import BadRequest, EmbeddingUnavailable
from planengine.grounding import registry
from planengine.models import Grounding, Plan, Project
from planengine.reuse.trial import as_if

MAX_VERSIONS_SHOWN = 100


class VersionsFilter(admin.SimpleListFilter):
    title = "versions"
    parameter_name = "versions"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("all", "all"), ("older", "that hold no more")]

    def choices(self, changelist: Any) -> Iterator[Any]:
        first, *others = super().choices(changelist)
        return iter([{**first, "display": "that hold"}, *others])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Grounding]) -> QuerySet[Grounding]:
        match self.value():
            case "all":
                return queryset
            case "older":
                return queryset.filter(current=False)
        return queryset.filter(current=True)


@admin.register(Grounding)
class GroundingAdmin(OperatorAdmin):
    change_list_template = "admin/planengine/grounding/change_list.html"
    list_display = ("name", "version", "state", "domain_text", "mode_text", "use_cases", "project", "created_at")
    list_filter = (VersionsFilter, "mode", "created_at", ProjectFilter)
    list_select_related = ("project",)
    list_defer = ("content",)
    search_fields = ("name", "domain", "version__exact", "id__exact", "project__name", "project__id__exact")
    search_help_text = "Part of a name or domain, a version, an id, or a project's name or id."
    ordering = ("name", "-created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Grounding]:
        return Grounding.objects.with_counts().order_by(*self.ordering)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("try/", view(self.try_view), name="planengine_grounding_try"),
            path("<path:object_id>/try/", view(self.try_view), name="planengine_grounding_try_version"),
            path("<path:object_id>/diff/", view(self.diff_view), name="planengine_grounding_diff"),
            path("<path:object_id>/hold/", view(require_POST(self.hold_view)), name="planengine_grounding_hold"),
            *super().get_urls(),
        ]

    @admin.display(description="holds", ordering="current")
    def state(self, grounding: Grounding) -> SafeString:
        return _state(grounding)

    @admin.display(description="domain", ordering="domain")
    def domain_text(self, grounding: Grounding) -> str:
        return brief(grounding.domain)

    @admin.display(description="mode", ordering="mode")
    def mode_text(self, grounding: Grounding) -> str:
        return grounding.mode

    @admin.display(description="use cases", ordering="use_case_count")
    def use_cases(self, grounding: Any) -> int:
        return int(grounding.use_case_count)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        chosen = {"tried_project": request.GET.get(ProjectFilter.parameter_name, "")}
        return super().changelist_view(request, {**chosen, **(extra_context or {})})

    # --- one version

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method == "POST":  # what a version says does not change
            raise PermissionDenied
        return super().change_view(request, object_id, form_url, extra_context)

    def page(self, request: HttpRequest, row: Grounding) -> dict[str, Any]:
        spec = registry.spec_of(row)
        versions = self.get_queryset(request).filter(project=row.project_id, name=row.name).defer("content")
        shown = list(versions[:MAX_VERSIONS_SHOWN])
        older = next((each for each in shown if each.created_at < row.created_at), None)
        return {
            "subtitle": str(row),
            "grounding": row,
            "state": _state(row),
            "project_link": link_to(row.project) if self.may_view(Project, request) else brief(row.project.name),
            "versions": [{"row": each, "page": page_of(each), "state": _state(each)} for each in shown],
            "versions_left_out": versions.count() - len(shown),
            "older": older,
            "diff": _address(row, "diff", against=older.pk) if older is not None else "",
            "diff_page": _address(row, "diff"),
            "content": spec.content,
            "document": written(spec),
            "try_out": _address(row, "try_version"),
            "apply": _add(of=row.pk) if self.has_add_permission(request) else "",
            "hold": _address(row, "hold") if not row.current and self.has_change_permission(request) else "",
            "plans": list_of(Plan, project=row.project_id) if self.may_view(Plan, request) else "",
        }

    def diff_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """From the version that ``against`` names by its id to this one."""
        row = self._row(request, object_id)
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        older = self._row(request, request.GET.get("against", ""))
        if (older.project_id, older.name) != (row.project_id, row.name):
            raise Http404
        lines = compare(written(registry.spec_of(older)), written(registry.spec_of(row)))
        told = {"lines": lines, "older": older, "older_page": page_of(older)}
        return self._page(request, "diff.html", "What differs", row=row, **told)

    def hold_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Shows what would change, and with ``confirmed`` makes this version hold."""
        row = self._row(request, object_id)
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        try:
            prospect = prospect_of(row.project, registry.spec_of(row))
        except BadRequest as error:
            self.message_user(request, brief(error.message, 500), messages.ERROR)
            return HttpResponseRedirect(page_of(row))
        if request.POST.get("confirmed") == prospect.token:
            self._apply(request, prospect)
            return HttpResponseRedirect(page_of(row))
        return self._page(request, "hold.html", "Make this version hold?", row=row, prospect=prospect)

    # --- trying

    def try_view(self, request: HttpRequest, object_id: str | None = None) -> HttpResponse:
        """An action against what holds in a project, as if a version held there where one is named. Nothing is
        stored: POST shows what comes of it, GET the form, with ``use_case`` filled in as that one's action."""
        row = None if object_id is None else self._row(request, object_id)
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        spec = None if row is None else registry.spec_of(row)
        known = None if row is None else row.project
        begun = request.GET.get("use_case", "")
        told: dict[str, Any] = {"beginnings": beginnings(spec) if spec is not None else [], "begun": begun}
        if request.method != "POST":
            initial = begin_with(spec, begun) if spec is not None else {"project": request.GET.get("project", "")}
            told["form"] = TryForm(self.admin_site, initial=initial, known=known)
            return self._page(request, "try.html", "Try an action", row=row, **told)
        told["form"] = form = TryForm(self.admin_site, request.POST, known=known)
        if form.is_valid():
            held = registry.groundings_of(form.chosen)
            groundings = held if row is None or spec is None else as_if(form.chosen, registry.Kept(row.pk, spec))
            try:
                told["tried"] = tried(groundings, form, with_entries=self.may_view(Entry, request))
            except EmbeddingUnavailable as error:
                told["unavailable"] = error.message
        return self._page(request, "try.html", "Try an action", row=row, **told)

    # --- applying

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """GET shows the form, POST what would change; with ``confirmed`` it is applied, if that is what it still
        would change."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return self._apply_page(request, ApplyForm(self.admin_site, initial=self._initial(request)))
        form = ApplyForm(self.admin_site, request.POST)
        if not form.is_valid() or form.prospect is None:
            return self._apply_page(request, form)
        if request.POST.get("confirmed") != form.prospect.token:
            return self._apply_page(request, form, form.prospect)
        try:
            row = self._apply(request, form.prospect)
        except BadRequest as error:
            form.add_error("document", error.message)
            return self._apply_page(request, form)
        return HttpResponseRedirect(page_of(row) if self.may_view(Grounding, request) else reverse("admin:index"))

    def _initial(self, request: HttpRequest) -> dict[str, str]:
        """To begin with: what a version says, or a project that a link names."""
        if (of := request.GET.get("of")) and self.may_view(Grounding, request):
            row = self._row(request, of)
            return {"project": row.project_id, "name": row.name, "document": written(registry.spec_of(row))}
        return {"project": request.GET.get("project", "")}

    def _apply(self, request: HttpRequest, prospect: Prospect) -> Grounding:
        applied = registry.apply(prospect.project, prospect.spec)
        project_id = prospect.project.pk
        transaction.on_commit(lambda: tasks.embed_use_cases_later(project_id))
        row = applied.grounding
        if not applied.changed:
            self.message_user(request, f"Nothing changed: {row} holds already.", messages.INFO)
        elif applied.created:
            self.log_addition(request, row, "Applied.")
            self.message_user(request, f"{row} holds from now on.", messages.SUCCESS)
        else:
            self.log_change(request, row, "Made to hold again.")
            self.message_user(request, f"{row} holds again.", messages.SUCCESS)
        return row

    def _apply_page(self, request: HttpRequest, form: ApplyForm, prospect: Prospect | None = None) -> HttpResponse:
        return self._page(request, "apply.html", "Apply a grounding", form=form, prospect=prospect)

    # --- removing

    def delete_model(self, request: HttpRequest, obj: Grounding) -> None:
        registry.remove(obj.project, obj.name)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Grounding]) -> None:
        for row in queryset.select_related("project").defer("content"):
            registry.remove(row.project, row.name)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[Any], list[Any]]:
        """A grounding goes with all its versions."""
        listed: dict[tuple[str, str], str] = {}
        total = 0
        for row in objs:
            if (row.project_id, row.name) not in listed:
                versions = Grounding.objects.filter(project=row.project_id, name=row.name).count()
                listed[row.project_id, row.name] = f"{row.name}: every version, {versions:,} in all"
                total += versions
        allowed = self.has_delete_permission(request)
        return list(listed.values()), {"versions": total}, set() if allowed else {"grounding"}, []

    # --- pages

    def _row(self, request: HttpRequest, object_id: str) -> Grounding:
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        assert isinstance(row, Grounding)
        return row

    def _page(self, request: HttpRequest, template: str, title: str, **told: Any) -> HttpResponse:
        shared = {"title": title, "opts": self.opts, "media": self.media, "list_page": list_of(Grounding)}
        if (row := told.get("row")) is not None:
            shared |= {"row_page": page_of(row)}
        context = {**self.admin_site.each_context(request), **shared, **told}
        return TemplateResponse(request, f"admin/planengine/grounding/{template}", context)


def _state(row: Grounding) -> SafeString:
    return badge("good", "holds") if row.current else badge("neutral", "kept")


def _address(row: Grounding, view: str, **chosen: str) -> str:
    return reverse(f"admin:planengine_grounding_{view}", args=[quote(row.pk)], query=chosen)


def _add(**chosen: str) -> str:
    return reverse("admin:planengine_grounding_add", query=chosen)
