"""What was seen of proposals of the votes: the observations that a project's risk is learned from."""

from __future__ import annotations

from django.contrib import admin

from cache.examples.acceptance import risk_of
from orra.operators.keyset import KeysetAdmin
from orra.operators.pages import ProjectFilter, ReadOnlyAdmin
from planengine.accounting.calibration import adjustment_of
from planengine.models import Label


@admin.register(Label)
class LabelAdmin(KeysetAdmin, ReadOnlyAdmin):
    """Not filtered by time: a project keeps so many of its latest, whatever their age."""

    ids_by_prefix = {"p_": "project_id"}
    list_display = ("id", "project", "origin", "wrong", "predicted", "created_at")
    fields = ("project", "origin", "wrong", "predicted", "odds", "created_at")
    readonly_fields = ("predicted", "created_at")
    list_filter = ("origin", "wrong", ProjectFilter)
    list_select_related = ("project",)
    search_fields = ("project__name", "project__id__exact")
    search_help_text = "A project's name or id."

    @admin.display(description="predicted risk")
    def predicted(self, label: Label) -> str:
        return f"{risk_of(label.odds, adjustment_of(label.project)):.2%}"
