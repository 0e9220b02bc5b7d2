"""What models may be trusted with. Deleting a row has its model probed anew."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString

from orra.operators.pages import FoundOutAdmin, badge
from planengine.models import ModelTrust


@admin.register(ModelTrust)
class ModelTrustAdmin(FoundOutAdmin):
    list_display = ("planner", "state", "wrong", "asked", "checked_at")
    list_filter = ("verdict",)
    search_fields = ("planner",)
    search_help_text = "Part of a model's name."
    fields = ("planner", "state", "asked", "wrong", "fell_for", "checked_at")
    delete_label = "Have the selected models probed anew"

    @admin.display(description="verdict", ordering="verdict")
    def state(self, trust: ModelTrust) -> SafeString:
        tone = {"trusted": "good", "held": "warning"}.get(trust.verdict, "neutral")
        return badge(tone, trust.get_verdict_display())

    @admin.display(description="carried out although it must not be")
    def fell_for(self, trust: ModelTrust) -> str:
        told = (f"“{each.get('action')}”: {', '.join(each.get('chose', []))}" for each in trust.examples)
        return "; ".join(told) or "nothing"
