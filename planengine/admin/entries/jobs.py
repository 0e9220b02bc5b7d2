"""Jobs over all entries of a project that a filter finds: begun after an estimate, watched, ended, resumed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import AdminSite
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from cache import storage
from cache.care import jobs
from cache.care.estimates import Estimate
from cache.care.jobs import Wanted
from cache.care.selection import CHOICES, MAX_VALUE, NARROWING, InvalidSelection, in_words, read_selection
from cache.models import CacheJob
from cache.tasks import enqueue_job
from orra.base.strictjson import digest
from orra.operators.display import brief
from orra.operators.keyset import KeysetAdmin
from orra.operators.pages import ProjectFilter, ReadOnlyAdmin, badge, link_to, page_of
from planengine.admin.parts.projects import ProjectField, project_widget
from planengine.models import Project

TONES = {"waiting": "neutral", "running": "good", "done": "good", "cancelled": "warning", "failed": "bad"}
RIGHTS = {CacheJob.Kind.EVICT: "cache.delete_entry", CacheJob.Kind.QUARANTINE: "cache.change_entry"}
ANY = [("", "any")]


def start_of(kind: str, told: Mapping[str, str]) -> str:
    """The address where a job of this kind begins, with the filters of a list."""
    chosen = {name: told[name] for name in ("project", *NARROWING) if told.get(name)}
    if told.get("q"):
        chosen["words"] = told["q"]
    return reverse("admin:cache_cachejob_start", query={"do": kind, **chosen})


class JobForm(forms.Form):
    """Valid, it has what is ``wanted``."""

    do = forms.ChoiceField(label="Do", choices=CacheJob.Kind.choices)
    project = ProjectField()
    service = forms.CharField(label="That use the service", required=False, max_length=MAX_VALUE)
    words = forms.CharField(label="Whose action says", required=False, max_length=MAX_VALUE)
    kind = forms.ChoiceField(required=False, choices=[*ANY, *CHOICES["kind"].items()])
    state = forms.ChoiceField(required=False, choices=[*ANY, *CHOICES["state"].items()])
    planned_by = forms.ChoiceField(required=False, choices=[*ANY, *CHOICES["planned_by"].items()])
    serves = forms.ChoiceField(required=False, choices=[*ANY, *CHOICES["serves"].items()])
    contested = forms.ChoiceField(required=False, choices=[*ANY, *CHOICES["contested"].items()])
    older_than_days = forms.CharField(label="Older than, days", required=False, max_length=6)
    with_pinned = forms.BooleanField(label="Pinned ones, too", required=False)
    reason = forms.CharField(
        required=False, max_length=storage.MAX_REASON, help_text="For a quarantine: why. Whoever looks reads it."
    )

    def __init__(self, site: AdminSite, data: Any = None, initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        self.fields["project"].widget = project_widget(site)
        self.wanted: Wanted | None = None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        if cleaned["do"] == CacheJob.Kind.QUARANTINE and not cleaned["reason"].strip():
            self.add_error("reason", "Say why: whoever looks at the entries reads it.")
            return cleaned
        try:
            chosen = read_selection(cleaned)
        except InvalidSelection as error:
            self.add_error(error.name, str(error))
            return cleaned
        reason = cleaned["reason"] if cleaned["do"] == CacheJob.Kind.QUARANTINE else ""
        self.wanted = Wanted(cleaned["do"], cleaned["project"].pk, chosen, cleaned["with_pinned"], reason)
        return cleaned


@admin.register(CacheJob)
class CacheJobAdmin(KeysetAdmin, ReadOnlyAdmin):
    """Who may see entries may see what becomes of them."""

    ids_by_prefix = {"p_": "project_id"}
    list_display = ("job", "project", "which", "state_told", "progress", "started_by", "created_at", "finished_at")
    list_filter = ("state", "kind", ProjectFilter)
    list_select_related = ("project", "started_by")
    list_defer = ("words",)
    search_fields = ("project__name", "project__id__exact")
    search_help_text = "A project's name or id."

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("cache.view_entry"))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("start/", wrap(self.start_view), name="cache_cachejob_start"),
            path("<path:object_id>/cancel/", wrap(require_POST(self.cancel_view)), name="cache_cachejob_cancel"),
            path("<path:object_id>/resume/", wrap(require_POST(self.resume_view)), name="cache_cachejob_resume"),
            *super().get_urls(),
        ]

    @admin.display(description="job")
    def job(self, job: CacheJob) -> str:
        return str(job)

    @admin.display(description="entries")
    def which(self, job: CacheJob) -> str:
        return brief(in_words(job.chosen) or "all of them", 120)

    @admin.display(description="state")
    def state_told(self, job: CacheJob) -> SafeString:
        return badge(TONES[job.state], "is being cancelled" if ending(job) else job.get_state_display())

    @admin.display(description="done")
    def progress(self, job: CacheJob) -> str:
        return f"{job.done:,} of about {job.estimate:,}"

    def page(self, request: HttpRequest, row: CacheJob) -> dict[str, Any]:
        may_act = may(request, row.kind)
        return {
            "title": f"{row.get_kind_display().capitalize()} entries of “{brief(row.project.name, 60)}”",
            "subtitle": str(row),
            "job": row,
            "which": in_words(row.chosen) or "all entries",
            "state": self.state_told(row),
            "project_link": link_to(row.project) if self.may_view(Project, request) else brief(row.project.name),
            "percent": 100 if row.state == CacheJob.State.DONE else min(99, 100 * row.seen // max(1, row.rows)),
            **{name: f"{getattr(row, name):,}" for name in ("done", "estimate", "seen", "rows")},
            "ending": ending(row),
            "may_cancel": may_act and row.is_open and not row.cancelled,
            "may_resume": may_act and row.state in (CacheJob.State.CANCELLED, CacheJob.State.FAILED),
        }

    def start_view(self, request: HttpRequest) -> HttpResponse:
        """GET shows the form, POST an estimate; ``confirmed`` begins the job that the estimate was for."""
        if not any(may(request, kind) for kind in CacheJob.Kind.values):
            raise PermissionDenied
        if request.method != "POST":
            form = JobForm(self.admin_site, initial=_bounded(request.GET))
            return self._start_page(request, form, None)
        form = JobForm(self.admin_site, request.POST)
        if not form.is_valid() or form.wanted is None:
            return self._start_page(request, form, None)
        wanted = form.wanted
        if not may(request, wanted.kind):
            raise PermissionDenied
        about = jobs.estimate_of(wanted)
        if request.POST.get("confirmed") != token_of(wanted):
            return self._start_page(request, form, about)
        try:
            job = jobs.begin(wanted, about, user_id=request.user.pk)
        except jobs.JobOpen as error:
            self.message_user(request, _open_already(error), messages.ERROR)
            return (
                HttpResponseRedirect(page_of(error.job)) if error.job else self._start_page(request, form, about)
            )
        self.log_addition(request, job, f"Begun: {said(wanted, about, form.cleaned_data['project'])}.")
        enqueue_job(job.pk)
        return HttpResponseRedirect(page_of(job))

    def cancel_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        job = self._job(request, object_id)
        if jobs.cancel(job):
            self.log_change(request, job, "Cancelled.")
            enqueue_job(job.pk)
            self.message_user(
                request,
                "It ends after the batch under way, or now if none is. What is done stays done.",
                messages.SUCCESS,
            )
        return HttpResponseRedirect(page_of(job))

    def resume_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        job = self._job(request, object_id)
        try:
            resumed = jobs.resume(job)
        except jobs.JobOpen as error:
            self.message_user(request, _open_already(error), messages.ERROR)
            return HttpResponseRedirect(page_of(error.job or job))
        if resumed:
            self.log_change(request, job, "Resumed.")
            enqueue_job(job.pk)
        return HttpResponseRedirect(page_of(job))

    def _job(self, request: HttpRequest, object_id: str) -> CacheJob:
        job = self.get_object(request, unquote(object_id))
        if not isinstance(job, CacheJob):
            raise Http404
        if not may(request, job.kind):
            raise PermissionDenied
        return job

    def _start_page(self, request: HttpRequest, form: JobForm, about: Estimate | None) -> HttpResponse:
        wanted = form.wanted
        context = {
            **self.admin_site.each_context(request),
            "title": "Evict or quarantine entries by a filter",
            "opts": self.opts,
            "form": form,
            "about": about,
            "question": said(wanted, about, form.cleaned_data["project"]) if wanted and about else "",
            "token": token_of(wanted) if wanted else "",
            "verb": CacheJob.Kind(wanted.kind).label.capitalize() if wanted else "",
            "with_pinned": wanted.with_pinned if wanted else False,
            "media": self.media,
        }
        return TemplateResponse(request, "admin/cache/cachejob/start.html", context)


def may(request: HttpRequest, kind: str) -> bool:
    return bool(request.user.has_perm(RIGHTS[CacheJob.Kind(kind)]))


def ending(job: CacheJob) -> bool:
    return job.is_open and job.cancelled


def said(wanted: Wanted, about: Estimate, project: Project) -> str:
    """ "evict about 41,000 entries of project X that use “refund_order”, 12 pinned" """
    entries = "entry" if about.exact and about.found == 1 else "entries"
    which = f" {wanted.told}" if wanted.told else ""
    pinned = f", {about.pinned:,} of them pinned" if about.pinned else ", none of them pinned"
    return f"{wanted.kind} {about.about} {entries} of project “{brief(project.name, 60)}”{which}{pinned}"


def token_of(wanted: Wanted) -> str:
    """Equal for the same wish: what an estimate was shown of is what is begun."""
    return digest([wanted.kind, wanted.project_id, wanted.chosen, wanted.with_pinned, wanted.reason])


def _bounded(told: Mapping[str, str]) -> dict[str, str]:
    return {name: str(value)[:MAX_VALUE].replace("\x00", "") for name, value in told.items()}


def _open_already(error: jobs.JobOpen) -> str:
    return f"{error} This is it." if error.job else f"{error} It has just ended: try again."
