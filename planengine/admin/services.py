"""Services, edited by the rules of the API: the same checks, and a version that rises only on change. What a
change would do is shown before it is stored."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.admin.utils import quote
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from cache.models import Entry
from cache.storage import Held
from orra.operators.display import brief
from orra.operators.pages import ProjectFilter, list_of, page_of, with_origin
from planengine import tasks
from planengine.admin.catalogue.dependents import groundings_naming, latest_entries, latest_plans
from planengine.admin.catalogue.example_pages import ExamplePages, examples_of
from planengine.admin.catalogue.service_forms import ServiceForm
from planengine.admin.catalogue.versions import differences, evictions, tell, versions_of
from planengine.catalogue import registry
from planengine.catalogue.annotations import is_destructive, is_read_only
from planengine.catalogue.prospects import removal_of
from planengine.models import Grounding, Plan, Service, ServiceVersion

MAX_LISTED = 20


@admin.register(Service)
class ServiceAdmin(ExamplePages):
    form = ServiceForm
    list_display = ("name", "type", "does", "project", "version", "effects", "revertible", "updated_at")
    list_filter = ("type", "revertible", "updated_at", ProjectFilter)
    list_select_related = ("project",)
    list_defer = ("input_schema", "output_schema", "examples", "capabilities")
    search_fields = ("name", "description", "id__exact", "project__name", "project__id__exact")
    search_help_text = "Part of a name or description, a service's id, or a project's name or id."
    raw_id_fields = ("project",)
    save_on_top = False

    def get_urls(self) -> list[URLPattern]:
        versions = self.admin_site.admin_view(self.versions_view)
        return [
            path("<path:object_id>/versions/", versions, name="planengine_service_versions"),
            *super().get_urls(),
        ]

    def get_fields(self, request: HttpRequest, obj: Service | None = None) -> tuple[str, ...]:
        facts = ("project", "name", *registry.MEMBERS)
        return (*facts, "id", "version", "created_at", "updated_at") if obj else facts

    def get_readonly_fields(self, request: HttpRequest, obj: Service | None = None) -> tuple[str, ...]:
        # Plans and entries know a service by its name, so that another name is another service.
        return ("project", "name", "id", "version", "created_at", "updated_at") if obj else ()

    @admin.display(description="description", ordering="description")
    def does(self, service: Service) -> str:
        return brief(service.description)

    @admin.display(description="effects", ordering="annotations__readOnlyHint")
    def effects(self, service: Service) -> str:
        if is_read_only(service.annotations):
            return "none"
        return "may be destructive" if is_destructive(service.annotations) else "adds only"

    # --- changing

    def save_model(self, request: HttpRequest, obj: Service, form: Any, change: bool) -> None:
        registered = registry.register(
            obj.project, obj.name, {member: getattr(obj, member) for member in registry.MEMBERS}
        )
        obj.pk, obj.version = registered.service.pk, registered.service.version
        project_id, name = obj.project_id, obj.name
        transaction.on_commit(lambda: tasks.compare_with_cached_plans(project_id, name))
        self._tell(request, f"The version is {obj.version}.", registered.evicted)

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> str:  # type: ignore[override]
        """Who reads the log sees what was changed and what it cost."""
        changed = ", ".join(form.prospect.changed) if form.prospect is not None and not add else "registered"
        return f"{changed}. {_told(request)}"

    def response_post_save_change(self, request: HttpRequest, obj: Service) -> HttpResponseRedirect:
        return HttpResponseRedirect(page_of(obj))

    def response_post_save_add(self, request: HttpRequest, obj: Service) -> HttpResponseRedirect:
        may_view = self.has_view_permission(request, obj)
        return HttpResponseRedirect(page_of(obj) if may_view else reverse("admin:index"))

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **more: Any) -> Any:
        form = context["adminform"].form
        prospect = getattr(form, "prospect", None)
        if prospect is not None:
            shown = {"prospect": tell(prospect), "token": prospect.token, "outdated": form.outdated}
            context = {**context, **shown, "may_store": bool(prospect.changed)}
        return super().render_change_form(request, context, *args, **more)

    # --- removing

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        if (action := actions.get("delete_selected")) is not None:
            actions["delete_selected"] = (*action[:2], "Remove selected services")
        return actions

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().delete_view(request, object_id, {"title": "Remove this service?", **(extra_context or {})})

    def delete_model(self, request: HttpRequest, obj: Service) -> None:
        self._tell(request, f"{obj.name} is removed.", registry.remove(obj))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Service]) -> None:
        gone = [registry.remove(service) for service in queryset.select_related("project")]
        total = Held(*(sum(counts) for counts in zip(*map(_counts, gone), strict=True))) if gone else Held()
        self._tell(request, f"{len(gone)} removed.", total)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Django logs before it deletes, so what goes is counted here."""
        user_id = cast(User, request.user).pk
        for service in queryset:
            told = with_origin(request, evictions(removal_of(service).evicts, done=True))
            LogEntry.objects.log_actions(user_id, [service], DELETION, change_message=told, single_object=True)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[Any], list[Any]]:
        """What removing them would do to the cache, one by one: an entry that uses two of them counts at both."""
        services = list(objs)
        listed: list[Any] = []
        for service in services[:MAX_LISTED]:
            versions = ServiceVersion.objects.filter(service=service).count()
            told = f"Its history goes with it: {versions:,} versions." if versions else "It has no history."
            listed += [brief(service.name), [evictions(removal_of(service).evicts, done=False), told]]
        if len(services) > MAX_LISTED:
            listed.append(f"and {len(services) - MAX_LISTED:,} more")
        allowed = all(self.has_delete_permission(request, service) for service in services)
        return listed, {"services": len(services)}, set() if allowed else {"service"}, []

    def _tell(self, request: HttpRequest, what: str, evicted: Held) -> None:
        told = f"{what} {evictions(evicted, done=True)}"
        cast(Any, request).told = told
        self.message_user(request, told, messages.WARNING if evicted.pinned else messages.INFO)

    # --- pages

    def page(self, request: HttpRequest, row: Service) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "versions_page": _address(row, "versions"),
            "examples_page": examples_of(row),
            "examples_given": len(row.examples) if isinstance(row.examples, list) else 0,
            "versions_kept": ServiceVersion.objects.filter(service=row).count(),
        }
        if self.may_view(Entry, request):
            shown |= {
                "used_by": list_of(Entry, project=row.project_id, service=row.name),
                "entries": latest_entries(row),
            }
        if self.may_view(Plan, request):
            shown["plans"] = latest_plans(row)
        if self.may_view(Grounding, request):
            shown["groundings"] = [(each, page_of(each)) for each in groundings_naming(row)]
        return shown

    def versions_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The versions; with ``old`` and ``new``, their numbers in the history, what differs between the two."""
        service = self._service(request, object_id)
        versions = versions_of(service)
        known = {str(each.pk): each for each in versions}
        default = [str(each.pk) for each in versions[:2]]
        old = request.GET.get("old", default[-1] if default else "")
        new = request.GET.get("new", default[0] if default else "")
        if (old or new) and (old not in known or new not in known):
            raise Http404
        facts = dict(ServiceVersion.objects.filter(pk__in={old, new} - {""}).values_list("pk", "facts"))
        told: dict[str, Any] = {"versions": versions, "old": known.get(old), "new": known.get(new)}
        if old and new:
            told["differences"] = differences(facts[int(old)], facts[int(new)])
        return self.own_page(request, "versions.html", "Versions", service, **told)

    def own_page(
        self, request: HttpRequest, template: str, title: str, service: Service, **told: Any
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            **{"title": title, "opts": self.opts, "list_page": list_of(Service)},
            **{"row": service, "row_page": page_of(service), **told},
        }
        return TemplateResponse(request, f"admin/planengine/service/{template}", context)


def _told(request: HttpRequest) -> str:
    return str(getattr(request, "told", ""))


def _counts(held: Held) -> tuple[int, int, int]:
    return held.entries, held.pinned, held.voting


def _address(service: Service, view: str, **chosen: str) -> str:
    return reverse(f"admin:planengine_service_{view}", args=[quote(service.pk)], query=chosen)
