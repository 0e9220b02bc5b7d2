"""Rules judged by the same figures that the dashboard shows.

A measure of which too little was seen has no value, and a rule without a value stays as it is: one failure at
night is no alert, and silence is no recovery. A state stays for five minutes at least, so that a value at the
threshold does not tell of itself every minute.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

import structlog
from django.conf import settings
from django.db import transaction

from orra.base.strictjson import Json
from planengine.accounting import budgets, wrong_hits
from planengine.accounting.backlog import backlog
from planengine.accounting.figures.reading import HOUR, Part, figures
from planengine.models import AlertNotice, AlertRule, Project

log = structlog.get_logger(__name__)

LEAST_REQUESTS = 20
LEAST_CHECKS = 20
LEAST_TIME = timedelta(minutes=5)
SPACE = "\u00a0"  # a number and its unit stay on one line

Measure = AlertRule.Measure
State = AlertRule.State


@dataclass
class Seen:
    """What a project's rules are judged by, each asked of the database once and only if a rule wants it."""

    project: Project
    now: datetime
    _hour: Part | None = None

    @property
    def hour(self) -> Part:
        if self._hour is None:
            self._hour = figures(HOUR, self.now, project_id=self.project.pk).whole
        return self._hour

    def value(self, measure: str) -> float | None:
        return MEASURES[measure](self)

    def hit_rate(self) -> float | None:
        return self.hour.hit_rate if self.hour.lookups >= LEAST_REQUESTS else None

    def failures(self) -> float | None:
        return self.hour.failure_share if self.hour.finished >= LEAST_REQUESTS else None

    def wrong_rate(self) -> float | None:
        """Of the hits checked since hits by meaning were last reopened, as what closes them is judged."""
        observed = wrong_hits.observed(self.project)
        return observed.rate if observed.checked >= LEAST_CHECKS else None

    def queue_age(self) -> float:
        return backlog(self.project.pk).age(self.now)

    def budget(self) -> float | None:
        """Reserved tokens count as used. A budget of none is always used up; no budget has no share."""
        most = self.project.tokens_per_day
        if most is None:
            return None
        used = budgets.used_on(self.project, self.now.astimezone(UTC).date())
        return min(1.0, used / most) if most else 1.0


MEASURES: dict[str, Callable[[Seen], float | None]] = {
    Measure.HIT_RATE: Seen.hit_rate,
    Measure.WRONG_RATE: Seen.wrong_rate,
    Measure.FAILURES: Seen.failures,
    Measure.QUEUE_AGE: Seen.queue_age,
    Measure.BUDGET: Seen.budget,
}


def judge(now: datetime) -> int:
    """Judges every rule; how many changed their state. Two at once change each of them once."""
    rules = AlertRule.objects.select_related("project").order_by("project_id", "pk")
    changed = 0
    for _, of_project in groupby(rules, key=lambda rule: rule.project_id):
        seen = None
        for rule in of_project:
            seen = seen or Seen(rule.project, now)
            changed += _judge(rule, seen.value(rule.measure), now)
    return changed


def is_crossed(rule: AlertRule, value: float) -> bool:
    return value < rule.threshold if rule.measure == Measure.HIT_RATE else value > rule.threshold


def _judge(rule: AlertRule, value: float | None, now: datetime) -> bool:
    """Whether the state changed, by us. What is told is written in the same transaction."""
    with transaction.atomic():
        held = AlertRule.objects.select_for_update(skip_locked=True, of=("self",)).select_related("project")
        row = held.filter(pk=rule.pk).first()
        if row is None:  # another tick is at it, or it is gone
            return False
        state = row.state if value is None else State.FIRING if is_crossed(row, value) else State.OK
        changed = state != row.state and (row.since is None or now - row.since >= LEAST_TIME)
        row.value, row.judged_at = value, now
        if changed:
            row.state, row.since = state, now
            if settings.ALERT_WEBHOOK_URL:
                AlertNotice.objects.create(rule=row, body=body_of(row), created_at=now, next_try_at=now)
        # The threshold is an operator's, who may be changing it just now.
        row.save(update_fields=["state", "since", "value", "judged_at"])
    if changed:
        told = log.error if state == State.FIRING else log.warning
        told(
            "alert fires" if state == State.FIRING else "alert is over",
            project=row.project_id,
            measure=row.measure,
            threshold=row.threshold,
            value=value,
        )
    return changed


def body_of(rule: AlertRule) -> Json:
    """What the webhook is sent, without the notice's id, which is added when it is."""
    assert rule.since is not None and rule.value is not None, "it has just changed"
    return {
        "event": f"alert.{rule.state}",
        "project": {"id": rule.project_id, "name": rule.project.name},
        "measure": rule.measure,
        "threshold": rule.threshold,
        "value": rule.value,
        "since": rule.since.isoformat(),
        "text": told_of(rule).replace(SPACE, " "),
    }


def told_of(rule: AlertRule) -> str:
    """One sentence."""
    if rule.state != State.FIRING:
        return f"orra: {rule.project.name}: over: {rule.get_measure_display()} {written(rule, rule.threshold)}."
    return (
        f"orra: {rule.project.name}: {rule.get_measure_display()} {written(rule, rule.threshold)}: "
        f"it is {written(rule, rule.value)}."
    )


def written(rule: AlertRule, value: float | None) -> str:
    """A value in the unit of the rule's measure."""
    if value is None:
        return "not known: too little was seen"
    return f"{value:,.0f}{SPACE}s" if rule.is_seconds else f"{100 * value:.3g}{SPACE}%"
