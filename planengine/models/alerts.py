"""Thresholds that a project's figures are held against, and what is to be told when one is crossed."""

from __future__ import annotations

import math

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from planengine.models.tenants import Project


class AlertRule(models.Model):
    """One threshold of a project and whether it is crossed. See :mod:`planengine.accounting.alerts`."""

    class Measure(models.TextChoices):
        HIT_RATE = "hit_rate", "hit rate below"
        WRONG_RATE = "wrong_rate", "wrong hits above"
        FAILURES = "failures", "failed plans above"
        QUEUE_AGE = "queue_age", "oldest waiting plan above"
        BUDGET = "budget", "today's budget used above"

    class State(models.TextChoices):
        OK = "ok"
        FIRING = "firing"

    project = models.ForeignKey(Project, models.CASCADE, related_name="alert_rules", db_index=False)
    measure = models.CharField(max_length=10, choices=Measure.choices)
    threshold = models.FloatField(
        help_text="A share from 0 to 1 (0.05 for 5 %), or seconds where it is the age of a plan."
    )
    state = models.CharField(max_length=6, choices=State.choices, default=State.OK, editable=False)
    since = models.DateTimeField(null=True, editable=False, help_text="When the state last changed.")
    value = models.FloatField(null=True, editable=False, help_text="As judged last. Empty: too little to judge.")
    judged_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["project", "measure"]
        constraints = [models.UniqueConstraint(fields=["project", "measure"], name="alert_per_measure")]

    def __str__(self) -> str:
        return f"{self.get_measure_display()} {self.threshold:g}"

    @property
    def is_seconds(self) -> bool:
        return self.measure == self.Measure.QUEUE_AGE

    def clean(self) -> None:
        if self.threshold is None:
            return  # the field says so itself
        if not math.isfinite(self.threshold) or self.threshold < 0:
            raise ValidationError({"threshold": "Give a number that is not negative."})
        if not self.is_seconds and self.threshold > 1:
            raise ValidationError(
                {"threshold": "This is a share: give a number from 0 to 1, such as 0.05 for 5 %."}
            )


class AlertNotice(models.Model):
    """A change of a rule's state that the webhook is to be told of, once."""

    rule = models.ForeignKey(AlertRule, models.CASCADE, related_name="notices")
    body = models.JSONField(help_text="What is sent, as it was when the state changed.")
    created_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, help_text="Empty: it was delivered or given up.")
    delivered_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=200, blank=True, help_text="Never the address, which may be secret.")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["next_try_at"], name="notice_due", condition=Q(next_try_at__isnull=False))]

    def __str__(self) -> str:
        return f"{self.rule_id} at {self.created_at:%Y-%m-%d %H:%M:%S}"
