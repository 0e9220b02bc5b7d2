"""Checked plans: which were found right and which wrong, and by whom."""

from __future__ import annotations

from django.contrib import admin

from orra.operators.display import brief, visible
from orra.operators.keyset import KeysetAdmin
from orra.operators.pages import ProjectFilter, ReadOnlyAdmin
from planengine.models import HitCheck


@admin.register(HitCheck)
class HitCheckAdmin(KeysetAdmin, ReadOnlyAdmin):
    keyset = ("created_at", "id")
    ids_by_prefix = {"o_": "plan_id", "p_": "project_id"}
    list_display = ("plan", "verdict", "origin", "said", "settled", "project", "created_at")
    fields = ("plan", "project", "verdict", "origin", "full_note", "settled", "created_at")
    readonly_fields = ("full_note", "created_at")
    list_filter = ("verdict", "origin", "settled", "created_at", ProjectFilter)
    list_select_related = ("plan", "project")
    search_fields = ("plan__id__exact", "note", "project__name", "project__id__exact")
    search_help_text = "The id of a plan, words of a note, or a project."

    @admin.display(description="note")
    def said(self, check: HitCheck) -> str:
        return brief(check.note)

    @admin.display(description="note")
    def full_note(self, check: HitCheck) -> str:
        return visible(check.note) or "–"
