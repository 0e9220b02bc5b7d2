"""Cache entries, in three tables by how they are touched.

:class:`Entry` is written once and read when it is served; :class:`EntryVector` is narrow, because the search by
meaning scans it; :class:`EntryUse` is updated on every hit, and having no other index keeps those updates cheap.

The database deletes an entry's vector and counter along with it (``ON DELETE CASCADE``, see the migrations), and
Django is told to leave that alone: deleting them first, as Django would, is the opposite order of the expiry's,
and the two would wait for each other.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone
from pgvector.django import HalfVectorField

from orra.base import ids


class EntryQuerySet(models.QuerySet["Entry"]):
    def plans(self) -> EntryQuerySet:
        return self.filter(kind=Entry.Kind.PLAN)

    def usable(self) -> EntryQuerySet:
        """Expiry is checked on read; deletion only frees space."""
        return self.filter(expires_at__gt=timezone.now(), quarantined_at=None)


class Entry(models.Model):
    """What a request's template led to: a validated plan made reusable, or only an example of what led to none."""

    class Kind(models.TextChoices):
        PLAN = "plan", "a validated plan, reusable"
        REFUSAL = "refusal", "a refusal, which votes against plans"
        COUNTER = "counter", "a plan that was found wrong for its template"

    id = models.CharField(primary_key=True, max_length=ids.LENGTH, default=ids.entry_id, editable=False)
    project = models.ForeignKey("planengine.Project", models.CASCADE, related_name="cache_entries")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.PLAN, db_default=Kind.PLAN)
    scope = models.CharField(
        max_length=64, help_text="Digest of what must be equal for an entry to be considered."
    )
    scope_facts = models.JSONField(help_text="What the scope is made of: embedding model, planner, grounding.")
    template_key = models.CharField(max_length=64, help_text="Digest of the normalised template and its fields.")
    action = models.TextField(help_text="The action it was planned for.")
    params = models.JSONField(help_text="The params it was planned for, as a list of {field, value}.")
    template = models.JSONField(help_text="The action's template: text, slots, fields.")
    words = models.TextField(
        default="", db_default="", help_text="The template's words and slots, each as examples are compared by it."
    )
    skeleton = models.CharField(
        max_length=64,
        default="",
        db_default="",
        help_text="Digest of the plan without its values: which services, and what flows between them.",
    )
    skeleton_services = ArrayField(
        models.TextField(), default=list, db_default=[], help_text="The services that the skeleton calls."
    )
    wirable = models.BooleanField(
        default=False, db_default=False, help_text="Whether names alone tell how to wire the skeleton's services."
    )
    contested = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Whether a nearly identical template led to something else: then examples vote on its template, "
        "too.",
    )
    plan = models.JSONField(null=True, help_text="The validated execution plan; a refusal has none.")
    recipe = models.JSONField(help_text="Where every value of task0 comes from.")
    identity = models.CharField(
        max_length=64,
        blank=True,
        help_text="Empty for a reusable entry. Where a value of the plan could not be traced, the digest of the "
        "only request that the entry serves.",
    )
    variant = models.CharField(
        max_length=64,
        blank=True,
        help_text="Tells apart the reusable entries of one template: empty, or the digest of literals that no "
        "task takes and that a request must therefore share.",
    )
    services = models.JSONField(help_text="The services it uses, by name, with their versions.")
    dependencies = models.CharField(
        max_length=64,
        blank=True,
        help_text="Digest of these services as they were: when it is another today, the entry is not served.",
    )
    replan_reason = models.TextField(
        blank=True, help_text="Why the next request of its kind is to be planned anew, and to replace it."
    )
    planned_by = models.CharField(max_length=10, help_text="model, repaired, composer or example")
    cost = models.JSONField(default=dict, help_text="What planning it cost: tokens and milliseconds.")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)
    pinned = models.BooleanField(default=False, help_text="Kept whatever its age and the project's cap.")
    confirmed_at = models.DateTimeField(
        null=True, blank=True, help_text="When somebody said that its plan is right for its template."
    )
    quarantined_at = models.DateTimeField(null=True, blank=True)
    quarantine_reason = models.TextField(blank=True)

    objects = EntryQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name_plural = "entries"
        indexes = [
            models.Index(fields=["project", "-created_at", "-id"], name="entry_by_project"),
            models.Index(fields=["-created_at", "-id"], name="entry_by_time"),
            models.Index(
                fields=["project", "template_key"], name="counter_by_template", condition=models.Q(kind="counter")
            ),
            # Counted for the statistics, and looked through when a service is new.
            models.Index(fields=["project", "kind"], name="entry_not_plan", condition=~models.Q(kind="plan")),
            models.Index(
                fields=["project"], name="entry_in_quarantine", condition=models.Q(quarantined_at__isnull=False)
            ),
            # What operators filter by and few entries are: most writes of an entry touch none of these.
            models.Index(fields=["-created_at", "-id"], name="entry_pinned", condition=models.Q(pinned=True)),
            models.Index(
                fields=["-created_at", "-id"], name="entry_contested", condition=models.Q(contested=True)
            ),
            models.Index(
                fields=["-created_at", "-id"], name="entry_for_one_request", condition=~models.Q(identity="")
            ),
            models.Index(
                fields=["kind", "-created_at", "-id"], name="entry_by_kind", condition=~models.Q(kind="plan")
            ),
            models.Index(
                fields=["planned_by", "-created_at", "-id"],
                name="entry_by_planner",
                condition=~models.Q(planned_by="model"),
            ),
            GinIndex(fields=["services"], name="entry_by_service"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "template_key", "identity", "variant"], name="entry_per_template"
            ),
        ]

    def __str__(self) -> str:
        return self.template_text[:80]

    @property
    def template_text(self) -> str:
        """The template as people read it; of a row that cannot be read, the action."""
        text = self.template.get("text") if isinstance(self.template, dict) else None
        return text if isinstance(text, str) else self.action

    @property
    def expired(self) -> bool:
        return self.expires_at <= timezone.now()

    @property
    def ends_at(self) -> datetime | None:
        """When it expires; ``None`` for a pinned one and for a counter-example, which do not."""
        return None if self.pinned or self.kind == self.Kind.COUNTER else self.expires_at

    @property
    def reusable(self) -> bool:
        return not self.identity


class EntryVector(models.Model):
    """A reusable entry's embedding, for the search by meaning. An entry in quarantine has none."""

    entry = models.OneToOneField(
        Entry, models.DO_NOTHING, primary_key=True, related_name="vector", db_constraint=False
    )
    scope = models.CharField(max_length=64, db_index=True)
    expires_at = models.DateTimeField()
    fields = models.CharField(
        max_length=64, default="", db_default="", help_text="Digest of the params' names and types."
    )
    embedding = HalfVectorField()


class Reembedding(models.Model):
    """The right to embed entries for a model, held by one run at a time for as long as it lives."""

    embedding_model = models.TextField(primary_key=True)
    token = models.PositiveIntegerField(help_text="Fencing token: how often a run was taken over.")
    lease_expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.embedding_model


class Verdict(models.Model):
    """What a model said when it was asked whether two templates ask for the same. It counts for as long as the
    entry lives that it was about."""

    class Answer(models.TextChoices):
        YES = "yes"
        NO = "no"
        UNCLEAR = "unclear"

    project = models.ForeignKey("planengine.Project", models.CASCADE, related_name="+")
    scope = models.CharField(max_length=64, help_text="As the entry's.")
    asked_key = models.CharField(max_length=64, help_text="Key of the template that was asked for.")
    cached_key = models.CharField(max_length=64, help_text="Key of the entry's template.")
    model = models.TextField(help_text="Which model was asked, and with which wording of the question.")
    answer = models.CharField(max_length=10, choices=Answer.choices)
    asked_template = models.TextField()
    cached_template = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "asked_key", "cached_key", "model"], name="verdict_per_question"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asked_template[:80]}: {self.answer}"


class ObservedWord(models.Model):
    """That an example of a scope which led to a skeleton has a word. See :mod:`cache.examples.observed`."""

    pk = models.CompositePrimaryKey("scope", "word", "skeleton")
    project = models.ForeignKey("planengine.Project", models.CASCADE, related_name="+")
    scope = models.CharField(max_length=64)
    word = models.CharField(max_length=60)
    skeleton = models.CharField(max_length=64)

    def __str__(self) -> str:
        return self.word


class ScopeVersion(models.Model):
    """That this transaction changed what decisions in the scope rest on. The database itself writes it, see the
    migrations; all that there are of a scope are its version. See :mod:`cache.examples.versions`."""

    pk = models.CompositePrimaryKey("scope", "transaction")
    scope = models.CharField(max_length=64)
    transaction = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.scope} {self.transaction}"


class EntryUse(models.Model):
    """How often and when last an entry served a request."""

    entry = models.OneToOneField(
        Entry, models.DO_NOTHING, primary_key=True, related_name="use", db_constraint=False
    )
    hits = models.PositiveBigIntegerField(default=0)
    last_used_at = models.DateTimeField(default=timezone.now)


class CacheJob(models.Model):
    """What an operator has done to all entries of a project that a filter finds, batch by batch in a worker. See
    :mod:`cache.care.jobs`."""

    class Kind(models.TextChoices):
        EVICT = "evict", "evict"
        QUARANTINE = "quarantine", "quarantine"

    class State(models.TextChoices):
        WAITING = "waiting", "waits for a worker"
        RUNNING = "running", "under way"
        DONE = "done", "done"
        CANCELLED = "cancelled", "cancelled"
        FAILED = "failed", "failed"

    project = models.ForeignKey("planengine.Project", models.CASCADE, related_name="cache_jobs")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    chosen = models.JSONField(default=dict, help_text="What entries have to be like, by the filter's name.")
    with_pinned = models.BooleanField(default=False, help_text="Whether pinned entries go, too.")
    reason = models.TextField(blank=True, help_text="Why, for what goes into quarantine.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    cancelled = models.BooleanField(default=False, help_text="Whether it is to end after the batch under way.")
    estimate = models.PositiveBigIntegerField(help_text="About how many entries it was for when it was begun.")
    rows = models.PositiveBigIntegerField(help_text="About how many entries there were to look through.")
    seen = models.PositiveBigIntegerField(default=0, help_text="How many it has looked through.")
    done = models.PositiveBigIntegerField(default=0, help_text="How many it has changed.")
    until = models.DateTimeField(default=timezone.now, help_text="Entries that are stored later stay.")
    cursor = models.JSONField(
        null=True, help_text="The last entry that was looked at: when it was stored, its id."
    )
    words = models.JSONField(default=list, help_text="Words to forget at the end: scope, skeleton, words.")
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0, help_text="How often in a row a batch failed.")
    error = models.TextField(blank=True)
    lease_token = models.PositiveIntegerField(default=0, help_text="Fencing token: how often it was taken up.")
    lease_expires_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = "job"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "kind"],
                name="one_open_job_of_a_kind",
                condition=models.Q(state__in=["waiting", "running"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} job {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state in (self.State.WAITING, self.State.RUNNING)
