"""Rules of alerts: operators set thresholds, the engine says whether they are crossed."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from orra.operators.display import brief
from orra.operators.pages import OperatorAdmin, ProjectFilter, badge
from planengine.accounting.alerts.judging import LEAST_CHECKS, LEAST_REQUESTS, written
from planengine.admin.dashboard.scope import Scope
from planengine.models import AlertRule, Project

MOST_ROWS = 20
MOST_NOTICES = 5


@admin.register(AlertRule)
class AlertRuleAdmin(OperatorAdmin):
    list_display = ("rule", "project", "status", "now", "since", "judged_at")
    list_filter = ("state", "measure", ProjectFilter)
    list_select_related = ("project",)
    search_fields = ("project__name", "project__id__exact")
    search_help_text = "A project's name or id."
    raw_id_fields = ("project",)
    fields = ("project", "measure", "threshold", "status", "now", "since", "judged_at", "told")
    readonly_fields = ("status", "now", "since", "judged_at", "told")

    @admin.display(description="fires when", ordering="measure")
    def rule(self, rule: AlertRule) -> str:
        return f"{rule.get_measure_display()} {written(rule, rule.threshold)}"

    @admin.display(description="state", ordering="state")
    def status(self, rule: AlertRule) -> SafeString:
        return _badge(rule)

    @admin.display(description="value when judged last")
    def now(self, rule: AlertRule) -> str:
        if rule.judged_at is None:
            return "not judged yet: that is done every minute"
        if rule.value is None:
            return (
                f"too little was seen: fewer than {LEAST_REQUESTS} requests in an hour, fewer than {LEAST_CHECKS} "
                "checked hits, or no budget. The state stays as it is."
            )
        return written(rule, rule.value)

    @admin.display(description="webhook")
    def told(self, rule: AlertRule) -> str:
        """What it was told of late. Never where it is."""
        if rule.pk is None or not settings.ALERT_WEBHOOK_URL:
            return _webhook()
        notices = rule.notices.all()[:MOST_NOTICES]
        said = format_html_join(
            "",
            "<li>{} {}: {}</li>",
            ((f"{n.created_at:%Y-%m-%d %H:%M}", n.body["event"], _fate(n)) for n in notices),
        )
        return format_html("{}<ul>{}</ul>", _webhook(), said) if said else _webhook()

    def get_readonly_fields(self, request: HttpRequest, obj: AlertRule | None = None) -> tuple[str, ...]:
        """What a rule is of stays: its state is of that."""
        return self.readonly_fields if obj is None else ("project", "measure", *self.readonly_fields)

    def save_model(self, request: HttpRequest, obj: AlertRule, form: Any, change: bool) -> None:
        # The state is the tick's, which may have changed it since the page was opened.
        obj.save(update_fields=form.changed_data if change else None)


def rows_of(scope: Scope) -> dict[str, Any]:
    """The rules of the scope, those that fire first; nothing for who may not see them."""
    if not scope.may_view(AlertRule):
        return {}
    rules = AlertRule.objects.select_related("project")
    if scope.project:
        rules = rules.filter(project=scope.project)
    firing_first = list(rules.order_by("-state", "-since", "pk")[: MOST_ROWS + 1])
    firing_first.sort(key=lambda rule: rule.state != AlertRule.State.FIRING)
    return {
        "rows": [_row(rule) for rule in firing_first[:MOST_ROWS]],
        "more": len(firing_first) > MOST_ROWS,
        "list": scope.link(AlertRule),
        "add": _add(scope.request, scope.project),
        "webhook": _webhook(),
    }


def of_project(request: HttpRequest, project: Project) -> dict[str, Any]:
    """For the project's own page."""
    if not request.user.has_perm("planengine.view_alertrule"):
        return {}
    rules = project.alert_rules.select_related("project")
    return {"rows": [_row(rule) for rule in rules], "add": _add(request, project), "webhook": _webhook()}


def _row(rule: AlertRule) -> dict[str, Any]:
    return {
        "link": reverse("admin:planengine_alertrule_change", args=[rule.pk]),
        "name": f"{rule.get_measure_display()} {written(rule, rule.threshold)}",
        "project": brief(rule.project.name, 60),
        "state": _badge(rule),
        "since": rule.since,
        "value": written(rule, rule.value) if rule.judged_at else "not judged yet",
    }


def _badge(rule: AlertRule) -> SafeString:
    if rule.state == AlertRule.State.FIRING:
        return badge("bad", "fires")
    return badge("good", "ok") if rule.judged_at else badge("neutral", "not judged yet")


def _add(request: HttpRequest, project: Project | None) -> str:
    if not request.user.has_perm("planengine.add_alertrule"):
        return ""
    return reverse("admin:planengine_alertrule_add", query={"project": project.pk} if project else {})


def _webhook() -> str:
    if settings.ALERT_WEBHOOK_URL:
        return "A webhook is set (ALERT_WEBHOOK_URL): it is told once of each change."
    return "No webhook is set (ALERT_WEBHOOK_URL): changes are shown here and logged."


def _fate(notice: Any) -> str:
    if notice.delivered_at:
        return f"told at {notice.delivered_at:%H:%M:%S}"
    if notice.next_try_at:
        said = notice.last_error or "not yet sent"
        return f"tried {notice.tries} times, {said}; next at {notice.next_try_at:%H:%M}"
    return f"not told: {notice.last_error}"
