"""A request with its outcome, and the planner calls that were made for it. Whoever writes a Plan's status is in
:mod:`planengine.lifecycle.plans`, nobody else."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.fields.json import KT

from orra.base import ids
from planengine.models.states import FINISHED, UNFINISHED, PlanSource, PlanStatus
from planengine.models.tenants import Project


class PlanQuerySet(models.QuerySet["Plan"]):
    def finished(self) -> PlanQuerySet:
        return self.filter(status__in=FINISHED)

    def unfinished(self) -> PlanQuerySet:
        return self.filter(status__in=UNFINISHED)


class Plan(models.Model):
    """One request and its outcome."""

    class CacheMode(models.TextChoices):
        USE = "use", "use the cache"
        BYPASS = "bypass", "neither read nor write it"
        REFRESH = "refresh", "plan anew and store"
        ONLY = "only", "answer from the cache or not at all"

    id = models.CharField(primary_key=True, max_length=ids.LENGTH, default=ids.plan_id, editable=False)
    # plan_by_project serves for the foreign key too: an index less to write on every request.
    project = models.ForeignKey(Project, models.CASCADE, related_name="plans", db_index=False)
    status = models.CharField(max_length=20, choices=PlanStatus.choices, default=PlanStatus.PENDING)
    action = models.TextField()
    params = models.JSONField(default=list, help_text="A list of {field, value}, in the order they were sent.")
    cache_mode = models.CharField(max_length=10, choices=CacheMode.choices, default=CacheMode.USE)

    plan = models.JSONField(null=True, help_text="The validated execution plan.")
    source = models.CharField(max_length=10, choices=PlanSource.choices, null=True)
    repaired = models.BooleanField(default=False, help_text="The model chose the services, the engine wired them.")
    cache = models.JSONField(default=dict, help_text="How the cache decided, and why.")
    cache_entry_id = models.CharField(max_length=ids.LENGTH, null=True, help_text="The entry that served it.")
    stored_entry_id = models.CharField(
        max_length=ids.LENGTH, null=True, help_text="The entry that what was planned for it was kept as."
    )
    again_of = models.CharField(
        max_length=ids.LENGTH, null=True, help_text="The plan whose request an operator had planned again as this."
    )
    # The same as columns, to be counted.
    decision = models.CharField(max_length=10, blank=True, help_text="exact, semantic, miss, or the cache mode.")
    decision_reason = models.CharField(max_length=40, blank=True)
    guard = models.CharField(
        max_length=40,
        blank=True,
        help_text="What refused the best candidate, which similarity alone would have served.",
    )
    tokens_saved = models.PositiveIntegerField(
        null=True, help_text="What planning the entry had cost. Empty when nothing was saved, or nobody knows."
    )
    cost_saved = models.DecimalField(
        max_digits=20,
        decimal_places=10,
        null=True,
        help_text="The same in money, by the prices of when the entry was planned.",
    )
    grounding = models.JSONField(null=True)
    error = models.JSONField(null=True)
    prompt_tokens = models.PositiveIntegerField(null=True, help_text="Empty when the server did not say.")
    completion_tokens = models.PositiveIntegerField(null=True)
    timings_ms = models.JSONField(default=dict)

    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    lease_token = models.PositiveIntegerField(
        default=0, help_text="Fencing token: how often a worker has taken this plan up."
    )
    lease_expires_at = models.DateTimeField(null=True)
    enqueued_at = models.DateTimeField(null=True, help_text="When a worker was last told of it.")

    idempotency_key = models.CharField(max_length=255, null=True)
    request_digest = models.CharField(max_length=64, null=True)

    objects = PlanQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        permissions = [("view_contents", "Can see params, prompts and answers in full")]
        indexes = [
            models.Index(fields=["project", "-created_at", "-id"], name="plan_by_project"),
            models.Index(fields=["-created_at", "-id"], name="plan_by_time"),
            models.Index(fields=["created_at"], name="plan_unfinished", condition=Q(status__in=UNFINISHED)),
            # For whose turn it is: the projects with plans that wait, and the oldest of each.
            models.Index(
                fields=["status", "project", "created_at", "id"],
                name="plan_by_turn",
                condition=Q(status__in=UNFINISHED),
            ),
            # Grows at one end only, which makes it cheap to write.
            models.Index(fields=["finished_at"], name="plan_by_end", condition=Q(finished_at__isnull=False)),
            models.Index(
                fields=["cache_entry_id", "-created_at"],
                name="plan_by_entry",
                condition=Q(cache_entry_id__isnull=False),
            ),
            # For lists, as what follows. Exact hits, the most and the quickest, are in none of these.
            models.Index(
                fields=["cache_mode", "-created_at", "-id"], name="plan_by_mode", condition=~Q(cache_mode="use")
            ),
            models.Index(
                fields=["stored_entry_id"], name="plan_by_stored", condition=Q(stored_entry_id__isnull=False)
            ),
            models.Index(
                fields=["again_of", "-created_at"], name="plan_again_of", condition=Q(again_of__isnull=False)
            ),
            models.Index(
                fields=["status", "-created_at", "-id"],
                name="plan_by_status",
                condition=~Q(status=PlanStatus.READY),
            ),
            models.Index(
                fields=["source", "-created_at", "-id"],
                name="plan_by_source",
                condition=~Q(source=PlanSource.EXACT),
            ),
            models.Index(
                fields=["decision", "-created_at", "-id"],
                name="plan_by_decision",
                condition=~Q(decision=PlanSource.EXACT),
            ),
            models.Index(
                KT("error__code"),
                F("created_at").desc(),
                F("id").desc(),
                name="plan_by_error",
                condition=Q(error__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "idempotency_key"],
                name="plan_idempotency_key",
                condition=Q(idempotency_key__isnull=False),
            ),
            models.CheckConstraint(
                name="plan_finished_when_finished",
                condition=Q(status__in=FINISHED, finished_at__isnull=False)
                | Q(status__in=UNFINISHED, finished_at__isnull=True),
            ),
            models.CheckConstraint(
                name="plan_present_when_ready",
                condition=Q(status=PlanStatus.READY, plan__isnull=False)
                | (~Q(status=PlanStatus.READY) & Q(plan__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return self.id

    @property
    def is_finished(self) -> bool:
        return self.status in FINISHED

    @property
    def params_by_field(self) -> dict[str, object]:
        return {param["field"]: param["value"] for param in self.params}


class Attempt(models.Model):
    """One planner call made for a Plan. It is there from the call's beginning: a call whose worker was lost is one
    that never ends."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="attempts")
    number = models.PositiveIntegerField(help_text="1 is the first.")
    planner = models.CharField(max_length=200)
    model = models.CharField(max_length=200, blank=True, help_text="The model's name as the server gave it.")
    prompt = models.TextField(blank=True)
    answer = models.TextField(
        blank=True,
        help_text="The planner's raw answer. Where events tell contents, the latest of it until it is finished.",
    )
    reasoning = models.TextField(
        blank=True, help_text="What the model thought, alike. Kept where events tell contents."
    )
    reasons = models.TextField(
        blank=True,
        default="",
        db_default="",
        help_text="Why a planner that asks no model chose what it chose.",
    )
    problems = models.JSONField(default=list)
    warnings = models.JSONField(default=list, help_text="What an operator should see to, good plan or not.")
    error_code = models.CharField(max_length=100, blank=True)
    way = models.CharField(
        max_length=10,
        blank=True,
        default="",
        db_default="",
        help_text="How a model was asked: for services (select) or for a whole plan (full).",
    )
    services_shown = models.PositiveIntegerField(
        null=True, help_text="How many services the prompt held. Empty for a planner that sees them all."
    )
    prompt_tokens = models.PositiveIntegerField(null=True)
    completion_tokens = models.PositiveIntegerField(null=True)
    cost = models.DecimalField(
        max_digits=20,
        decimal_places=10,
        null=True,
        help_text="By LLM_PRICES. Empty when price or tokens are unknown.",
    )
    reasoning_chars = models.PositiveIntegerField(default=0, help_text="Of a stream, when last noted.")
    answer_chars = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(null=True, help_text="Empty until the call has ended.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["plan", "number", "id"]
        indexes = [
            models.Index(fields=["created_at"], name="attempt_by_time"),
            # What operators look for among attempts.
            models.Index(fields=["-id"], name="attempt_open", condition=Q(seconds=None)),
            models.Index(fields=["-id"], name="attempt_without_draft", condition=~Q(error_code="")),
            models.Index(
                fields=["-id"], name="attempt_with_problems", condition=Q(error_code="") & ~Q(problems=[])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id} #{self.number}"
