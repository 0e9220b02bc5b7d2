"""Checked hits: which were found right and which wrong, and by whom."""

from __future__ import annotations

from django.contrib import admin

from orra.operators.pages import ProjectFilter, ReadOnlyAdmin
from planengine.models import HitCheck


@admin.register(HitCheck)
class HitCheckAdmin(ReadOnlyAdmin):
    list_display = ("plan", "verdict", "origin", "settled", "project", "created_at")
    fields = ("plan", "project", "verdict", "origin", "settled", "created_at")
    readonly_fields = ("created_at",)
    list_filter = ("verdict", "origin", "settled", "created_at", ProjectFilter)
    list_select_related = ("plan", "project")
    search_fields = ("plan__id__exact", "project__name", "project__id__exact")
    search_help_text = "The id of a plan, or a project."
