"""What models said about pairs of templates. Deleting a verdict has the question asked again."""

from __future__ import annotations

from django.contrib import admin

from cache.models import Verdict
from orra.operators.display import brief
from orra.operators.pages import FoundOutAdmin, ProjectFilter


@admin.register(Verdict)
class VerdictAdmin(FoundOutAdmin):
    list_display = ("asked", "cached", "answer", "model", "project", "created_at", "expires_at")
    list_filter = ("answer", "created_at", ProjectFilter)
    list_select_related = ("project",)
    search_fields = ("asked_template", "cached_template", "model", "project__name", "project__id__exact")
    search_help_text = "Words of either template, part of a model's name, or a project's name or id."

    @admin.display(description="asked")
    def asked(self, verdict: Verdict) -> str:
        return brief(verdict.asked_template)

    @admin.display(description="cached")
    def cached(self, verdict: Verdict) -> str:
        return brief(verdict.cached_template)
