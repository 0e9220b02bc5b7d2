"""Models that are left alone because their servers failed. Deleting a row has its model asked again at once."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from orra.operators.pages import FoundOutAdmin, badge
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
class BreakerAdmin(FoundOutAdmin):
    list_display = ("endpoint", "state", "failures", "retry_at")
    list_filter = (LeftAloneFilter,)
    search_fields = ("endpoint",)
    search_help_text = "Part of a model's name."
    fields = ("endpoint", "state", "failures", "retry_at")
    delete_label = "Have the selected models asked again"

    @admin.display(description="state", ordering="retry_at")
    def state(self, breaker: Breaker) -> SafeString:
        if breaker.retry_at is None:
            return badge("neutral", "asked") if breaker.failures else badge("good", "answers")
        if breaker.retry_at > timezone.now():
            return badge("bad", "left alone")
        return badge("warning", "to be tried with the next plan")
