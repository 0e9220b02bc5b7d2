"""A cache entry beside the plans it served and the services it uses, and the replay of an entry by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from cache.models import Entry
from orra.base.strictjson import Json
from orra.operators.display import as_json, brief
from orra.operators.pages import link_to, list_of, page_of
from planengine.accounting.entry_hits import hits_of
from planengine.admin.entries.acting import ActingAdmin
from planengine.admin.entries.jobs import start_of
from planengine.admin.entries.replaying import ReplayForm
from planengine.admin.entries.similar import similar_to
from planengine.admin.parts.comparing import compare
from planengine.admin.parts.contents import sees_contents
from planengine.admin.parts.schemas import draw_with_schemas
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
class ReplayableEntryAdmin(ActingAdmin):
    change_list_template = "admin/cache/entry/change_list.html"

    def get_urls(self) -> list[URLPattern]:
        replay = self.admin_site.admin_view(self.replay_view)
        return [path("<path:object_id>/replay/", replay, name="cache_entry_replay"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        may_begin = {
            "evict": self.has_delete_permission(request),
            "quarantine": self.has_operate_permission(request),
        }
        links = {kind: start_of(kind, request.GET.dict()) for kind, may in may_begin.items() if may}
        return super().changelist_view(request, {"job_links": links, **(extra_context or {})})

    def page(self, request: HttpRequest, row: Entry) -> dict[str, Any]:
        served = Plan.objects.filter(cache_entry_id=row.pk).defer("plan", "params", "error", "cache")
        is_plan = row.kind == Entry.Kind.PLAN
        may_view_contents = sees_contents(request)
        may_view_plans = self.may_view(Plan, request)
        return {
            **super().page(request, row),
            "project_link": link_to(row.project) if self.may_view(Project, request) else brief(row.project.name),
            "drawing": draw_with_schemas(row.project, row.plan, contents=may_view_contents),
            "used_services": list(_used_services(row)),
            "may_view_services": self.may_view(Service, request),
            "stored_by": _stored_by(row) if may_view_plans else None,
            "plans_served": served[:MAX_PLANS_SHOWN] if may_view_plans else [],
            "served": hits_of(row, timezone.now()) if is_plan else None,
            "similar": similar_to(row),
            "may_quarantine": self.has_operate_permission(request) and is_plan,
            "may_view_contents": may_view_contents,
            "list_page": list_of(Entry),
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
            form = ReplayForm(
                entry,
                request.POST if request.method == "POST" else None,
                prefilled=sees_contents(request),
            )
        except BadRequest as error:
            self.message_user(request, f"The entry's params cannot be read: {error.message}", messages.ERROR)
            return HttpResponseRedirect(page_of(entry))
        preview: dict[str, Any] = {}
        if form.is_valid():
            try:
                if "store" in request.POST:
                    return self._store(request, entry, form)
                preview = _preview(entry, form, contents=sees_contents(request))
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
            "title": f"Replay “{brief(entry.template_text, 60)}”",
            "opts": self.opts,
            "entry": entry,
            "entry_title": brief(entry.template_text, 60),
            "entry_page": page_of(entry),
            "form": form,
            "media": self.media,
        }
        return TemplateResponse(request, "admin/cache/entry/replay.html", context)


def _preview(entry: Entry, form: ReplayForm, *, contents: bool) -> dict[str, Any]:
    """What stands in the entry is compared for those who may see it."""
    assert form.request is not None
    plan, failure = plans.preview_replay(entry, project=entry.project, request=form.request)
    if failure is not None:
        return {"previewed": True, "error": failure.as_dict()}
    return {
        "previewed": True,
        "plan_json": plan,
        "drawing": draw_with_schemas(entry.project, plan, contents=True),
        "lines": compare(as_json(_in_order(entry.plan)), as_json(_in_order(plan))) if contents else [],
        "compared": contents,
    }


def _in_order(value: Json) -> Json:
    """The same with its members in order: Postgres has one of its own, which is no difference."""
    return json.loads(json.dumps(value, sort_keys=True))


def _stored_by(entry: Entry) -> Plan | None:
    """The plan that it was stored for; none for one that is older than this is noted, or of a confirmed plan."""
    return Plan.objects.filter(stored_entry_id=entry.pk).order_by().only("action").first()


def _used_services(entry: Entry) -> Iterator[UsedService]:
    used = entry.services if isinstance(entry.services, dict) else {}
    today = {service.name: service for service in entry.project.services.filter(name__in=list(used))}
    for name, version in used.items():
        yield UsedService(name, version, today.get(name))
