"""What operators do with chosen entries: said before it is done, with how many are pinned, and logged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from cache import pins, storage
from cache.admin import EntryAdmin
from cache.models import Entry
from orra.base.strictjson import digest
from orra.operators.pages import list_of, page_of
from planengine.admin.entries.exporting import MAX_EXPORTED, as_lines
from planengine.admin.parts.contents import sees_contents
from planengine.reuse.restoring import restore

MAX_CHOSEN = 1_000
MAX_NAMED = 20
DAYS = ((1, "1 day"), (7, "7 days"), (30, "30 days"), (90, "90 days"), (365, "a year"))


class NoChoice(forms.Form):
    """Nothing but yes."""


class ReasonForm(forms.Form):
    reason = forms.CharField(
        max_length=storage.MAX_REASON,
        widget=forms.TextInput(attrs={"size": 70, "autofocus": True}),
        help_text="Whoever looks at the entry reads it.",
    )


class DaysForm(forms.Form):
    days = forms.TypedChoiceField(
        label="Longer by",
        coerce=int,
        choices=DAYS,
        initial=30,
        help_text="From its end on, or from now if it is over.",
    )


@dataclass(frozen=True)
class Act:
    """``verb`` asks ("Evict 3 entries?"), ``means`` says what follows from it, ``form`` what is to be chosen."""

    name: str
    verb: str
    means: str
    form: type[forms.Form] = NoChoice


EVICT = Act(
    "delete_selected",
    "Evict",
    "They are gone for good. The next requests of their kind are planned.",
)
QUARANTINE = Act(
    "quarantine",
    "Quarantine",
    "They serve nobody and vote for nothing until somebody restores them. Pinned ones, too.",
    ReasonForm,
)
RESTORE = Act("restore", "Restore", "They serve again, and those that a model planned vote again.")
EXTEND = Act("extend", "Extend", "They live longer. Pinned ones do not expire anyway.", DaysForm)


def counted(number: int) -> str:
    return "1 entry" if number == 1 else f"{number:,} entries"


def question(act: Act, entries: Sequence[Entry]) -> str:
    """ "Evict 3 entries (1 pinned)?" """
    pinned = sum(entry.pinned for entry in entries)
    return f"{act.verb} {counted(len(entries))}{f' ({pinned:,} pinned)' if pinned else ''}?"


class ActingAdmin(EntryAdmin):
    actions = ("pin", "unpin", "quarantine", "restore", "extend", "export")

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_urls(self) -> list[URLPattern]:
        pin = self.admin_site.admin_view(require_POST(self.pin_view))
        return [path("<path:object_id>/pin/", pin, name="cache_entry_pin"), *super().get_urls()]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        if EVICT.name in actions:
            evict: Any = ActingAdmin.evict
            actions[EVICT.name] = (evict, EVICT.name, "Evict selected entries")
        return actions

    def pin_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        if not self.has_operate_permission(request):
            raise PermissionDenied
        entry = self.get_object(request, unquote(object_id))
        if entry is None:
            raise Http404
        self._pin(request, Entry.objects.filter(pk=entry.pk), pinned="pin" in request.POST)
        return HttpResponseRedirect(page_of(entry))

    @admin.action(description="Pin selected entries", permissions=["operate"])
    def pin(self, request: HttpRequest, queryset: QuerySet[Entry]) -> None:
        self._pin(request, queryset, pinned=True)

    @admin.action(description="Unpin selected entries", permissions=["operate"])
    def unpin(self, request: HttpRequest, queryset: QuerySet[Entry]) -> None:
        self._pin(request, queryset, pinned=False)

    def evict(self, request: HttpRequest, queryset: QuerySet[Entry]) -> HttpResponse | None:
        if not self.has_delete_permission(request):
            raise PermissionDenied

        def run(entries: Sequence[Entry], form: forms.Form) -> str:
            self.log_deletions(request, Entry.objects.filter(pk__in=[entry.pk for entry in entries]))
            by_project: dict[str, list[str]] = {}
            for entry in entries:
                by_project.setdefault(entry.project_id, []).append(entry.pk)
            return f"Evicted {counted(sum(storage.forget(*each) for each in by_project.items()))}."

        return self._ask(request, queryset, EVICT, run)

    @admin.action(description="Quarantine selected entries", permissions=["operate"])
    def quarantine(self, request: HttpRequest, queryset: QuerySet[Entry]) -> HttpResponse | None:
        def run(entries: Sequence[Entry], form: forms.Form) -> str:
            reason = form.cleaned_data["reason"]
            plans = [entry.pk for entry in entries if entry.kind == Entry.Kind.PLAN]
            changed = storage.quarantine_all(plans, reason)
            self._log(request, entries, changed, f"Quarantined: {reason}")
            pinned = sum(entry.pinned for entry in entries if entry.pk in changed)
            said = f"Quarantined {counted(len(changed))}{f', {pinned} of them pinned' if pinned else ''}."
            return said + _left(entries, changed, "were in quarantine already, or hold no plan")

        return self._ask(request, queryset, QUARANTINE, run)

    @admin.action(description="Restore selected entries from quarantine", permissions=["operate"])
    def restore(self, request: HttpRequest, queryset: QuerySet[Entry]) -> HttpResponse | None:
        def run(entries: Sequence[Entry], form: forms.Form) -> str:
            restored = restore([entry for entry in entries if entry.quarantined_at is not None])
            self._log(request, entries, restored.entries, "Restored from quarantine.")
            said = f"Restored {counted(len(restored.entries))}."
            if restored.silent:
                said += f" {counted(len(restored.silent))} vote for nothing yet."
            if restored.blocked:
                said += (
                    f" {counted(len(restored.blocked))} will still not serve: the same plan is remembered as wrong"
                    " for the template. Evict that counter-example if it is right."
                )
            return said + _left(entries, restored.entries, "were not in quarantine")

        return self._ask(request, queryset, RESTORE, run)

    @admin.action(description="Extend selected entries", permissions=["operate"])
    def extend(self, request: HttpRequest, queryset: QuerySet[Entry]) -> HttpResponse | None:
        def run(entries: Sequence[Entry], form: forms.Form) -> str:
            days = form.cleaned_data["days"]
            changed = pins.extend([entry.pk for entry in entries], days=days)
            label = dict(DAYS)[days]
            self._log(request, entries, changed, f"Extended by {label}.")
            return f"Extended {counted(len(changed))} by {label}." + _left(entries, changed, "have no end")

        return self._ask(request, queryset, EXTEND, run)

    @admin.action(description="Export selected entries as JSON lines", permissions=["export"])
    def export(self, request: HttpRequest, queryset: QuerySet[Entry]) -> StreamingHttpResponse:
        chosen = list(queryset.select_related(None).only("pk", "action", "template")[:MAX_EXPORTED])
        self._log(request, chosen, [entry.pk for entry in chosen], f"Exported with {counted(len(chosen))}.")
        return as_lines([entry.pk for entry in chosen], with_params=sees_contents(request))

    def _ask(
        self,
        request: HttpRequest,
        queryset: QuerySet[Entry],
        act: Act,
        run: Callable[[Sequence[Entry], forms.Form], str],
    ) -> HttpResponse | None:
        """Asks before it is done; done, ``run`` says what came of it."""
        entries = list(queryset[:MAX_CHOSEN])
        form = act.form(request.POST if "post" in request.POST else None)
        asked = digest(sorted([entry.pk, entry.pinned] for entry in entries))
        if form.is_valid() and request.POST.get("asked", asked) != asked:
            self.message_user(request, "They are others now, or pinned otherwise: look again.", messages.WARNING)
        elif form.is_valid():
            self.message_user(request, run(entries, form), messages.SUCCESS)
            return self._back(request, entries)
        context = {
            **self.admin_site.each_context(request),
            "title": question(act, entries),
            "opts": self.opts,
            "act": act,
            "entries": entries,
            "named": [(entry, self.template_text(entry), self.state(entry)) for entry in entries[:MAX_NAMED]],
            "more": max(0, len(entries) - MAX_NAMED),
            "form": form,
            "asked": asked,
            "back": request.POST.get("back", ""),
            "back_to": page_of(entries[0]) if request.POST.get("back") and entries else list_of(Entry),
            "media": self.media,
        }
        return TemplateResponse(request, "admin/cache/entry/act.html", context)

    def _back(self, request: HttpRequest, entries: Sequence[Entry]) -> HttpResponse | None:
        """To the entry's page where it was asked from there, else to the list as it was."""
        if request.POST.get("back") and entries and Entry.objects.filter(pk=entries[0].pk).exists():
            return HttpResponseRedirect(page_of(entries[0]))
        return None

    def _log(self, request: HttpRequest, entries: Sequence[Entry], changed: Sequence[str], said: str) -> None:
        of = set(changed)
        for entry in entries:
            if entry.pk in of:
                self.log_change(request, entry, said)

    def _pin(self, request: HttpRequest, entries: QuerySet[Entry], *, pinned: bool) -> None:
        word = "Pinned" if pinned else "Unpinned"
        chosen = {entry.pk: entry for entry in entries.filter(kind=Entry.Kind.PLAN)}
        changed = (pins.pin if pinned else pins.unpin)(list(chosen))
        self._log(request, list(chosen.values()), changed, f"{word}.")
        self.message_user(request, f"{word} {counted(len(changed))}.", messages.SUCCESS)


def _left(entries: Sequence[Entry], changed: Sequence[str], why: str) -> str:
    left = len(entries) - len(changed)
    return f" {counted(left)} stayed as they were: they {why}." if left else ""
