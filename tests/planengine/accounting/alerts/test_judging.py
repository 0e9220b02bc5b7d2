from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from planengine.accounting import alerts
from planengine.accounting.alerts.judging import LEAST_TIME
from planengine.models import AlertNotice, AlertRule, DailyUsage, HitCheck, Plan, Project
from tests.planengine.accounting.figures.test_figures import finish

pytestmark = pytest.mark.django_db(transaction=True)

FIRING, OK = AlertRule.State.FIRING, AlertRule.State.OK
WEBHOOK = "http://127.0.0.1:9/hook/secret-token"


def rule_of(project: Project, measure: str, threshold: float) -> AlertRule:
    return AlertRule.objects.create(project=project, measure=measure, threshold=threshold)


def judged(rule: AlertRule, now: datetime) -> tuple[str, float | None]:
    alerts.judge(now)
    rule.refresh_from_db()
    return rule.state, rule.value


def test_without_thresholds_nothing_is_judged(project: Project) -> None:
    finish(project, timezone.now(), code="plan_rejected")
    assert alerts.judge(timezone.now()) == 0
    assert not AlertRule.objects.exists()


def test_failures_above_their_threshold_fire_once_there_are_enough_requests(project: Project) -> None:
    now = timezone.now()
    rule = rule_of(project, "failures", 0.1)
    finish(project, now, code="model_unreachable")
    assert judged(rule, now) == (OK, None)  # one failure at night

    for _ in range(19):
        finish(project, now, code="model_unreachable")
    assert judged(rule, now) == (FIRING, 1.0)
    assert rule.since == rule.judged_at == now

    later = now + timedelta(minutes=10)
    assert judged(rule, later) == (FIRING, 1.0)
    assert rule.since == now
    # Silence is no recovery.
    assert judged(rule, now + timedelta(hours=3)) == (FIRING, None)


def test_what_could_not_be_planned_is_no_failure(project: Project) -> None:
    now = timezone.now()
    rule = rule_of(project, "failures", 0.0)
    for _ in range(20):
        finish(project, now, status="not_actionable", plan=None, source=None, error={"code": "not_actionable"})
    assert judged(rule, now) == (OK, 0.0)


def test_a_low_hit_rate_fires_and_is_over(project: Project) -> None:
    now = timezone.now()
    rule = rule_of(project, "hit_rate", 0.5)
    for _ in range(20):
        finish(project, now, decision="miss", decision_reason="nothing_cached", source="model")
    assert judged(rule, now) == (FIRING, 0.0)
    for _ in range(20):
        finish(project, now)
    assert judged(rule, now + timedelta(minutes=1)) == (FIRING, 0.5)  # it stays for a while
    assert judged(rule, now + LEAST_TIME) == (OK, 0.5)


def test_wrong_hits_above_their_threshold_fire(project: Project) -> None:
    now = timezone.now()
    rule = rule_of(project, "wrong_rate", 0.05)
    for number in range(20):
        HitCheck.objects.create(
            project=project,
            plan=finish(project, now),
            origin="sample",
            verdict="wrong" if number < 2 else "right",
        )
        if number == 18:
            assert judged(rule, now) == (OK, None)
    assert judged(rule, now) == (FIRING, 0.1)


def test_an_old_plan_in_the_queue_fires(project: Project, make_project: Any) -> None:
    now = timezone.now()
    rule, other = rule_of(project, "queue_age", 60), rule_of(make_project("other", services={}), "queue_age", 60)
    Plan.objects.create(project=project, action="Wait", created_at=now - timedelta(seconds=61))
    assert judged(rule, now) == (FIRING, 61.0)
    assert judged(other, now) == (OK, 0.0)


def test_a_budget_that_is_nearly_used_up_fires(project: Project) -> None:
    now = timezone.now()
    rule = rule_of(project, "budget", 0.8)
    DailyUsage.objects.create(project=project, day=now.date(), prompt_tokens=700, reserved_tokens=150)
    assert judged(rule, now) == (OK, None)  # no budget, no share
    Project.objects.filter(pk=project.pk).update(tokens_per_day=1000)
    assert judged(rule, now) == (FIRING, 0.85)


def test_a_change_is_logged_and_told_without_the_address(
    project: Project, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.ALERT_WEBHOOK_URL = WEBHOOK
    now = timezone.now()
    rule = rule_of(project, "queue_age", 60)
    Plan.objects.create(project=project, action="Wait", created_at=now - timedelta(seconds=61))
    with caplog.at_level(logging.INFO):
        judged(rule, now)
        judged(rule, now)

    assert caplog.text.count("alert fires") == 1
    assert "secret-token" not in caplog.text
    (notice,) = AlertNotice.objects.all()
    assert notice.body == {
        "event": "alert.firing",
        "project": {"id": project.pk, "name": "tests"},
        "measure": "queue_age",
        "threshold": 60.0,
        "value": 61.0,
        "since": now.isoformat(),
        "text": "orra: tests: oldest waiting plan above 60 s: it is 61 s.",
    }


def test_two_ticks_at_once_change_a_state_once(project: Project, settings: Any) -> None:
    settings.ALERT_WEBHOOK_URL = WEBHOOK
    now = timezone.now()
    rule_of(project, "queue_age", 60)
    Plan.objects.create(project=project, action="Wait", created_at=now - timedelta(seconds=61))
    together = Barrier(4)

    def tick(_: int) -> int:
        together.wait()
        try:
            return alerts.judge(now)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(tick, range(4))) == 1
    assert AlertNotice.objects.count() == 1


@pytest.mark.parametrize(
    ("measure", "threshold"),
    [("hit_rate", 1.5), ("failures", -0.1), ("budget", float("nan")), ("queue_age", float("inf"))],
)
def test_thresholds_that_mean_nothing_are_refused(project: Project, measure: str, threshold: float) -> None:
    with pytest.raises(ValidationError, match="Give a number|give a number"):
        AlertRule(project=project, measure=measure, threshold=threshold).full_clean()
