"""What models may be trusted with. Deleting a row has its model probed anew."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from orra.operators.pages import OperatorAdmin, badge
from planengine.models import ModelTrust


@admin.register(ModelTrust)
class ModelTrustAdmin(OperatorAdmin):
    list_display = ("planner", "state", "wrong", "asked", "checked_at")
    list_filter = ("verdict",)
    search_fields = ("planner",)
    search_help_text = "Part of a model's name."
    fields = ("planner", "state", "asked", "wrong", "fell_for", "checked_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        if (action := actions.get("delete_selected")) is not None:
            actions["delete_selected"] = (*action[:2], "Have the selected models probed anew")
        return actions

    @admin.display(description="verdict", ordering="verdict")
    def state(self, trust: ModelTrust) -> SafeString:
        tone = {"trusted": "good", "held": "warning"}.get(trust.verdict, "neutral")
        return badge(tone, trust.get_verdict_display())

    @admin.display(description="carried out although it must not be")
    def fell_for(self, trust: ModelTrust) -> str:
        told = (f"“{each.get('action')}”: {', '.join(each.get('chose', []))}" for each in trust.examples)
        return "; ".join(told) or "nothing"
