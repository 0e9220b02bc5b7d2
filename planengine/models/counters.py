"""What is counted: the cache's decisions by the hour, and what model calls used by the day."""

from __future__ import annotations

from django.db import models

from planengine.models.tenants import Project


class Tally(models.Model):
    """What the cache did for a project in an hour: how many finished plans of a decision, reason and guard. It
    outlives the plans. See :mod:`planengine.accounting.tallies`."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="tallies", db_index=False)
    hour = models.DateTimeField()
    decision = models.CharField(max_length=10)
    reason = models.CharField(max_length=40)
    guard = models.CharField(max_length=40)
    requests = models.PositiveBigIntegerField()
    tokens_saved = models.PositiveBigIntegerField()
    cost_saved = models.DecimalField(
        max_digits=20, decimal_places=10, null=True, help_text="Empty when no plan's is known."
    )

    class Meta:
        verbose_name_plural = "tallies"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "hour", "decision", "reason", "guard"], name="tally_per_hour_and_kind"
            )
        ]
        indexes = [
            models.Index(fields=["-hour", "-id"], name="tally_by_hour"),
            models.Index(fields=["decision", "-hour", "-id"], name="tally_by_decision"),
        ]

    def __str__(self) -> str:
        return f"{self.project_id} {self.hour:%Y-%m-%d %H}h: {self.requests} × {self.decision}"


class Figure(models.Model):
    """How many finished plans of one kind there were in a slot of time: what the dashboard and alerts are made of,
    by project and, without one, of all. See :mod:`planengine.accounting.figures`."""

    class Kind(models.TextChoices):
        DECISION = "decision", "what the cache decided, with the reason of a miss"
        OUTCOME = "outcome", "how plans ended, with the code of a failure"
        DURATION = "duration", "from request to outcome, by source and bucket"
        ATTEMPTS = "attempts", "drafts asked for until one was valid"
        CALLS = "calls", "calls of a model made for plans"

    project = models.ForeignKey(
        Project, models.CASCADE, related_name="+", db_index=False, null=True, help_text="Empty: all together."
    )
    seconds = models.PositiveIntegerField(help_text="How long the slot is.")
    begun = models.DateTimeField(help_text="When the slot began.")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    name = models.CharField(max_length=120)
    number = models.PositiveBigIntegerField()
    tokens = models.PositiveBigIntegerField(default=0, help_text="Saved by decisions, used by calls.")
    cost = models.DecimalField(max_digits=20, decimal_places=10, null=True, help_text="Alike, as far as known.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "seconds", "begun", "kind", "name"],
                name="figure_per_slot_and_kind",
                nulls_distinct=False,
            )
        ]
        # What is deleted when its time is over.
        indexes = [models.Index(fields=["seconds", "begun"], name="figure_by_time")]

    def __str__(self) -> str:
        return f"{self.project_id or 'all'} {self.begun:%Y-%m-%d %H:%M}: {self.number} × {self.kind} {self.name}"


class TallyMark(models.Model):
    """One row: plans that finished before this moment are in the tallies, and no others."""

    counted_until = models.DateTimeField()
    figures_until = models.DateTimeField(null=True, help_text="The same for the figures, where that differs.")
    figures_since = models.DateTimeField(
        null=True,
        help_text="Plans that finished before this are in the tallies only. Empty: in the figures they are too.",
    )

    def __str__(self) -> str:
        return self.counted_until.isoformat()


class DailyUsage(models.Model):
    """What a project's model calls used in a day (UTC): the counter that its budget is held against, and where its
    totals come from. See :mod:`planengine.accounting.budgets`."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="usage", db_index=False)
    day = models.DateField()
    calls = models.PositiveIntegerField(default=0, help_text="Model calls that ended.")
    unknown_calls = models.PositiveIntegerField(default=0, help_text="Of these, those whose tokens nobody told.")
    unpriced_calls = models.PositiveIntegerField(default=0, help_text="Of these, those whose cost is not known.")
    prompt_tokens = models.PositiveBigIntegerField(default=0, help_text="As the model's server counted them.")
    completion_tokens = models.PositiveBigIntegerField(default=0)
    estimated_tokens = models.PositiveBigIntegerField(default=0, help_text="Of calls whose tokens are not known.")
    reserved_tokens = models.PositiveBigIntegerField(default=0, help_text="For calls that have not ended.")
    cost = models.DecimalField(max_digits=20, decimal_places=10, default=0, help_text="Of the calls with a price.")
    model_checks = models.PositiveIntegerField(default=0, help_text="Of the calls, questions of the model check.")
    model_check_tokens = models.PositiveBigIntegerField(default=0, help_text="Of these, estimated ones included.")
    model_check_cost = models.DecimalField(
        max_digits=20, decimal_places=10, null=True, blank=True, help_text="Empty when no price of one is known."
    )

    class Meta:
        ordering = ["-day"]
        verbose_name_plural = "daily usage"
        indexes = [models.Index(fields=["-day", "-id"], name="usage_by_day")]
        constraints = [models.UniqueConstraint(fields=["project", "day"], name="usage_per_day")]

    def __str__(self) -> str:
        return f"{self.project_id} on {self.day}"
