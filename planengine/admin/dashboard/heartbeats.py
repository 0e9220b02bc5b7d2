"""Processes and when they were last alive. Deleting a row forgets a process that is gone."""

from __future__ import annotations

from django.contrib import admin
from django.utils import timezone
from django.utils.safestring import SafeString

from orra.operators.pages import FoundOutAdmin, badge
from planengine.admin.dashboard.wording import ago
from planengine.lifecycle import heartbeats
from planengine.models import Heartbeat


@admin.register(Heartbeat)
class HeartbeatAdmin(FoundOutAdmin):
    list_display = ("name", "kind", "state", "seen_at", "began_at")
    list_filter = ("kind",)
    search_fields = ("name",)
    search_help_text = "Part of a host's name or a process id."
    fields = ("name", "kind", "state", "seen_at", "began_at")
    readonly_fields = ("state",)
    delete_label = "Forget the selected processes"

    @admin.display(description="state", ordering="seen_at")
    def state(self, heartbeat: Heartbeat) -> SafeString:
        now = timezone.now()
        if heartbeats.is_alive(heartbeat, now):
            return badge("good", f"alive {ago(heartbeat.seen_at, now)}")
        return badge("warning", f"last seen {ago(heartbeat.seen_at, now)}")
