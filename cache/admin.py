"""The admin of cache entries, as far as the cache alone can tell: its list, its operators' actions, and what an
entry's template and recipe say. Whoever knows plans and services registers it, with what it adds to the page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from cache import lookup, pins, storage
from cache.models import Entry
from cache.plans.description import Piece, filled_places, pieces
from cache.plans.recipes import Recipe, RecipeInvalid
from cache.templates.templates import TemplateInvalid
from orra.base.strictjson import Json
from orra.operators.display import brief, visible
from orra.operators.pages import ChosenFilter, OperatorAdmin, ProjectFilter, badge, page_of

MAX_LISTED = 100


PLANNERS = {
    "model": "model",
    "repaired": "model, repaired",
    "composer": "composer",
    "confirmed": "somebody, who says that it is right",
    "report": "somebody, who says that it is wrong",
}


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("usable", "usable"), ("expired", "expired"), ("quarantined", "in quarantine")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Entry]) -> QuerySet[Entry]:
        match self.value():
            case "usable":
                return queryset.filter(expires_at__gt=timezone.now(), quarantined_at=None)
            case "expired":
                return queryset.filter(expires_at__lte=timezone.now())
            case "quarantined":
                return queryset.exclude(quarantined_at=None)
        return queryset


class ReuseFilter(admin.SimpleListFilter):
    title = "serves"
    parameter_name = "serves"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("template", "every request of its template"), ("identical", "the identical request only")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Entry]) -> QuerySet[Entry]:
        match self.value():
            case "template":
                return queryset.filter(identity="")
            case "identical":
                return queryset.exclude(identity="")
        return queryset


class PlannerFilter(admin.SimpleListFilter):
    title = "planned by"
    parameter_name = "planned_by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(PLANNERS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Entry]) -> QuerySet[Entry]:
        chosen = self.value()
        return queryset.filter(planned_by=chosen) if chosen else queryset


class KindFilter(admin.SimpleListFilter):
    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("plan", "plans"), ("refusal", "refusals"), ("counter", "counter-examples")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Entry]) -> QuerySet[Entry]:
        chosen = self.value()
        return queryset.filter(kind=chosen) if chosen else queryset


class ServiceFilter(ChosenFilter):
    title = "uses the service"
    parameter_name = "service"
    lookup = "services__has_key"


class EntryAdmin(OperatorAdmin):
    """Entries are written by the cache alone; operators evict and pin them."""

    list_display = (
        "template_text",
        "project",
        "kind",
        "state",
        "hits",
        "last_used",
        "planned_by",
        "created_at",
        "ends_at",
    )
    list_filter = (
        *(KindFilter, StateFilter, "contested", "pinned", ReuseFilter, PlannerFilter),
        *("created_at", ProjectFilter, ServiceFilter),
    )
    list_select_related = ("project", "use")
    list_defer = ("scope_facts", "params", "words", "plan", "recipe", "cost", "quarantine_reason")
    search_fields = ("id__exact", "action", "project__id__exact", "project__name")
    search_help_text = "Words of the action, an entry's or project's id, or a project's name."
    actions = ("pin", "unpin")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Entry | None = None) -> bool:
        return False

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("cache.change_entry"))

    def get_urls(self) -> list[URLPattern]:
        pin = self.admin_site.admin_view(require_POST(self.pin_view))
        return [path("<path:object_id>/pin/", pin, name="cache_entry_pin"), *super().get_urls()]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        if (action := actions.get("delete_selected")) is not None:
            actions["delete_selected"] = (*action[:2], "Evict selected entries")
        return actions

    @admin.display(description="template", ordering="action")
    def template_text(self, entry: Entry) -> SafeString | str:
        try:
            found = pieces(lookup.template_of(entry))
        except TemplateInvalid:
            return brief(entry.action)
        return _as_line(found)

    @admin.display(description="state")
    def state(self, entry: Entry) -> SafeString:
        pinned = badge("neutral", "pinned") if entry.pinned else ""
        contested = badge("warning", "contested") if entry.contested else ""
        return format_html("{} {} {}", badge(*_state(entry)), pinned, contested)

    @admin.display(description="hits", ordering="use__hits")
    def hits(self, entry: Entry) -> int:
        return entry.use.hits if hasattr(entry, "use") else 0

    @admin.display(description="last used", ordering="use__last_used_at")
    def last_used(self, entry: Entry) -> Any:
        return entry.use.last_used_at if hasattr(entry, "use") and entry.use.hits else None

    @admin.display(description="expires", ordering="expires_at", empty_value="never")
    def ends_at(self, entry: Entry) -> datetime | None:
        return entry.ends_at

    def page(self, request: HttpRequest, row: Entry) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "subtitle": row.pk,
            "entry": row,
            "state": self.state(row),
            "hits": self.hits(row),
            "last_used": self.last_used(row),
            "dimensions": len(row.vector.embedding) if hasattr(row, "vector") else 0,
            "may_operate": self.has_operate_permission(request) and row.kind == Entry.Kind.PLAN,
            "holds_plan": row.kind == Entry.Kind.PLAN,
            "votes": _votes(row),
            "cost": _told(row.cost),
            "scope": _told(row.scope_facts),
        }
        try:
            shown["pieces"] = pieces(lookup.template_of(row))
        except TemplateInvalid as error:
            shown["template_fault"] = str(error)
        if row.kind != Entry.Kind.PLAN:
            return shown
        try:
            recipe = Recipe.from_json(row.recipe)
            shown |= {"recipe": recipe, "filled": filled_places(recipe, row.plan)}
        except RecipeInvalid as error:
            shown["recipe_fault"] = str(error)
        return shown

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

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().delete_view(request, object_id, {"title": "Evict this entry?", **(extra_context or {})})

    def delete_model(self, request: HttpRequest, obj: Entry) -> None:
        storage.forget(obj.project_id, [obj.pk])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Entry]) -> None:
        by_project: dict[str, list[str]] = {}
        for project_id, entry_id in queryset.values_list("project_id", "pk"):
            by_project.setdefault(project_id, []).append(entry_id)
        for project_id, entry_ids in by_project.items():
            storage.forget(project_id, entry_ids)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[Any], list[Any]]:
        """An entry's vector and counter are parts of it, not things of their own."""
        entries = list(objs)
        listed = [f"{brief(entry.action)} ({entry.pk})" for entry in entries[:MAX_LISTED]]
        if len(entries) > MAX_LISTED:
            listed.append(f"and {len(entries) - MAX_LISTED:,} more")
        allowed = all(self.has_delete_permission(request, entry) for entry in entries)
        return listed, {"entries": len(entries)}, set() if allowed else {"entry"}, []

    def _pin(self, request: HttpRequest, entries: QuerySet[Entry], *, pinned: bool) -> None:
        word = "Pinned" if pinned else "Unpinned"
        chosen = {entry.pk: entry for entry in entries.filter(kind=Entry.Kind.PLAN)}
        changed = (pins.pin if pinned else pins.unpin)(list(chosen))
        changing = [chosen[entry_id] for entry_id in changed]
        for entry in changing:
            self.log_change(request, entry, f"{word}.")
        noun = "entry" if len(changing) == 1 else "entries"
        self.message_user(request, f"{word} {len(changing)} {noun}.", messages.SUCCESS)


def _state(entry: Entry) -> tuple[str, str]:
    if entry.quarantined_at is not None:
        return "bad", "in quarantine"
    if entry.expired:
        return "neutral", "expired"
    if entry.kind != Entry.Kind.PLAN:
        return "neutral", "votes only"
    return ("good", "usable") if entry.reusable else ("warning", "identical request only")


def _votes(entry: Entry) -> str:
    """What the entry says when examples vote, in words."""
    if not hasattr(entry, "vector"):
        if entry.kind == Entry.Kind.PLAN and entry.reusable and entry.quarantined_at is None:
            return "for nothing: what the composer planned votes only when somebody has reported it as right"
        return "for nothing: it has no vector"
    match entry.kind:
        case Entry.Kind.REFUSAL:
            return "against plans for what is near to it"
        case Entry.Kind.COUNTER:
            return "against its own plan, for what is near to it"
    return "for its plan"


def _told(facts: Json) -> list[tuple[str, Json]]:
    """Stored facts by their names in words, without those that nobody knows. Stored rows are not trusted."""
    known = facts if isinstance(facts, dict) else {}
    return [(name.replace("_", " "), fact) for name, fact in known.items() if fact not in (None, "")]


def _as_line(found: list[Piece], limit: int = 100) -> SafeString:
    """A template on one line of a list, its slots in braces and marked."""
    parts: list[SafeString] = []
    left = limit
    for piece in found:
        if left <= 0:
            parts.append(format_html("{}", "…"))
            break
        plain = piece.text if len(piece.text) <= left else f"{piece.text[:left]}…"
        text = "{" + brief(piece.slot, 40) + "}" if piece.slot else visible(plain)
        parts.append(format_html('<mark class="orra-slot">{}</mark>' if piece.slot else "{}", text))
        left -= len(text)
    return format_html("<bdi>{}</bdi>", format_html_join("", "{}", ([part] for part in parts)))
