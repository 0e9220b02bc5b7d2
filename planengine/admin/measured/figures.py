"""What was counted: tokens and money by day, the cache's decisions by hour."""

from __future__ import annotations

from django.contrib import admin

from orra.operators.keyset import KeysetAdmin
from orra.operators.pages import ProjectFilter, ReadOnlyAdmin
from planengine.admin.parts.filters import DecisionFilter
from planengine.models import DailyUsage, Tally, TallyMark


@admin.register(DailyUsage)
class DailyUsageAdmin(KeysetAdmin, ReadOnlyAdmin):
    keyset = ("day", "id")
    ids_by_prefix = {"p_": "project_id"}
    list_display = (
        "day",
        "project",
        "calls",
        "prompt_tokens",
        "completion_tokens",
        "estimated_tokens",
        "reserved_tokens",
        "cost",
    )
    list_filter = ("day", ProjectFilter)
    list_select_related = ("project",)
    search_fields = ("project__name", "project__id__exact")
    search_help_text = "A project's name or id."


@admin.register(Tally)
class TallyAdmin(KeysetAdmin, ReadOnlyAdmin):
    keyset = ("hour", "id")
    ids_by_prefix = {"p_": "project_id"}
    list_display = ("hour", "project", "decision", "reason", "guard", "requests", "tokens_saved")
    list_filter = (DecisionFilter, "hour", ProjectFilter)
    list_select_related = ("project",)
    search_fields = ("reason", "guard", "project__name", "project__id__exact")
    search_help_text = "Part of a reason's or a guard's name, or a project's name or id."


@admin.register(TallyMark)
class TallyMarkAdmin(ReadOnlyAdmin):
    list_display = ("counted_until",)
