"""A cache entry beside the plans it served and the services it uses, and the replay of an entry by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from cache.admin import EntryAdmin
from cache.models import Entry
from orra.operators.display import brief
from orra.operators.pages import link_to, list_of, page_of
from planengine.admin.parts.drawing import draw
from planengine.admin.parts.replaying import ReplayForm
from planengine.exceptions import BadRequest, OrraError
from planengine.lifecycle import plans
from planengine.models import Plan, Project, Service
from planengine.models.states import PlanStatus

MAX_PLANS_SHOWN = 20


@dataclass(frozen=True)
class UsedService:
    """A service that an entry uses: its version then, and the service and version of today, if there is one."""

    name: str
    version: object
    today: Service | None

    @property
    def changed(self) -> bool:
        return self.today is None or self.today.version != self.version


@admin.register(Entry)
class ReplayableEntryAdmin(EntryAdmin):
    def get_urls(self) -> list[URLPattern]:
        replay = self.admin_site.admin_view(self.replay_view)
        return [path("<path:object_id>/replay/", replay, name="cache_entry_replay"), *super().get_urls()]

    def page(self, request: HttpRequest, row: Entry) -> dict[str, Any]:
        served = row.project.plans.filter(cache_entry_id=row.pk).defer("plan", "params", "error", "cache")
        may_view_plans = self.may_view(Plan, request)
        return {
            **super().page(request, row),
            "project_link": link_to(row.project) if self.may_view(Project, request) else brief(row.project.name),
            "drawing": draw(row.plan),
            "used_services": list(_used_services(row)),
            "may_view_services": self.may_view(Service, request),
            "stored_by": _stored_by(row) if may_view_plans else None,
            "plans_served": served[:MAX_PLANS_SHOWN] if may_view_plans else [],
            "all_plans_served": list_of(Plan, entry=row.pk) if may_view_plans else "",
        }

    def replay_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """GET shows the form, POST with ``store`` stores a Plan, any other POST shows what would be stored."""
        if not self.has_operate_permission(request):
            raise PermissionDenied
        entry = self.get_object(request, unquote(object_id))
        if entry is None:
            raise Http404
        if entry.kind != Entry.Kind.PLAN:
            self.message_user(request, "This entry holds no plan to replay.", messages.ERROR)
            return HttpResponseRedirect(page_of(entry))
        try:
            form = ReplayForm(entry, request.POST if request.method == "POST" else None)
        except BadRequest as error:
            self.message_user(request, f"The entry's params cannot be read: {error.message}", messages.ERROR)
            return HttpResponseRedirect(page_of(entry))
        preview: dict[str, Any] = {}
        if form.is_valid():
            try:
                if "store" in request.POST:
                    return self._store(request, entry, form)
                preview = _preview(entry, form)
            except OrraError as error:
                form.add_error(None, error.message)
        return self._replay_page(request, entry, form, preview)

    def _store(self, request: HttpRequest, entry: Entry, form: ReplayForm) -> HttpResponse:
        assert form.request is not None
        plan = plans.replay(entry, project=entry.project, request=form.request)
        self.log_change(request, entry, f"Replayed as {plan.pk}.")
        if plan.status == PlanStatus.READY:
            self.message_user(request, f"Stored as plan {plan.pk}.", messages.SUCCESS)
        else:
            self.message_user(request, f"Stored as plan {plan.pk}, which failed: see its error.", messages.WARNING)
        return HttpResponseRedirect(page_of(plan if self.may_view(Plan, request) else entry))

    def _replay_page(
        self, request: HttpRequest, entry: Entry, form: ReplayForm, preview: dict[str, Any]
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            **preview,
            "title": "Replay a cache entry",
            "opts": self.opts,
            "entry": entry,
            "entry_page": page_of(entry),
            "form": form,
            "media": self.media,
        }
        return TemplateResponse(request, "admin/cache/entry/replay.html", context)


def _preview(entry: Entry, form: ReplayForm) -> dict[str, Any]:
    assert form.request is not None
    plan, failure = plans.preview_replay(entry, project=entry.project, request=form.request)
    if failure is not None:
        return {"previewed": True, "error": failure.as_dict()}
    return {"previewed": True, "plan_json": plan, "drawing": draw(plan)}


def _stored_by(entry: Entry) -> Plan | None:
    """The plan that it was stored for; none for one that is older than this is noted, or of a confirmed plan."""
    return Plan.objects.filter(stored_entry_id=entry.pk).order_by().only("action").first()


def _used_services(entry: Entry) -> Iterator[UsedService]:
    used = entry.services if isinstance(entry.services, dict) else {}
    today = {service.name: service for service in entry.project.services.filter(name__in=list(used))}
    for name, version in used.items():
        yield UsedService(name, version, today.get(name))
