"""The pages of examples: of a project and of a service, and what operators do with one."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from cache import storage
from cache.models import Entry
from orra.base.strictjson import InvalidJson, Json, digest, parse
from orra.operators.display import as_short_json, brief
from orra.operators.pages import MAX_PROJECTS_IN_FILTER, OperatorAdmin, list_of, page_of
from planengine import tasks
from planengine.admin.catalogue.example_rows import KINDS, given_by, learned
from planengine.catalogue import registry
from planengine.catalogue.errors import ExamplesInvalid
from planengine.exceptions import BadRequest
from planengine.models import Project, Service
from planengine.models.checks import MAX_NOTE_CHARACTERS
from planengine.reuse import examples


class ExamplePages(OperatorAdmin):
    """For the admin of services."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        of_entry = view(require_POST(self.entry_view))
        return [
            path("examples/", view(self.examples_view), name="planengine_examples"),
            path("examples/<path:entry_id>/", of_entry, name="planengine_examples_entry"),
            path("<path:object_id>/examples/", view(self.examples_view), name="planengine_service_examples"),
            path(
                "<path:object_id>/examples/change/",
                view(require_POST(self.given_view)),
                name="planengine_service_examples_change",
            ),
            *super().get_urls(),
        ]

    def examples_view(self, request: HttpRequest, object_id: str | None = None) -> HttpResponse:
        if any("\x00" in value for value in request.GET.values()):
            raise SuspiciousOperation("A filter must not contain NUL.")
        service = None if object_id is None else self._service(request, object_id)
        if not self.has_view_permission(request):
            raise PermissionDenied
        chosen = request.GET.get("project", "")
        project = service.project if service else Project.objects.filter(pk=chosen).first()
        told: dict[str, Any] = {"row": service, "project": project, "kinds": KINDS, "typed": chosen}
        if project is None:
            told["projects"] = Project.objects.all()[:MAX_PROJECTS_IN_FILTER]
            return self._examples_page(request, told)
        services = Service.objects.filter(project=project)
        told["given"] = list(given_by(services.filter(pk=service.pk) if service else services))
        told["may_give"] = self.has_change_permission(request)
        if self.may_view(Entry, request):
            kind, before = request.GET.get("kind", ""), request.GET.get("before", "")
            try:
                told["learned"] = learned(
                    project, service=service.name if service else "", kind=kind, before=before
                )
            except ValueError:
                raise Http404 from None
            told |= {"kind": kind, "here": examples_of(service or project), "max_note": MAX_NOTE_CHARACTERS}
            told["may_confirm"] = request.user.has_perm("cache.change_entry")
            told["may_evict"] = request.user.has_perm("cache.delete_entry")
        return self._examples_page(request, told)

    def given_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Adds what was typed to the service's examples, or with ``remove`` takes one away."""
        service = self._service(request, object_id)
        if not self.has_change_permission(request, service):
            raise PermissionDenied
        removed = request.POST.get("remove", "")
        named = [each for each in service.examples if removed and digest(each) == removed]
        example = named[0] if named else _example(request.POST.get("example", "").replace("\r\n", "\n"))
        try:
            if removed:
                changed, done = bool(named) and registry.remove_example(service, example), "removed"
            else:
                changed, done = registry.add_example(service, example), "added"
        except ExamplesInvalid as error:
            self.message_user(request, f"Nothing was changed. {brief(str(error), 500)}", "ERROR")
            return HttpResponseRedirect(examples_of(service))
        if changed:
            project_id, name = service.project_id, service.name
            transaction.on_commit(lambda: tasks.compare_with_cached_plans(project_id, name))
            self.log_change(request, service, f"Example {done}: {as_short_json(example, 200)}")
        told = f"The example is {done}." if changed else "Nothing changed: the examples are so already."
        self.message_user(request, told, "SUCCESS" if changed else "INFO")
        return HttpResponseRedirect(examples_of(service))

    def entry_view(self, request: HttpRequest, entry_id: str) -> HttpResponse:
        """Confirms an entry, marks it as wrong, or evicts it."""
        done = request.POST.get("do", "")
        if not request.user.has_perm("cache.delete_entry" if done == "evict" else "cache.change_entry"):
            raise PermissionDenied
        entry = Entry.objects.filter(pk=unquote(entry_id).replace("\x00", "")).select_related("project").first()
        if entry is None:
            raise Http404
        note = request.POST.get("note", "").replace("\x00", "")[:MAX_NOTE_CHARACTERS]
        admin = self.admin_site.get_model_admin(Entry)
        try:
            told = _do(done, entry, note)
        except BadRequest as error:
            self.message_user(request, error.message, "ERROR")
        else:
            if done == "evict":
                admin.log_deletions(request, [entry])  # type: ignore[arg-type]
            else:
                admin.log_change(request, entry, told)
            self.message_user(request, f"{brief(str(entry), 100)}: {told}", "SUCCESS")
        service_id = request.POST.get("service", "")[:50].replace("\x00", "")
        of = Service.objects.filter(project=entry.project, pk=service_id).first()
        return HttpResponseRedirect(examples_of(of or entry.project))

    def _service(self, request: HttpRequest, object_id: str) -> Service:
        service = self.get_object(request, unquote(object_id))
        if not self.has_view_permission(request, service):
            raise PermissionDenied
        if service is None:
            raise Http404
        assert isinstance(service, Service)
        return service

    def _examples_page(self, request: HttpRequest, told: dict[str, Any]) -> HttpResponse:
        row = told["row"]
        context = {
            **self.admin_site.each_context(request),
            **{"title": "Examples", "opts": self.opts, "list_page": list_of(Service), **told},
            "row_page": page_of(row) if row else "",
        }
        return TemplateResponse(request, "admin/planengine/service/examples.html", context)


def examples_of(row: Service | Project) -> str:
    """The address of a service's examples, or of a project's."""
    if isinstance(row, Service):
        return reverse("admin:planengine_service_examples", args=[quote(row.pk)])
    return reverse("admin:planengine_examples", query={"project": row.pk})


def _example(typed: str) -> Json:
    """An object where that was typed, else the text."""
    try:
        value = parse(typed)
    except InvalidJson:
        return typed
    return value if isinstance(value, dict) else typed


def _do(done: str, entry: Entry, note: str) -> str:
    """What was done, in words. Raises :class:`BadRequest`."""
    match done:
        case "confirm":
            if not examples.confirm(entry):
                raise BadRequest("Nothing changed: it votes already.", code="votes_already", status=409)
            return "Confirmed: it votes from now on."
        case "wrong":
            examples.mark_wrong(entry, note=note)
            return f"Marked as wrong. {note}".strip()
        case "evict":
            storage.forget(entry.project_id, [entry.pk])
            return "Evicted."
    raise SuspiciousOperation("Say what is to be done.")
