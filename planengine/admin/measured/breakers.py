"""Models that are left alone because their servers failed. Deleting a row has its model asked again at once."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from orra.operators.pages import OperatorAdmin, badge
from planengine.models import Breaker


class LeftAloneFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "left alone"), ("closed", "asked")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        match self.value():
            case "open":
                return queryset.exclude(retry_at=None)
            case "closed":
                return queryset.filter(retry_at=None)
        return queryset


@admin.register(Breaker)
class BreakerAdmin(OperatorAdmin):
    list_display = ("endpoint", "state", "failures", "retry_at")
    list_filter = (LeftAloneFilter,)
    search_fields = ("endpoint",)
    search_help_text = "Part of a model's name."
    fields = ("endpoint", "state", "failures", "retry_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        if (action := actions.get("delete_selected")) is not None:
            actions["delete_selected"] = (*action[:2], "Have the selected models asked again")
        return actions

    @admin.display(description="state", ordering="retry_at")
    def state(self, breaker: Breaker) -> SafeString:
        if breaker.retry_at is None:
            return badge("neutral", "asked") if breaker.failures else badge("good", "answers")
        if breaker.retry_at > timezone.now():
            return badge("bad", "left alone")
        return badge("warning", "to be tried with the next plan")
