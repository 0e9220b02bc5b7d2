"""An entry's list and page, and what its template and recipe say."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from cache import lookup, storage
from cache.admin.filters import (
    ContestedFilter,
    KindFilter,
    PlannerFilter,
    ServesFilter,
    ServiceFilter,
    StateFilter,
)
from cache.models import Entry
from cache.plans.description import Piece, filled_places, pieces
from cache.plans.recipes import Recipe, RecipeInvalid
from cache.templates.templates import TemplateInvalid
from orra.base.strictjson import Json
from orra.operators.display import brief, visible
from orra.operators.keyset import KeysetAdmin
from orra.operators.pages import ProjectFilter, badge

MAX_TITLE = 70


class EntryAdmin(KeysetAdmin):
    """Entries are written by the cache alone. They are not listed by their hits: these change with every request,
    and an index of them would cost each."""

    keyset = ("created_at", "id")
    ids_by_prefix = {"ce_": "id", "p_": "project_id"}

    list_display = (
        "template_text",
        "state",
        "hits",
        "last_used",
        "project",
        "kind",
        "planned_by",
        "created_at",
        "ends_at",
    )
    list_filter = (
        *(KindFilter, StateFilter, ContestedFilter, "pinned", ServesFilter, PlannerFilter),
        *("created_at", ProjectFilter, ServiceFilter),
    )
    list_select_related = ("project", "use")
    list_defer = ("scope_facts", "params", "words", "plan", "recipe", "cost", "quarantine_reason")
    search_fields = ("id__exact", "action", "project__id__exact", "project__name")
    search_help_text = "Words of the action, an entry's or project's id, or a project's name."

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Entry | None = None) -> bool:
        return False

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("cache.change_entry"))

    @admin.display(description="template")
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

    @admin.display(description="hits")
    def hits(self, entry: Entry) -> int:
        return entry.use.hits if hasattr(entry, "use") else 0

    @admin.display(description="last used")
    def last_used(self, entry: Entry) -> Any:
        return entry.use.last_used_at if hasattr(entry, "use") and entry.use.hits else None

    @admin.display(description="expires", empty_value="never")
    def ends_at(self, entry: Entry) -> datetime | None:
        return entry.ends_at

    def page(self, request: HttpRequest, row: Entry) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "title": _brief_template(row),
            "subtitle": None,
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

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().delete_view(request, object_id, {"title": "Evict this entry?", **(extra_context or {})})

    def delete_model(self, request: HttpRequest, obj: Entry) -> None:
        storage.forget(obj.project_id, [obj.pk])


def _brief_template(entry: Entry) -> str:
    """An entry in a title: what it is for, not its id."""
    return brief(entry.template_text, MAX_TITLE)


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
